#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: falco_rule_sets
short_description: Fetch rule sets of the Falco project by digest, verify and return them
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Copies the artifacts of rule sets (stable, incubating, sandbox) from a registry into a folder with C(skopeo), and returns
    their rules. C(falcoctl) is not needed.
  - A set is fetched by digest. Its file is verified from the digest of the manifest to the last byte of the rules, and its
    signature is checked if O(signer) is set, before it gets its name. An existing file is verified the same way at each
    run, and no registry is asked.
  - A version without a digest is looked up in the registry at each run, and refused once it names something else than in an
    earlier run.
  - Credentials are those of C(skopeo login). Go programs like C(skopeo) read additional CA certificates from E(SSL_CERT_FILE).
options:
  stable:
    description: Version of the set C(falco-rules), as V(5.1.0) or V(5.1.0@sha256:...). An empty string means none.
    type: str
    default: ""
  incubating:
    description: Version of the set C(falco-incubating-rules), in the same form.
    type: str
    default: ""
  sandbox:
    description: Version of the set C(falco-sandbox-rules), in the same form.
    type: str
    default: ""
  repository:
    description: Registry and path that hold the sets.
    type: str
    required: true
  folder:
    description: Folder for the files, without a colon. It is created.
    type: path
    required: true
  digests:
    description: Digests of versions without one, as RV(digests) of an earlier run. A tag that has moved since is not refused but ignored.
    type: dict
    default: {}
  offline:
    description: Use the files of O(folder) only; the folder stays as it is.
    type: bool
    default: false
  signer:
    description:
      - Whose signature each set needs, as in the certificate that Fulcio issued. C(cosign verify) looks for it in the registry.
      - A file that was fetched for another signer, or without one, is not used. Without this option no signature is needed.
    type: dict
    suboptions:
      issuer:
        description: Address of the OIDC issuer.
        type: str
        required: true
      identity:
        description: The identity in full.
        type: str
      identity_regexp:
        description: A regular expression that fits a part of the identity; begin it with C(^).
        type: str
attributes:
  check_mode:
    description: Fetches into a temporary folder and returns the rules all the same.
    support: full
  diff_mode:
    description: Returns no diff.
    support: none
requirements:
  - skopeo, unless O(offline=true)
  - cosign 2 or newer, for O(signer)
seealso:
  - module: runtime_security.kubernetes.falco_rules_check
"""

EXAMPLES = r"""
- name: Fetch the incubating rules, signed by the project's release workflow
  runtime_security.kubernetes.falco_rule_sets:
    incubating: 6.0.1
    repository: ghcr.io/falcosecurity/rules
    folder: ~/.cache/runtime-security/rules
    signer:
      issuer: https://token.actions.githubusercontent.com
      identity_regexp: ^https://github\.com/falcosecurity/rules/\.github/workflows/release\.yaml@refs/tags/
  register: sets

- name: Show the version with its digest
  ansible.builtin.debug:
    msg: "{{ sets.versions.incubating }}"
"""

RETURN = r"""
files:
  description: The rules, in the order in which Falco reads them.
  returned: success
  type: list
  elements: dict
  contains:
    file:
      description: Name of the file in the folder of Falco's rules, the same for each version.
      type: str
      sample: 000-falco-2-incubating.yaml
    item:
      description: Where it comes from, for messages.
      type: str
      sample: falco_ebpf_incubating_rules
    content:
      description: Text of the rules file.
      type: str
versions:
  description: Each set's version with its digest, to be set as the option.
  returned: success
  type: dict
  sample:
    incubating: 6.0.1@sha256:3f5c1f7b4d0e8a9c6b2d1e0f3a4b5c6d7e8f90123456789abcdef0123456789a
digests:
  description: The digest of each artifact and version, for O(digests).
  returned: success
  type: dict
  sample:
    falco-incubating-rules:6.0.1: sha256:3f5c1f7b4d0e8a9c6b2d1e0f3a4b5c6d7e8f90123456789abcdef0123456789a
paths:
  description: The files in O(folder).
  returned: success
  type: list
  elements: str
unpinned:
  description: Those that were given without a digest, as lines of YAML with it.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rule_sets
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(rule_sets)


if __name__ == "__main__":
    main()
