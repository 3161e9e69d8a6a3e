#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_dashboards
short_description: Manage a folder of Grafana and many dashboards in it
version_added: 0.1.0
description:
  - Writes a list of dashboards to one folder, which is created if it is missing.
  - Each dashboard gets two tags, O(owner) and a hash of its content. One search request finds the unchanged dashboards by
    them, so hundreds of unchanged dashboards cost a handful of requests.
  - Supports check mode, also while the folder is missing, and shows differences.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.grafana
options:
  folder_uid:
    description: The uid of the folder.
    type: str
    required: true
  folder_title:
    description: The title of the folder. The default is its uid.
    type: str
  dashboards:
    description:
      - The dashboards, each as a dictionary, or as the path of a JSON file on the managed host.
      - Each one needs a C(title) and a C(uid) of 1 to 40 letters, digits, C(-) and C(_).
      - A resource of Grafana's newer API (C(apiVersion), C(metadata), C(spec)) is accepted too; one of schema V2 if
        Grafana supports it, which is 12 and newer.
      - Library panels in C(__elements) become panels of the dashboard.
    type: list
    elements: raw
    default: []
  inputs:
    description:
      - Values for the C(__inputs) of exported dashboards, by the input's name (C(DS_PROMETHEUS)) or, for all inputs
        of a kind, by the plugin's id (C(prometheus)). They also fill references to data sources that are not declared
        (C(${DS_LOKI})), and queries of V2 resources that have the label C(grafana.app/export-label).
    type: dict
    default: {}
  owner:
    description: The tag of managed dashboards. Tags are at most 50 characters long.
    type: str
    default: runtime_security.kubernetes
  overwrite:
    description:
      - Take over a dashboard that has the uid of a declared one but not the tag O(owner).
      - If V(false), the module fails before it writes anything.
    type: bool
    default: false
  restore_edits:
    description:
      - Restore a declared dashboard that somebody has saved since.
      - Costs one request for each dashboard that is otherwise unchanged.
    type: bool
    default: false
  purge:
    description:
      - Remove dashboards of the same O(owner), in any folder, that are no longer declared. Each is read before it is
        removed.
      - Copies of them that somebody saved under another uid stay.
    type: bool
    default: false
  state:
    description:
      - V(absent) removes all dashboards of this O(owner), then the folder if nothing else is in it. What keeps the folder
        is returned, with a warning.
      - The folder is removed only if Grafana's search, alert rules, library panels and own count agree that it is empty.
      - V(validated) changes nothing, and fails if a dashboard is missing in Grafana or another than declared.
    type: str
    choices: [present, validated, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Changes nothing, and returns what would change; without a Grafana that answers, what a first run would do.
  diff_mode:
    support: full
    description: Returns the JSON of each dashboard that changes, before and after.
"""

EXAMPLES = r"""
- name: Write two dashboards to a folder and remove those that are no longer declared
  runtime_security.kubernetes.grafana_dashboards:
    service:
      namespace: monitoring
    folder_uid: runtime-security
    folder_title: Runtime security
    dashboards:
      - "{{ lookup('ansible.builtin.file', 'dashboards/log-explorer.json') | from_json }}"
      - /srv/dashboards/nodes.json
    inputs:
      prometheus: prometheus
      DS_LOGS: loki
    purge: true

- name: Remove the dashboards and their folder
  runtime_security.kubernetes.grafana_dashboards:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    folder_uid: runtime-security
    state: absent
"""

RETURN = r"""
folder:
  description: Result of the folder.
  returned: success
  type: str
  choices: [created, renamed, unchanged, removed, kept, absent]
  sample: unchanged
content:
  description: What keeps the folder from removal.
  returned: success
  type: list
  elements: str
  sample: ["alert rule 'Disk is full' (disk-full)"]
created:
  description: The uids of dashboards that were missing.
  returned: success
  type: list
  elements: str
  sample: [log-explorer]
updated:
  description: The uids of dashboards that were different or in another folder.
  returned: success
  type: list
  elements: str
  sample: [runtime-security-events]
unchanged:
  description: The uids of dashboards that were as declared.
  returned: success
  type: list
  elements: str
  sample: []
removed:
  description: The uids of dashboards that were removed.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_dashboards
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_dashboards)


if __name__ == "__main__":
    main()
