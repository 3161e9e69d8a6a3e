#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_requirements_info
short_description: Check what Grafana needs of a cluster before it is installed
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Fails where another Service has Grafana's port on the nodes, or Grafana could not start with the certificate in a Secret.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.reading
options:
  namespace:
    description: Namespace of Grafana.
    type: str
    required: true
  service:
    description: Name of Grafana's Service, which may have O(node_port) already.
    type: str
    default: grafana
  node_port:
    description:
      - Port on the nodes for Grafana's Service; V(0) checks none.
      - Not checked for an account that may not list all Services. The API server then refuses a port in use.
    type: int
    default: 0
  tls_secret:
    description:
      - Name of a Secret with Grafana's certificate (C(tls.crt)) and its private key (C(tls.key)), in PEM; V("") checks none.
      - That they belong together is checked where the Python library C(cryptography) is installed. A certificate that has ended
        is a warning.
      - In check mode a Secret may be missing together with its namespace, since a run may create both before.
    type: str
    default: ""
  variables:
    description:
      - Names of the variables that error messages name in the place of this module's options, by option, of O(node_port) and
        O(tls_secret).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check Grafana's port and certificate
  runtime_security.kubernetes.grafana_requirements_info:
    namespace: monitoring
    node_port: 30300
    tls_secret: grafana-tls
  register: grafana
"""

RETURN = r"""
certificate_version:
  description:
    - The resource version of the Secret with the certificate; empty where none was checked.
    - Grafana reads its certificate only when it starts. In an annotation of its pods a change of the version replaces them.
  returned: success
  type: str
  sample: "81734"
certificate_not_after:
  description: When the certificate ends, in UTC; empty where none was checked, or the library C(cryptography) is missing.
  returned: success
  type: str
  sample: "2027-01-31T12:00:00Z"
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_requirements
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_requirements)


if __name__ == "__main__":
    main()
