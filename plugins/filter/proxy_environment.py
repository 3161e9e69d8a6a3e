# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: proxy_environment
short_description: Environment in which Python asks for an address as Go's programs do
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Modules such as M(ansible.builtin.get_url) know no networks in C(NO_PROXY). With these variables they take the proxy for
    this address, or none, as Helm, minikube and the modules of this collection do.
  - Reads C(HTTP_PROXY), C(HTTPS_PROXY) and C(NO_PROXY) of the controller.
positional: connection
options:
  _input:
    description: The address that is asked for, with C(http) or C(https).
    type: str
    required: true
  connection:
    description:
      - The task's connection plugin. Other than with V(local) the task runs on another host, whose environment holds; the
        result is empty then.
    type: str
    default: local
"""

EXAMPLES = r"""
- name: Fetch a file from a mirror in a network that NO_PROXY names
  ansible.builtin.get_url:
    url: http://192.0.2.10/file
    dest: /srv/file
    mode: "0644"
  environment: "{{ 'http://192.0.2.10/file' | runtime_security.kubernetes.proxy_environment(ansible_connection) }}"
  # {"http_proxy": "http://proxy.example.org:3128", "no_proxy": "192.0.2.0/24,192.0.2.10"}
"""

RETURN = r"""
_value:
  description: Variables; empty where no proxy is set.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proxy import urllib_environment


def proxy_environment(url, connection="local"):
    if not isinstance(url, str) or "://" not in url:
        raise AnsibleFilterError(
            f"proxy_environment: the input is no address ({url!r}). Expected http:// or https://. Fix: give one like "
            "https://example.org/file"
        )
    # Another host has an environment of its own, which is not known here.
    return urllib_environment(url) if connection == "local" else {}


class FilterModule:
    def filters(self):
        return {"proxy_environment": proxy_environment}
