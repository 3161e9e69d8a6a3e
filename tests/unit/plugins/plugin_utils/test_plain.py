# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.plain import plain


class Unsafe(str):
    """A string as older releases of Ansible have it."""

    __slots__ = ()

    def __str__(self):
        return self


def test_a_string_of_older_releases_becomes_a_plain_one():
    found = plain({Unsafe("name"): [Unsafe("value")]})
    assert found == {"name": ["value"]}
    assert {type(text) for text in [*found, *found["name"]]} == {str}
