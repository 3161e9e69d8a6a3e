# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

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
