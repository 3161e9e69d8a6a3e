# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where falcosidekick's outputs go, as rules of a NetworkPolicy."""

from __future__ import annotations

import ipaddress
import typing as t
from urllib.parse import SplitResult, urlsplit

# A resolver of pods listens on 53; OpenShift's listens on 5353 behind its Service.
_DNS = {"ports": [{"port": port, "protocol": name} for port in (53, 5353) for name in ("UDP", "TCP")]}
# The settings of outputs with an address. Other outputs call a service on the Internet by HTTPS.
_ADDRESSES = ("webhookurl", "hostport", "address", "host")
_PORTS = {"http": 80, "https": 443}


class Unreadable(ValueError):
    """An address does not tell where it leads."""


def egress(outputs: dict[str, dict[str, t.Any] | None]) -> list[dict[str, t.Any]]:
    """The rules: DNS, and for each address of an output its port; for a Service the pods of its namespace."""
    rules = [_DNS]
    for settings in outputs.values():
        for rule in _rules(settings or {}):
            if rule not in rules:
                rules.append(rule)
    return rules


def _rules(settings: dict[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    addresses = ",".join(str(settings[key]) for key in _ADDRESSES if settings.get(key))
    if not addresses:
        yield _to(443)
        return
    for address in addresses.split(","):
        yield from _rules_of(address.strip(), settings)


def _rules_of(address: str, settings: dict[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    try:
        parts = urlsplit(address if "://" in address else "//" + address)
        port = _port(parts, settings)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    host = (parts.hostname or "").rstrip(".")
    if not host or port is None:
        raise Unreadable("host or port is missing")
    network = _network(host)
    labels = host.split(".")
    if network:
        yield {"to": [{"ipBlock": {"cidr": network}}], **_to(port, settings)}
    elif len(labels) == 1:
        # A Service's port need not be that of its pods.
        yield {"to": [{"podSelector": {}}]}
    elif len(labels) == 2 or labels[2] == "svc":
        yield {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": labels[1]}}}]}
    if not network and len(labels) > 1 and "svc" not in labels[2:3]:
        yield _to(port, settings)


def _port(parts: SplitResult, settings: dict[str, t.Any]) -> int | None:
    return parts.port or (int(settings["port"]) if settings.get("port") else _PORTS.get(parts.scheme))


def _network(host: str) -> str | None:
    try:
        return str(ipaddress.ip_network(host))
    except ValueError:
        return None


def _to(port: int, settings: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
    protocol = "UDP" if str((settings or {}).get("protocol") or "").lower() == "udp" else "TCP"
    return {"ports": [{"port": port, "protocol": protocol}]}
