# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.shipped_dashboards import shipped_dashboards

OURS = "dashboards/log-explorer.json"


@pytest.mark.parametrize(
    ("dashboards", "uids"),
    [
        ([], []),
        ([OURS, "dashboards/api-audit.json", {"path": OURS, "uid": "mine"}], ["log-explorer", "api-audit"]),
        (["dashboards/mine.json", f"/home/me/{OURS}", f"https://git.example.org/{OURS}", f"{OURS}.bak"], []),
        ([{"id": 1860, "revision": 37}, {"url": f"https://git.example.org/{OURS}"}], []),
    ],
)
def test_only_files_of_the_role(dashboards, uids):
    assert shipped_dashboards(dashboards) == uids
