# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of paths."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Problem,
    expect,
    matches,
    named,
)


@named
def folder() -> Check:
    """The path of a folder, which need not exist."""
    return expect(
        lambda value: isinstance(value, str) and value.strip() != "", "the path of a folder", "~/.local/share/example"
    )


@named
def folder_without_colon() -> Check:
    """The path of a folder that skopeo writes archives into: it takes a colon for the end of a path."""
    return expect(
        matches(r"[~/][^:]*"), "an absolute path without a colon, or one that begins with ~", "~/.cache/example"
    )


@named
def file() -> Check:
    """The path of a file, which need not exist."""
    return expect(matches(r"(?s).*[^/]"), "the path of a file", "./report.json")


@named
def file_on_host() -> Check:
    """The path of a file that exists on the host of the task."""

    def find(path: t.Any, inputs: t.Any) -> Problem | None:
        if inputs.is_file(path):
            return None
        return Problem("a file on %s" % inputs.host, "no such file", example="/etc/ssl/certs/ca-certificates.crt")

    return Check(find)


@named
def bundle_path() -> Check:
    """The folder of a bundle: skopeo takes a colon for the end of a path."""
    return expect(matches("/[^: ]+"), "an absolute path without a colon or a space", "/srv/bundle")
