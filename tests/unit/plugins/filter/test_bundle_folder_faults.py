# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.bundle_folder_faults import bundle_folder_faults


@pytest.mark.parametrize(
    ("names", "lock"),
    [([], None), (["bundle.lock.yml"], "{}"), (["bin", "notes.txt"], "images: {a: {id: b}}\ncharts: {}\nrules: {}\n")],
)
def test_a_bundle_and_an_empty_folder_are_taken(names, lock):
    assert bundle_folder_faults(names, lock) == []


@pytest.mark.parametrize(
    "lock", [None, "", "null", "[]", "text", "a: b", "images: null", "images: [", "charts: {}\nother: {}"]
)
def test_a_folder_of_something_else_is_not(lock):
    """Also one whose lock is of another program, or damaged."""
    assert bundle_folder_faults(["bin", "images"], lock) != []
