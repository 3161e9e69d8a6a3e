#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_health_info
short_description: Check the health of Grafana and its data sources
version_added: 0.1.0
description:
  - Waits until Grafana answers, tries the credentials once, then lets Grafana check each data source, like the button
    "Save & test" in its UI.
  - If a version of Grafana has no such check for a type of data source, a query through Grafana is used.
  - Fails if Grafana does not answer or refuses the credentials; in check mode only if it answers. An unhealthy data source is reported, and is an
    error with O(require_healthy) only.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.grafana
  - runtime_security.kubernetes.reading
options:
  data_sources:
    description: The uids of the data sources to check.
    type: list
    elements: str
    default: []
  require_healthy:
    description:
      - Fail if a data source is not healthy. O(variables) may have the name of the variable with the address of each, by uid, for
        the error.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long to wait for Grafana and for its data sources, in seconds, 0 or more. V(0) checks once.
      - A request that is pending at the end may take up to O(timeout) more.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Wait for the Grafana in the cluster, as its administrator
  runtime_security.kubernetes.grafana_health_info:
    service:
      namespace: monitoring
      context: production

- name: Check that Grafana reaches Prometheus and Loki
  runtime_security.kubernetes.grafana_health_info:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    data_sources: [prometheus, loki]
    require_healthy: true
    wait_timeout: 120
"""

RETURN = r"""
version:
  description: The version of Grafana. Empty if Grafana hides it.
  returned: success
  type: str
  sample: 10.0.0
answered:
  description: Whether Grafana and its database were up, regardless of the credentials.
  returned: always
  type: bool
  sample: true
url:
  description: The address that was used. In check mode without an answer it is the one in O(url).
  returned: success
  type: str
  sample: http://192.168.49.2:30300
url_username:
  description: The name of the user; empty with a token.
  returned: success
  type: str
  sample: admin
exists:
  description: V(false) where the cluster has no such Service or Secret.
  returned: if O(service) names no Grafana, not in check mode
  type: bool
  sample: false
healthy:
  description: Whether all data sources are healthy.
  returned: success
  type: bool
  sample: true
seconds:
  description: Seconds that the module waited and checked.
  returned: success
  type: float
  sample: 0.21
data_sources:
  description: Health of each data source, in the order of O(data_sources).
  returned: success
  type: list
  elements: dict
  contains:
    uid:
      description: The uid of the data source.
      returned: success
      type: str
      sample: loki
    ok:
      description: Whether it answered.
      returned: success
      type: bool
      sample: true
    message:
      description: Grafana's message.
      returned: success
      type: str
      sample: Data source successfully connected.
    via:
      description: Grafana's check, or a query if this version has no check.
      returned: success
      type: str
      choices: [health, query]
      sample: health
    seconds:
      description: When it answered, or was last checked, counted from the first check of a data source.
      returned: success
      type: float
      sample: 0.05
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_health
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_health)


if __name__ == "__main__":
    main()
