# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

PLUGINS = Path(__file__).parents[3] / "plugins"


def test_each_module_has_an_action_that_runs_it_in_the_worker():
    modules = {path.name for path in PLUGINS.glob("modules/*.py")}
    assert {path.name for path in PLUGINS.glob("action/*.py")} == modules
    links = {path.name for path in PLUGINS.glob("action/*.py") if path.is_symlink()}
    assert modules - links == {"objects_info.py", "validate_inputs.py"}
    assert {path.resolve().name for path in PLUGINS.glob("action/*.py") if path.is_symlink()} == {"objects_info.py"}
