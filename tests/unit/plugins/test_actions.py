# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

TOP = Path(__file__).parents[3]


def test_each_module_has_an_action_that_runs_it_in_the_worker():
    actions = {path.stem for path in (TOP / "plugins" / "action").glob("*.py")}
    assert actions == {path.stem for path in (TOP / "plugins" / "modules").glob("*.py")}
