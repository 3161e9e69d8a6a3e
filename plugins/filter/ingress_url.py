# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def ingress_url(ingress):
    spec = ingress.get("spec", {})
    host = (spec.get("rules") or [{}])[0].get("host")
    # An entry without hosts is for all of them.
    secured = any(not entry.get("hosts") or host in entry["hosts"] for entry in spec.get("tls") or [])
    return "%s://%s" % ("https" if secured else "http", host) if host else ""


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"ingress_url": ingress_url}
