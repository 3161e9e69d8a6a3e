# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kubeconfig may be: the path of a file, or what would be in one."""

from __future__ import annotations

import typing as t

import yaml
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.plain import plain

_LISTS = ("clusters", "contexts", "users")


def is_path(value: t.Any) -> bool:
    """A text of more than one line, or in braces, is the content and no path; '' is the client's own default."""
    return isinstance(value, str) and "\n" not in value and not value.lstrip().startswith("{")


def content(value: t.Any) -> dict | None:
    """The kubeconfig in a dictionary or a text; None where there is none in it. Says nothing of what it read."""
    if isinstance(value, str):
        try:
            value = yaml.safe_load(str(value))
        except yaml.YAMLError:
            return None
    if not isinstance(value, dict):
        return None
    found = plain(value)
    complete = all(isinstance(found.get(name), list) and found[name] for name in _LISTS)
    return found if complete else None


def usable(value: t.Any) -> bool:
    return is_path(value) or content(value) is not None
