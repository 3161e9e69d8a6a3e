#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_admin_password
short_description: Set the administrator's password of a Grafana in the cluster
version_added: 0.1.0
description:
  - Tries the password first and changes nothing if Grafana accepts it.
  - Otherwise sets it with Grafana's command line in its pod, which needs no old password. The password is passed on
    standard input, so it is on no command line and in no file.
  - Grafana stores the password in its database, so a changed Secret or setting does not change it there.
  - Where the password comes from the Secret of O(grafana.service), Grafana is asked only if it may not have it. A Secret of
    M(runtime_security.kubernetes.grafana_admin_secret) says so by its annotation C(runtime-security/password), which is then set
    to V(known). One that this collection does not manage is tried each time.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.grafana_target.administrator
options:
  namespace:
    description: Namespace of Grafana's pod.
    type: str
    required: true
  label_selector:
    description: Labels of the pods.
    type: str
    default: app.kubernetes.io/name=grafana,app.kubernetes.io/instance=grafana
  persistence:
    description:
      - Whether Grafana keeps its database when its pod is replaced. Without that the password of a Secret of others is not
        tried, as a change of it is to replace the pod.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return what would change. A Grafana that does not answer is announced as unchanged.
  diff_mode:
    support: none
    description: The only difference is a secret.
seealso:
  - module: runtime_security.kubernetes.grafana_admin_secret
"""

EXAMPLES = r"""
- name: Have Grafana use the password of its Secret
  runtime_security.kubernetes.grafana_admin_password:
    namespace: monitoring
    grafana:
      service:
        namespace: monitoring
        admin_secret: grafana-admin

- name: Set the administrator's password
  runtime_security.kubernetes.grafana_admin_password:
    namespace: monitoring
    grafana:
      url: http://192.168.49.2:30300
      url_username: admin
      url_password: "{{ grafana_password }}"
"""

RETURN = r"""
# Only whether something changed.
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_admin_password
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_admin_password)


if __name__ == "__main__":
    main()
