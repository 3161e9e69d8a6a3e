#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_certificates_info
short_description: Read when a CA and its certificates end
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Reads the Secrets of a CA and of the certificates that M(runtime_security.kubernetes.k8s_certificates) keeps with it, or of those
    that an issuer of cert-manager keeps in its place.
  - Nothing of a private key is returned. A Secret that does not exist, or has no readable certificate, is not listed.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.reading
requirements:
  - cryptography >= 41
options:
  name:
    description: The name of the CA's Secret.
    type: str
    required: true
  namespace:
    description: The namespace of the CA's Secret.
    type: str
    required: true
  optional:
    description: Whether certificates that cannot be read, for example without a cluster, are a warning in the place of an error.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read when the certificates end
  runtime_security.kubernetes.k8s_certificates_info:
    name: falco-ca
    namespace: falco
  register: falco
"""

RETURN = r"""
certificates:
  description: The certificates, the CA's first.
  returned: success
  type: list
  elements: dict
  contains:
    secret:
      description: The name of its Secret.
      type: str
      sample: falco-ca
    namespace:
      description: The namespace of its Secret.
      type: str
      sample: falco
    not_after:
      description: When it ends, in UTC.
      type: str
      sample: "2036-11-26T10:00:00Z"
    not_after_seconds:
      description: The same in seconds since 1970-01-01 UTC.
      type: int
      sample: 2111047200
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import info
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(info)


if __name__ == "__main__":
    main()
