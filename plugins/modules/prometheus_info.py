#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_info
short_description: Check that a Prometheus answers at an address
version_added: 0.1.0
description:
  - Waits until something answers at the address, and fails if it does not have Prometheus' HTTP API.
  - The address of a Service in the cluster, as V(http://prometheus-server.monitoring.svc), is reached through the API
    server; any other one from the host of the module.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.reading
options:
  url:
    description: Address of Prometheus, with its path if it has one.
    type: str
    required: true
  wait_timeout:
    description: How long to wait for an answer, in seconds, 0 or more. V(0) checks once.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Check that Prometheus answers
  runtime_security.kubernetes.prometheus_info:
    url: http://prometheus-operated.monitoring.svc:9090
  register: prometheus
"""

RETURN = r"""
version:
  description: Version of Prometheus.
  returned: success
  type: str
  sample: 3.15.0
via:
  description: Whether it was reached through the API server or directly.
  returned: success
  type: str
  choices: [cluster, address]
  sample: cluster
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import prometheus
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(prometheus)


if __name__ == "__main__":
    main()
