# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of addresses."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    expect,
    matches,
    named,
)

_PORT = re.compile(r":(\d{1,5})\Z")
# A host name, an IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(r"(?:[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])")
_NEVER_IN_A_URL = re.compile(r"[^!-~]|[<>\"\\^`{|}]")


def is_url(value: t.Any, schemes: t.Sequence[str] = ("http", "https")) -> bool:
    """Whether a value is an address of one of the schemes."""
    if not isinstance(value, str) or len(value) > 2048 or _NEVER_IN_A_URL.search(value):
        return False
    scheme, colon, rest = value.partition("://")
    if not colon or scheme not in schemes:
        return False
    place = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    port = _PORT.search(place)
    if port and not 1 <= int(port.group(1)) <= 65535:
        return False
    return _HOST.fullmatch(place[: port.start()] if port else place) is not None


@named
def url() -> Check:
    """An http or https address."""
    return expect(is_url, "an http or https address", "https://grafana.example.com")


@named
def origin() -> Check:
    """An http or https address without path and credentials."""
    return expect(
        lambda value: is_url(value) and matches(r"https?://[^/@?#]+")(value),
        "an http or https address without path and credentials",
        "https://s3.example.org",
    )


@named
def base_url() -> Check:
    """An address that paths are added to."""
    return expect(
        lambda value: is_url(value) and not value.endswith("/"),
        "an http or https address without a slash at its end",
        "https://mirror.example/download",
    )


@named
def base_url_or_folder() -> Check:
    """An address that paths are added to, which may be a folder's."""
    return expect(
        lambda value: (is_url(value) and not value.endswith("/")) or matches("file:///.*[^/]")(value),
        "an http, https or file address without a slash at its end",
        "https://mirror.example/download/kubernetes",
    )


@named
def url_with(*places: str) -> Check:
    """An address with places in braces that are filled in later."""

    def filled(value: t.Any) -> t.Any:
        for place in places:
            value = value.replace("{%s}" % place, "1")
        return value

    expected = "an http or https address with the places %s" % " and ".join("{%s}" % place for place in places)
    example = "https://mirror.example/%s" % "/".join("{%s}" % place for place in places)
    return expect(lambda value: is_url(filled(value)), expected, example)


@named
def host_name() -> Check:
    """A host name in lower case."""
    pattern = matches(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
    return expect(
        lambda value: pattern(value) and len(value) <= 253, "a host name in lower case", "grafana.example.com"
    )
