# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of container images."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    expect,
    matches,
    named,
)

_HOST = r"[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]{1,5})?"
_REGISTRY = re.compile(_HOST)
# Above the image's own path: container runtimes take lower case there.
_PREFIX = re.compile(_HOST + r"(/[a-z0-9]+([-._]+[a-z0-9]+)*)*")
_TAG = r"[A-Za-z0-9_][-.A-Za-z0-9_]{0,127}"
_PARTS = {
    "registry": _PREFIX,
    "repository": re.compile(r"[a-z0-9]+([-._/]+[a-z0-9]+)*"),
    "tag": re.compile(_TAG),
}


def is_image_registries(value: t.Any) -> bool:
    """Whether a value is a dictionary of registries and of what takes their place."""
    return isinstance(value, dict) and all(
        isinstance(text, str) and pattern.fullmatch(text) is not None
        for item in value.items()
        for text, pattern in zip(item, (_REGISTRY, _PREFIX))
    )


def is_image_parts(value: t.Any) -> bool:
    """Whether a value is a dictionary of parts of an image's name."""
    return isinstance(value, dict) and all(
        key in _PARTS and isinstance(text, str) and _PARTS[key].fullmatch(text) is not None
        for key, text in value.items()
    )


@named
def image_registries() -> Check:
    """Prefixes by registry, from which images come instead."""
    return expect(
        is_image_registries,
        "prefixes by registry, each a host, perhaps a port and a path, without a scheme",
        {"docker.io": "mirror.example/docker.io"},
    )


@named
def image(what: str = "") -> Check:
    """The name of an image; the argument says what has to be in it."""
    pattern = matches(r"[A-Za-z0-9][-._:/@A-Za-z0-9]*")
    return expect(pattern, "the name of an image%s" % (what and " with " + what), "docker.io/library/busybox:1.37.0")


@named
def image_repository() -> Check:
    """A registry and a path in it."""
    return expect(matches(_PREFIX.pattern), "a registry and a path, without a scheme", "registry.example/rules")


@named
def image_tag() -> Check:
    """The tag of an image."""
    return expect(matches(_TAG), "an image's tag (at most 128 letters, digits and characters of _.-)", "1.2.3")


@named
def image_parts() -> Check:
    """Some parts of the name of an image."""
    return expect(
        is_image_parts, "{registry, repository, tag} of an image, of which each may be absent", {"tag": "1.2.3"}
    )
