# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def node_address(nodes):
    for node in nodes:
        for address in node.get("status", {}).get("addresses", []):
            if address["type"] == "InternalIP":
                return address["address"]
    return ""


def service_url(service, nodes):
    port = (service.get("spec", {}).get("ports") or [{}])[0]
    balancers = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    host, number = balancers[0].get("ip") or balancers[0].get("hostname"), port.get("port")
    if not host:
        host, number = node_address(nodes), port.get("nodePort")
    if not host or not number:
        return ""
    scheme = "https" if port.get("appProtocol") == "https" else "http"
    return "%s://%s:%s" % (scheme, "[%s]" % host if ":" in host else host, number)


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"service_url": service_url}
