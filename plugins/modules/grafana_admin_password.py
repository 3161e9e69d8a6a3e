#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_admin_password
short_description: Give a Grafana in the cluster the password its administrator is to have
version_added: 0.1.0
description:
  - Tries the password first and changes nothing where Grafana takes it.
  - Else sets it with Grafana's own command line in its pod, which needs no old password. It is read from the command's
    input, so it is on no command line and in no file.
  - Grafana keeps the password in its database, so a changed Secret or setting does not change it there.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  grafana:
    description:
      - How to reach Grafana, and what is to work there.
    type: dict
    required: true
    suboptions:
      url:
        description:
          - Address of Grafana, for example V(http://192.0.2.10:30300).
        type: str
        required: true
      url_username:
        description:
          - Name of the administrator, the user that Grafana made at its first start.
        type: str
        default: admin
      url_password:
        description:
          - The password the administrator is to have.
        type: str
        required: true
      validate_certs:
        description:
          - If V(false), Grafana's certificate is not checked.
        type: bool
        default: true
      ca_path:
        description:
          - PEM file with the CA that signed Grafana's certificate.
        type: path
      timeout:
        description:
          - Seconds until a request must have been answered.
        type: int
        default: 30
  namespace:
    description:
      - Namespace of Grafana.
    type: str
    required: true
  label_selector:
    description:
      - Labels of its pods.
    type: str
    default: app.kubernetes.io/name=grafana,app.kubernetes.io/instance=grafana
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: none
    description: There is nothing to show but a secret.
"""

EXAMPLES = r"""
- name: Give the administrator a password
  runtime_security.kubernetes.grafana_admin_password:
    namespace: monitoring
    grafana:
      url: http://192.168.49.2:30300
      url_username: admin
      url_password: "{{ grafana_password }}"
"""

RETURN = r"""
# There is nothing to return but whether something changed.
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_admin_password
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_admin_password)


if __name__ == "__main__":
    main()
