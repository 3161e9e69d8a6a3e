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
  - An unchanged state costs four requests, however many rules there are.
  - Only objects with the mark of O(owner) are changed or removed. Rules have the label C(managed_by), contact points a
    uid that begins with a digest of the owner. The route is the first in the tree, after those of O(proof_namespace), and
    matches only C(managed_by), so other alerts and routes are not changed.
  - Everything is read and validated before anything is written.
  - Needs Grafana 9.4 or newer with unified alerting.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.grafana
options:
  folder_uid:
    description: The uid of the folder of the rules. It must exist if rules are written.
    type: str
    required: true
  group:
    description: The name of the rules' evaluation group. Other rules in it stay.
    type: str
    default: runtime-security
  interval_seconds:
    description: Interval of the group's evaluation in seconds; a multiple of 10.
    type: int
    default: 60
  more_groups:
    description: Further groups, for rules that are evaluated at another interval.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of the group.
        type: str
        required: true
      interval_seconds:
        description: As in O(interval_seconds).
        type: int
        required: true
  rules:
    description: The alert rules.
    type: list
    elements: dict
    default: []
    suboptions:
      uid:
        description: The uid of the rule, at most 40 letters, digits, C(-) and C(_).
        type: str
        required: true
      title:
        description: The name of the rule; the alert's label C(alertname) has it.
        type: str
        required: true
      queries:
        description: Instant queries. Each series of a result is an alert of its own.
        type: list
        elements: dict
        required: true
        suboptions:
          ref:
            description: The name of the query in O(rules[].condition), for example V(A).
            type: str
            required: true
          data_source:
            description: The uid of the data source.
            type: str
            required: true
          type:
            description: The type of the data source.
            type: str
            choices: [prometheus, loki]
            required: true
          expr:
            description: The query, in PromQL or LogQL.
            type: str
            required: true
      condition:
        description: A math expression of Grafana over the queries. The alert fires for each series where it is not 0.
        type: str
        default: $A > 0
      for_seconds:
        description: How long the condition must hold before the alert fires, in seconds.
        type: int
        default: 0
      labels:
        description: Labels of the alert, for routes and notifications.
        type: dict
      annotations:
        description: Texts of the alert, such as C(summary) and C(description). Grafana's templates work in them.
        type: dict
      no_data:
        description: State of the rule if a query returns no data.
        type: str
        choices: [ok, alerting, no_data]
        default: ok
      error:
        description: State of the rule if a query fails.
        type: str
        choices: [ok, alerting, error]
        default: error
      paused:
        description: Pause the evaluation of the rule.
        type: bool
        default: false
      group:
        description: The name of one of O(more_groups). By default the rule is in O(group).
        type: str
  contact_points:
    description: The contact points, each with one receiver.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of the contact point.
        type: str
        required: true
      type:
        description: Grafana's name of the type, for example V(webhook), V(slack), V(pagerduty) or V(email).
        type: str
        required: true
      settings:
        description: Settings that are not secret, by Grafana's names. Their values are shown in diffs.
        type: dict
      secure_settings:
        description:
          - Secret settings, such as a Slack address, an integration key or a password. They are sent if they differ from
            a salted fingerprint that is stored with the other settings, and are never shown.
        type: dict
      send_resolved:
        description: Also notify when an alert is resolved.
        type: bool
        default: true
  policy:
    description: The route of the rules' alerts. Without it Grafana's own tree decides.
    type: dict
    suboptions:
      contact_point:
        description: The contact point of alerts that match no child route.
        type: str
        required: true
      group_by:
        description: Labels. Alerts with the same values of them are grouped into one notification.
        type: list
        elements: str
        default: []
      group_wait_seconds:
        description: How long a new group waits for more alerts before its first notification, in seconds.
        type: int
      group_interval_seconds:
        description: How long a group waits before a notification of a change, in seconds.
        type: int
      repeat_interval_seconds:
        description: How long until the notification of a firing alert is repeated, in seconds.
        type: int
      routes:
        description: Child routes; the first match applies.
        type: list
        elements: dict
        default: []
        suboptions:
          matchers:
            description:
              - Conditions on labels, such as V(severity=critical) or V(alertname=~"Events.*"), which must all match.
            type: list
            elements: str
            required: true
          contact_point:
            description: The contact point.
            type: str
            required: true
          continue:
            description: Also evaluate the routes after this one.
            type: bool
            default: false
          group_by:
            description: As in O(policy.group_by); an empty list inherits it.
            type: list
            elements: str
            default: []
          group_wait_seconds:
            description: As in O(policy.group_wait_seconds).
            type: int
          group_interval_seconds:
            description: As in O(policy.group_interval_seconds).
            type: int
          repeat_interval_seconds:
            description: As in O(policy.repeat_interval_seconds).
            type: int
  proof_namespace:
    description:
      - Namespace of the module M(runtime_security.kubernetes.pipeline_proof). Alerts of its event go to a contact point of their
        own there, C(OWNER proof), by routes before O(policy), and to nobody else. By default there is none.
    type: str
  owner:
    description: The owner of managed objects.
    type: str
    default: runtime_security.kubernetes
  restore_edits:
    description: Restore a rule that somebody changed in Grafana. RV(rules.edited) lists it either way.
    type: bool
    default: true
  purge:
    description: Remove rules, contact points and the route of the same O(owner) that are no longer declared.
    type: bool
    default: false
  variables:
    description:
      - Names of the variables that messages name in the place of O(contact_points), O(policy) and, as V(proof), O(proof_namespace).
    type: dict
    default: {}
  state:
    description: V(absent) removes everything of this O(owner).
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Changes nothing, and returns what would change; without a Grafana that answers, what a first run would do.
  diff_mode:
    support: full
    description: Returns what changes, before and after; secrets are masked.
"""

EXAMPLES = r"""
- name: Notify the team if a node's disk fills up
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
  description: The uids of the alert rules, by result.
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
      description: Rules that were as declared, and edited ones that O(restore_edits=false) keeps.
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
  description: The names of the contact points, by result.
  returned: success
  type: dict
  contains:
    created:
      description: Contact points that were missing.
      type: list
      elements: str
      sample: [team chat]
    updated:
      description: Contact points that were different, or have a new secret.
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
  description: Result of the route.
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
