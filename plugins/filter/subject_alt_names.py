# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: subject_alt_names
short_description: The names that a certificate needs for addresses
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - The hosts of addresses, as M(runtime_security.kubernetes.k8s_certificates) takes them.
options:
  _input:
    description: Addresses with a scheme. An empty string has no host.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show for what the certificate has to be valid
  ansible.builtin.debug:
    msg: "{{ ['https://grafana.example.org/', 'https://192.0.2.10:3000'] | runtime_security.kubernetes.subject_alt_names }}"
  # ['DNS:grafana.example.org', 'IP:192.0.2.10']
"""

RETURN = r"""
_value:
  description: Each host once, with its kind.
  type: list
  elements: str
"""

import ipaddress
from urllib.parse import urlsplit


def _named(host):
    try:
        return "IP:%s" % ipaddress.ip_address(host)
    except ValueError:
        return "DNS:%s" % host


def subject_alt_names(urls):
    hosts = [urlsplit(url).hostname for url in urls]
    return list(dict.fromkeys(_named(host) for host in hosts if host))


class FilterModule:
    def filters(self):
        return {"subject_alt_names": subject_alt_names}
