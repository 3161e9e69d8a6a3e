# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What grafana_wiring is given about alerts is validated before anything is installed."""

from __future__ import annotations

import pytest
from api_double import Cluster
from plays import entry, run


def validate(**inputs):
    done = run(Cluster(), [entry("grafana_wiring", "validate")], **inputs)
    return done.returncode, " ".join(done.stdout.replace("''", "'").split())


def policy(**route):
    return {"contact_point": "a", "routes": [route]}


def test_an_example_is_allowed():
    everything = policy(contact_point="b", matchers=["severity = critical", 'alertname=~"Events.*"', "team!=a", "a!~b"])
    code, said = validate(
        grafana_wiring_alerts_excluded=["sensor-silent"], grafana_wiring_notification_policy=everything
    )
    assert code == 0, said


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"grafana_wiring_alerts_excluded": ["silent"]}, 'Fix: set it to, for example, ["sensor-silent"]'),
        ({"grafana_wiring_notification_policy": policy(matchers=["a=b"])}, "contact_point"),
        (
            {"grafana_wiring_notification_policy": policy(contact_point="b", matchers=["severity"])},
            "Expected a dictionary with contact_point, and perhaps with routes, whose matchers are LABEL=VALUE",
        ),
    ],
    ids=["rule", "contact point", "matcher"],
)
def test_refused_by_name(inputs, words):
    code, said = validate(**inputs)
    assert code != 0
    assert f"{next(iter(inputs))}" in said
    assert words in said
    assert "Nothing was changed." in said
