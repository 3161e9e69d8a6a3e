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
  - kubernetes.core.k8s_auth_options
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
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
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

import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.pod_commands import PodCommands

try:
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    ApiException = HTTPError = OSError

CONTAINER = "grafana"
COMMAND = [
    "/usr/share/grafana/bin/grafana",
    "cli",
    "--homepath",
    "/usr/share/grafana",
    "--config",
    "/etc/grafana/grafana.ini",
]
COMMAND += ["admin", "reset-admin-password", "--password-from-stdin"]
COMMAND_SECONDS = 60


# Grafana's words for it; another 401 is a proxy's, or says that Grafana takes no passwords at all.
REFUSAL = "invalid username or password"


def refused(grafana: Grafana) -> bool:
    """Whether Grafana says that the password is wrong; any other trouble is an error."""
    try:
        grafana.get_object(path("org"), "id", "name")
    except GrafanaError as exc:
        if exc.status == 401 and exc.words.lower() == REFUSAL:
            return True
        raise
    return False


def set_password(module: AnsibleK8SModule) -> None:
    pods = PodCommands(get_api_client(module), module.params["namespace"])
    pod = pods.running(module.params["label_selector"], CONTAINER)
    if pod is None:
        module.fail_json(
            msg=f"No pod with the labels {module.params['label_selector']} runs in namespace {module.params['namespace']}."
        )
    password = module.params["grafana"]["url_password"]
    code, printed = pods.run_with_line(pod, CONTAINER, COMMAND, password, COMMAND_SECONDS)
    if code != 0:
        module.fail_json(msg=f"Grafana's command line in pod {pod} ended with {code}: {printed[-500:].strip()}")


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    connection = {
        "url": {"type": "str", "required": True},
        "url_username": {"type": "str", "default": "admin"},
        "url_password": {"type": "str", "required": True, "no_log": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "int", "default": 30},
    }
    spec.update(
        grafana={"type": "dict", "required": True, "options": connection},
        namespace={"type": "str", "required": True},
        label_selector={"type": "str", "default": "app.kubernetes.io/name=grafana,app.kubernetes.io/instance=grafana"},
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    unused = {"use_proxy": True, "client_cert": None, "client_key": None, "grafana_api_key": None}
    grafana = Grafana(unused | module.params["grafana"])
    try:
        changed = refused(grafana)
        if changed and not module.check_mode:
            set_password(module)
            if refused(grafana):
                module.fail_json(
                    msg="Grafana refuses the password that was just set. After several wrong tries it does so for five "
                    f"minutes; else look whether {module.params['grafana']['url_username']!r} is its first user."
                )
    except (ApiException, CoreException, GrafanaError, HTTPError, OSError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
