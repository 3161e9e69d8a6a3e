# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

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
