#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_admin_secret
short_description: Keep name and password of Grafana's administrator in a Secret
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Grafana's chart reads the administrator from a Secret with the keys C(admin-user) and C(admin-password). This module creates
    it, with a generated password where none is given, and completes or changes one that it created.
  - A Secret without the label C(app.kubernetes.io/managed-by=runtime_security.kubernetes) is not managed by this
    collection. It is used, and neither changed nor removed. One that Grafana could not start with is an error.
  - Grafana reads the Secret only when it creates its database. The annotation C(runtime-security/password) of the Secret is
    V(pending) while a Grafana that exists may have another password;
    M(runtime_security.kubernetes.grafana_admin_password) sets it there.
  - No password is returned or shown.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  namespace:
    description: Namespace of Grafana. It has to exist, except in check mode.
    type: str
    required: true
  name:
    description: Name of the Secret.
    type: str
    default: grafana-admin
  state:
    description:
      - V(present) creates the Secret, and brings one of this collection to O(admin_user) and O(admin_password).
      - V(rotated) generates a new password, in each run. An error unless the Secret is this collection's and O(admin_password)
        is empty.
      - V(absent) removes the Secret if it is this collection's.
    type: str
    choices: [present, rotated, absent]
    default: present
  admin_user:
    description: Name of the administrator.
    type: str
    default: admin
  admin_password:
    description: Password of the administrator. V("") keeps the one in the Secret, or generates one of 32 letters and digits.
    type: str
    default: ""
  persistence:
    description:
      - Whether Grafana keeps its database when its pod is replaced. Another name for the administrator is then an error, as
        Grafana would not use it.
    type: bool
    default: true
  deployment:
    description: Name of Grafana's Deployment. Where it exists, a changed password is V(pending).
    type: str
    default: grafana
  variables:
    description:
      - Names of the variables that error messages name in the place of this module's options, by option, of O(name),
        O(admin_user), O(admin_password) and O(persistence).
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in check mode and return what would change.
    support: full
  diff_mode:
    description: Shows the keys and annotations that change, and no value.
    support: full
seealso:
  - module: runtime_security.kubernetes.grafana_admin_password
"""

EXAMPLES = r"""
- name: Generate a password, if there is none yet
  runtime_security.kubernetes.grafana_admin_secret:
    namespace: monitoring

- name: Use a password from a vault
  runtime_security.kubernetes.grafana_admin_secret:
    namespace: monitoring
    admin_user: ops
    admin_password: "{{ vault_grafana_password }}"

- name: Generate another password
  runtime_security.kubernetes.grafana_admin_secret:
    namespace: monitoring
    state: rotated
"""

RETURN = r"""
managed:
  description: Whether the Secret is this collection's, after the task.
  returned: success
  type: bool
pending:
  description: Whether Grafana may still have another password in its database.
  returned: success
  type: bool
version:
  description:
    - The resource version of a Secret of others, for an annotation of Grafana's pods. A change of it then replaces them.
    - Empty for a Secret of this collection, which is changed in a Grafana that runs.
  returned: success
  type: str
  sample: "81734"
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_admin_secret
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_admin_secret)


if __name__ == "__main__":
    main()
