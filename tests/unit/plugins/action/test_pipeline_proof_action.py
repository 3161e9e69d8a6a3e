# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.action.pipeline_proof import ActionModule
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.action_door import ActionDoor

SEEN = {"name": "marker", "ok": True, "seconds": 0.5, "detail": "seen"}
MISSED = {"name": "event", "ok": False, "seconds": 180.0, "detail": "not seen"}
SKIPPED = {"name": "audit", "reason": "audit is false"}


@pytest.fixture
def shown(monkeypatch):
    """Runs the action with a result of its door; returns what it prints."""
    printed = []
    monkeypatch.setattr("ansible.utils.display.Display.display", lambda _self, line, **_words: printed.append(line))

    def run(result):
        monkeypatch.setattr(ActionDoor, "run", lambda *_arguments: result)
        assert object.__new__(ActionModule).run() is result
        return printed

    return run


def test_each_line_is_printed_alone(shown):
    assert shown({"proof": [SEEN], "skipped_checks": [SKIPPED]}) == [
        "ok       0.50 s  marker  seen",
        "skipped          audit   audit is false",
    ]


def test_a_proof_that_failed_is_printed_too(shown):
    assert shown({"failed": True, "proof": [MISSED], "skipped_checks": []}) == ["NOT OK  180.00 s  event  not seen"]


@pytest.mark.parametrize("result", [{"failed": True, "msg": "refused"}, {"proof": [], "skipped_checks": [SKIPPED]}])
def test_nothing_is_printed_where_nothing_was_proven(shown, result):
    assert shown(result) == []
