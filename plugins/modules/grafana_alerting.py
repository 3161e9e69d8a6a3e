#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_alerting
short_description: Manage alert rules, contact points and their route in Grafana
version_added: 0.1.0
description:
  - Writes a group of alert rules, the contact points they are sent to, and one route in the notification policy tree.
    All of it is one task, because Grafana accepts the parts in one order only.
  - What is unchanged costs four requests in all, however many rules there are.
  - Only what carries the mark of O(owner) is changed or removed. Rules have the label C(managed_by), contact points a
    uid that begins with a digest of the owner. The route stands first in the tree and matches nothing but C(managed_by),
    so the alerts and routes of others stay as they are.
  - Everything is read and judged before anything is written.
  - Needs Grafana 9.4 or newer with unified alerting.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - community.grafana.basic_auth
  - community.grafana.api_key
  - runtime_security.kubernetes.grafana
options:
  folder_uid:
    description:
      - The identity of the folder of the rules. It must exist when rules are written.
    type: str
    required: true
  group:
    description:
      - The name of the rules' evaluation group. Rules that others have in it stay.
    type: str
    default: runtime-security
  interval_seconds:
    description:
      - How often the group is evaluated, in seconds; a multiple of 10.
    type: int
    default: 60
  rules:
    description:
      - The alert rules.
    type: list
    elements: dict
    default: []
    suboptions:
      uid:
        description:
          - The identity of the rule, at most 40 letters, digits, C(-) and C(_).
        type: str
        required: true
      title:
        description:
          - The name of the rule; the alert's label C(alertname) has it.
        type: str
        required: true
      queries:
        description:
          - Instant queries. Each series of an answer becomes an alert of its own.
        type: list
        elements: dict
        required: true
        suboptions:
          ref:
            description:
              - The name of the query in O(rules[].condition), for example V(A).
            type: str
            required: true
          data_source:
            description:
              - The uid of the data source.
            type: str
            required: true
          type:
            description:
              - The kind of the data source.
            type: str
            choices: [prometheus, loki]
            required: true
          expr:
            description:
              - The query, in PromQL or LogQL.
            type: str
            required: true
      condition:
        description:
          - A math expression of Grafana over the queries. The alert fires for each series where it is not 0.
        type: str
        default: $A > 0
      for_seconds:
        description:
          - How long the condition must hold before the alert fires, in seconds.
        type: int
        default: 0
      labels:
        description:
          - Labels of the alert, for routes and notifications.
        type: dict
      annotations:
        description:
          - Texts of the alert, such as C(summary) and C(description). Grafana's templates work in them.
        type: dict
      no_data:
        description:
          - What a query without an answer means.
        type: str
        choices: [ok, alerting, no_data]
        default: ok
      error:
        description:
          - What a query that failed means.
        type: str
        choices: [ok, alerting, error]
        default: error
      paused:
        description:
          - Whether the rule is not evaluated.
        type: bool
        default: false
  contact_points:
    description:
      - The contact points, each with one receiver.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name of the contact point.
        type: str
        required: true
      type:
        description:
          - Grafana's name of the kind, for example V(webhook), V(slack), V(pagerduty) or V(email).
        type: str
        required: true
      settings:
        description:
          - Settings that may be seen, by Grafana's names. Their values may show in diffs.
        type: dict
      secure_settings:
        description:
          - Settings that nobody may see, such as a Slack address, an integration key or a password. They are sent when they
            differ from a salted fingerprint that is kept beside the other settings, and are never shown.
        type: dict
      send_resolved:
        description:
          - Whether the end of an alert is told too.
        type: bool
        default: true
  policy:
    description:
      - The route of the rules' alerts. Without it Grafana's own tree decides.
    type: dict
    suboptions:
      contact_point:
        description:
          - The contact point that gets what no route below takes.
        type: str
        required: true
      group_by:
        description:
          - Labels. Alerts that have the same values of them come in one notification.
        type: list
        elements: str
        default: []
      group_wait_seconds:
        description:
          - How long a new group waits for more alerts before its first notification, in seconds.
        type: int
      group_interval_seconds:
        description:
          - How long a group waits before it tells of a change, in seconds.
        type: int
      repeat_interval_seconds:
        description:
          - How long until an alert that still fires is told again, in seconds.
        type: int
      routes:
        description:
          - Routes for some of the alerts; the first that matches decides.
        type: list
        elements: dict
        default: []
        suboptions:
          matchers:
            description:
              - Conditions on labels, such as V(severity=critical) or V(alertname=~"Events.*"), which must all hold.
            type: list
            elements: str
            required: true
          contact_point:
            description:
              - The contact point.
            type: str
            required: true
          continue:
            description:
              - Whether the routes after this one are tried too.
            type: bool
            default: false
          group_by:
            description:
              - As in O(policy.group_by); an empty list takes that one over.
            type: list
            elements: str
            default: []
          group_wait_seconds:
            description:
              - As in O(policy.group_wait_seconds).
            type: int
          group_interval_seconds:
            description:
              - As in O(policy.group_interval_seconds).
            type: int
          repeat_interval_seconds:
            description:
              - As in O(policy.repeat_interval_seconds).
            type: int
  owner:
    description:
      - The mark of what is ours.
    type: str
    default: runtime_security.kubernetes
  restore_edits:
    description:
      - Whether to write a rule again that somebody changed in Grafana. RV(rules.edited) names it either way.
    type: bool
    default: true
  purge:
    description:
      - Whether to remove rules, contact points and the route that were written with the same O(owner) and are no longer
        declared.
    type: bool
    default: false
  state:
    description:
      - V(absent) removes everything of this O(owner).
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Returns what changes, before and after; secrets are masked.
"""

EXAMPLES = r"""
- name: Tell the team when a node's disk fills up
  runtime_security.kubernetes.grafana_alerting:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    folder_uid: runtime-security
    group: nodes
    rules:
      - uid: disk-full
        title: Disk is filling up
        queries:
          - ref: A
            data_source: prometheus
            type: prometheus
            expr: min by (instance) (node_filesystem_avail_bytes / node_filesystem_size_bytes)
        condition: $A < 0.1
        for_seconds: 300
        labels:
          severity: warning
        annotations:
          summary: Less than a tenth of a disk is free
    contact_points:
      - name: team chat
        type: slack
        settings:
          recipient: "#operations"
        secure_settings:
          url: "{{ vault_slack_url }}"
      - name: on call
        type: pagerduty
        secure_settings:
          integrationKey: "{{ vault_pagerduty_key }}"
    policy:
      contact_point: team chat
      group_by: [alertname]
      routes:
        - matchers: [severity=critical]
          contact_point: on call
          repeat_interval_seconds: 3600
    purge: true

- name: Remove all of it
  runtime_security.kubernetes.grafana_alerting:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    folder_uid: runtime-security
    state: absent
"""

RETURN = r"""
rules:
  description: The uids of the alert rules, by what happened to them.
  returned: success
  type: dict
  contains:
    created:
      description: Rules that were missing.
      type: list
      elements: str
      sample: [events-lost]
    updated:
      description: Rules that were different.
      type: list
      elements: str
      sample: []
    unchanged:
      description: Rules that were as declared, and edited ones that O(restore_edits) leaves alone.
      type: list
      elements: str
      sample: [sensor-down]
    removed:
      description: Rules that are no longer declared.
      type: list
      elements: str
      sample: []
    edited:
      description: Rules that somebody changed in Grafana since they were written.
      type: list
      elements: str
      sample: []
contact_points:
  description: The names of the contact points, by what happened to them.
  returned: success
  type: dict
  contains:
    created:
      description: Contact points that were missing.
      type: list
      elements: str
      sample: [team chat]
    updated:
      description: Contact points that were different, or got another secret.
      type: list
      elements: str
      sample: []
    unchanged:
      description: Contact points that were as declared.
      type: list
      elements: str
      sample: []
    removed:
      description: Contact points that are no longer declared.
      type: list
      elements: str
      sample: []
policy:
  description: What happened to the route.
  returned: success
  type: str
  choices: [created, updated, unchanged, removed, absent]
  sample: unchanged
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_alerting
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_alerting)


if __name__ == "__main__":
    main()
