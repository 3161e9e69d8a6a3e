# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxy a request takes, by the rules of Go's programs, as Helm, minikube, kubectl and skopeo have them.

Python's urllib reads NO_PROXY in another way: it knows no networks, so that half of a run would go through the proxy. The
rules are those of golang.org/x/net/http/httpproxy (proxy.go at v0.49.0): HTTP_PROXY, HTTPS_PROXY and NO_PROXY, each also
in lower case, where the upper case comes first; NO_PROXY is a list of

- C(*): no request takes a proxy,
- a network (C(10.96.0.0/12), C(fd00::/8)): addresses in it; names are not resolved,
- an address, perhaps with a port (C(192.0.2.1), C(192.0.2.1:3000), C([2001:db8::1]:3000)),
- a name, perhaps with a port: the name and all below it; with C(.) or C(*.) before it only what is below it.

localhost and loopback addresses never take a proxy.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import os
import typing as t
from unittest import mock
from urllib.error import URLError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import ProxyHandler, Request, proxy_bypass_environment

from ansible.module_utils.urls import open_url

_PORTS = {"http": "80", "https": "443"}


def _setting(environment: t.Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.lower()) or ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # An IPv4 address in the form of IPv6 is the IPv4 address.
    return getattr(address, "ipv4_mapped", None) or address


def _split_port(entry: str) -> tuple[str, str]:
    """Host and port of C(HOST:PORT) or C([HOST]:PORT); the port is empty for all else."""
    host, colon, port = entry.rpartition(":")
    if not colon or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        return entry, ""
    return host.removeprefix("[").removesuffix("]"), port


def _in_network(text: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    start, _slash, length = text.partition("/")
    if address is None or not length.isdigit():
        return False
    if ":" in start and isinstance(_address(start), ipaddress.IPv4Address):
        length = str(int(length) - 96)
    try:
        return address in ipaddress.ip_network(f"{_address(start)}/{length}", strict=False)
    except ValueError:
        # An entry that is none of the forms is ignored, as Go does.
        return False


def _matches(entry: str, host: str, port: str) -> bool:
    address = _address(host)
    if "/" in entry:
        return _in_network(entry, address)
    name, wanted_port = _split_port(entry)
    if not name or wanted_port not in ("", port):
        return False
    if address is not None or _address(name) is not None:
        return address == _address(name)
    name = name.removeprefix("*") if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def bypasses(url: str, no_proxy: str) -> bool:
    """Whether a list like that of NO_PROXY takes a request out of the proxy.

    Example: C(bypasses("http://192.168.49.2:30300", "localhost,192.168.49.0/24")) is true.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = str(parts.port or _PORTS.get(parts.scheme, ""))
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    entries = [entry.strip().lower() for entry in no_proxy.split(",")]
    return "*" in entries or any(entry and _matches(entry, host, port) for entry in entries)


def proxy_for(url: str, environment: t.Mapping[str, str] | None = None) -> str:
    """The address of the proxy for a request, an empty string for none.

    Example: C(proxy_for("https://charts.example.org/index.yaml")) is C(http://proxy.example.org:3128) where HTTPS_PROXY is
    C(proxy.example.org:3128) and NO_PROXY does not name the host.
    """
    environment = os.environ if environment is None else environment
    parts = urlsplit(url)
    proxy = _setting(environment, f"{parts.scheme.upper()}_PROXY") if parts.scheme in _PORTS else ""
    if not proxy or bypasses(url, _setting(environment, "NO_PROXY")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def urllib_environment(url: str, environment: t.Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables with which Python's urllib treats a request as the rules above say; empty where no proxy is set.

    For programs whose handling of proxies is not ours, such as the module ansible.builtin.get_url. Example: with NO_PROXY
    192.168.49.0/24 the C(no_proxy) for C(http://192.168.49.2:30300) is C(192.168.49.0/24,192.168.49.2).
    """
    environment = os.environ if environment is None else environment
    # urllib prefers the lower case.
    proxies = {f"{kind}_proxy": _setting(environment, f"{kind.upper()}_PROXY") for kind in _PORTS}
    proxies = {name: proxy for name, proxy in proxies.items() if proxy}
    if not proxies:
        return {}
    no_proxy = _setting(environment, "NO_PROXY")
    parts = urlsplit(url)
    if bypasses(url, no_proxy):
        return {**proxies, "no_proxy": ",".join(filter(None, (no_proxy, parts.hostname)))}
    place = parts.netloc.rpartition("@")[2]
    entries = [entry.strip() for entry in no_proxy.split(",")]
    kept = [entry for entry in entries if entry and not proxy_bypass_environment(place, {"no": entry})]
    return {**proxies, "no_proxy": ",".join(kept)}


@contextlib.contextmanager
def opened(url: str, **options: t.Any) -> t.Iterator[t.Any]:
    """Ansible's open_url, by the rules above. For processes that ask one address at a time."""
    with mock.patch.dict(os.environ, urllib_environment(url)), open_url(url, **options) as response:
        yield response


def _credentials(proxy: SplitResult) -> str:
    words = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    return "Basic " + base64.b64encode(words.encode()).decode()


class EnvironmentProxy(ProxyHandler):
    """urllib's handler of proxies with the rules above; asked again for each address that a request is redirected to."""

    def __init__(self) -> None:
        super().__init__({"http": "", "https": ""})

    def proxy_open(self, req: Request, proxy: str, type: str) -> None:
        """Send a request through its proxy, if it has one; the next handler opens the connection."""
        found = proxy_for(req.full_url)
        if not found:
            return
        place = urlsplit(found)
        if place.scheme != "http" or not place.hostname:
            raise URLError(
                f"{type.upper()}_PROXY: the kind of the proxy is not supported ({place.scheme}). Expected http://HOST:PORT. "
                "Fix: name a proxy that speaks HTTP, or add the host to NO_PROXY"
            )
        if place.username is not None:
            req.add_unredirected_header("Proxy-Authorization", _credentials(place))
        req.set_proxy(place.netloc.rpartition("@")[2], "http")
