# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have in Grafana is named, and kept."""

from __future__ import annotations

import pytest
from grafana_double import RELEASES, Double
from lies_steps import BOARDS, FOLDER, prepare
from modules import run

pytestmark = pytest.mark.usefixtures("quick")


def test_what_keeps_a_folder_is_named():
    with Double(RELEASES["12.4.0"]) as double:
        call = prepare(double, "folder with things of others")
        double.folders.library["lib"] = {"uid": "lib", "name": "Panel", "folderUid": "ours"}
        result = call()
    assert (result["folder"], result["removed"]) == ("kept", ["ours-0", "ours-1", "ours-2"])
    found = ["dashboard 'Theirs' (theirs)", "alert rule 'Theirs' (theirs)", "library panel 'Panel' (lib)"]
    # Ours is still there as well: the step removes no alert rules.
    assert [one for one in result["content"] if "ours" not in one] == found
    (warning,) = result["warnings"]
    assert warning.startswith("the folder 'Ours' (ours) of Grafana at")
    assert "alert rule 'Theirs' (theirs)" in warning


@pytest.mark.parametrize("by", ["route", "rule"])
def test_a_contact_point_in_use_is_refused_before_anything_is_removed(by):
    with Double(RELEASES["12.4.0"]) as double:
        call = prepare(double, "alerting removed")
        if by == "route":
            double.alerting.policies["routes"].append({"receiver": "ours", "object_matchers": [["team", "=", "x"]]})
        else:
            double.alerting.rules["theirs"]["notification_settings"] = {"receiver": "ours"}
        result = call()
        assert double.writes() == []
    user = "a route of others in the notification policies" if by == "route" else "the alert rule 'Theirs' (theirs)"
    assert f"contact_points: 'ours' of us is no longer declared, but {user} sends to it" in result["msg"]


def test_a_folder_of_others_is_not_renamed():
    with Double(RELEASES["12.4.0"]) as double:
        double.folders._create({"uid": "ours", "title": "Somebody's"})
        result = run("grafana_dashboards", double.url, **FOLDER, folder_title="Ours", dashboards=BOARDS)
        assert double.writes() == []
    assert "has the folder 'ours' with another title (\"Somebody's\")" in result["msg"]
