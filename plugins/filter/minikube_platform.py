# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: minikube_platform
short_description: The platform in the name of a release of minikube
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Translates what C(uname -s -m) prints into the platform that minikube's releases are named after.
  - Fails for a system that minikube is not released for.
options:
  _input:
    description: What C(uname -s -m) prints.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Name the release for a Mac
  ansible.builtin.debug:
    msg: "minikube-{{ 'Darwin arm64' | runtime_security.kubernetes.minikube_platform }}"  # minikube-darwin-arm64
"""

RETURN = r"""
_value:
  description: System and architecture, for example V(linux-amd64) or V(darwin-arm64).
  type: str
"""

from ansible.errors import AnsibleFilterError

# Names of minikube's releases (github.com/kubernetes/minikube, Makefile) by what uname says.
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def minikube_platform(uname):
    words = uname.split()
    if len(words) == 2 and words[0] in _SYSTEMS and words[1] in _ARCHITECTURES:
        return f"{_SYSTEMS[words[0]]}-{_ARCHITECTURES[words[1]]}"
    raise AnsibleFilterError(
        f"minikube_binary: no minikube is downloaded for this system ('uname -s -m' is '{uname}'). Expected: {' or '.join(_SYSTEMS)} "
        f"on {', '.join(_ARCHITECTURES)}. Fix: install minikube yourself and set minikube_binary to its path."
    )


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"minikube_platform": minikube_platform}
