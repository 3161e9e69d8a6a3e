#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_info
short_description: Ask whether a Prometheus answers at an address
version_added: 0.1.0
description:
  - Waits until something answers at the address, and fails when it does not speak Prometheus' HTTP API.
  - The address of a Service in the cluster, as V(http://prometheus-server.monitoring.svc), is asked through the API
    server; any other one from where the module runs.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - runtime_security.kubernetes.reading
options:
  url:
    description:
      - Address of Prometheus, with its path where it has one.
    type: str
    required: true
  wait_timeout:
    description:
      - How long to wait for an answer, in seconds, 0 or more. V(0) asks once.
    type: int
    default: 60
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
"""

EXAMPLES = r"""
- name: See that Prometheus is there
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
  description: Whether the API server carried the question, or it was asked directly.
  returned: success
  type: str
  choices: [cluster, address]
  sample: cluster
"""

import copy
import time

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.prometheus import (
    NotPrometheus,
    service_of,
    version_in,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proxy import opened

try:
    from kubernetes.client import ApiClient, CoreV1Api
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    ApiException = HTTPError = OSError

API_PATH = "api/v1/status/buildinfo"


def through_the_api_server(module, service) -> bytes:
    core = CoreV1Api(ApiClient(get_api_client(module).configuration))
    answer = core.connect_get_namespaced_service_proxy_with_path(
        service.proxy_name, service.namespace, f"{service.path}{API_PATH}", _preload_content=False
    )
    return answer.data


def ask(module, service) -> str:
    """The version, or an error that says why there is none."""
    if service:
        return version_in(through_the_api_server(module, service))
    with opened(f"{module.params['url'].rstrip('/')}/{API_PATH}", timeout=10) as answer:
        return version_in(answer.read())


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(url={"type": "str", "required": True}, wait_timeout={"type": "int", "default": 60})
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    url, end = module.params["url"], time.monotonic() + module.params["wait_timeout"]
    service = service_of(url)
    while True:
        try:
            version = ask(module, service)
            module.exit_json(changed=False, version=version, via="cluster" if service else "address")
        except NotPrometheus as exc:
            module.fail_json(msg=f"What answers at {url} is no Prometheus: {exc}")
        except (ApiException, CoreException, HTTPError, OSError) as exc:
            reason = getattr(exc, "reason", None) or exc
            status = getattr(exc, "status", None) or getattr(exc, "code", None) or 0
            # Whoever refuses the question will do so later too; a server that starts does not answer, or with 5xx.
            if 400 <= status < 500:
                module.fail_json(
                    msg=f"What answers at {url} is no Prometheus: it refuses to say its version: {status} {reason}"
                )
        if time.monotonic() >= end:
            module.fail_json(msg=f"No Prometheus answers at {url}: {reason}")
        time.sleep(1)


if __name__ == "__main__":
    main()
