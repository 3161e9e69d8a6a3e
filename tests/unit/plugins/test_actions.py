# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import yaml

TOP = Path(__file__).parents[3]


def test_each_module_is_led_to_the_action_that_runs_it_in_the_worker():
    routing = yaml.safe_load((TOP / "meta" / "runtime.yml").read_text(encoding="utf-8"))["plugin_routing"]["modules"]
    actions = {path.stem for path in (TOP / "plugins" / "action").glob("*.py")}
    assert set(routing) | actions == {path.stem for path in (TOP / "plugins" / "modules").glob("*.py")}
    assert {entry["action_plugin"] for entry in routing.values()} == {"runtime_security.kubernetes.objects_info"}
