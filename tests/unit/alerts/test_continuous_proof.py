# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules on the continuous proof, evaluated by promtool on made-up pasts: interval 60 s, wait 30 s, so 150 s are two intervals."""

from __future__ import annotations

import pytest

ON = {"__grafana_wiring_continuous_proof": True}
WHERE = 'rule="Write below etc",node_name="n1"'


@pytest.fixture
def values(values):
    """What promtool finds at a time, in seconds, with the metrics of the continuous proof by their short names."""

    def found(uid, series, at):
        named = {f"runtime_security_detection_{name}": text for name, text in series.items()}
        return values(uid, named, f"{at}s", "10s", **ON)

    return found


def past(**more):
    """A detection that was proven at 60 s, and stops at its receiver from 120 s on."""
    return {
        "interval_seconds": "60x100",
        "wait_seconds": "30x100",
        f"watched_timestamp_seconds{{{WHERE}}}": "1x100",
        f"proven_timestamp_seconds{{{WHERE}}}": "_x5 60x100",
        f'stopped{{{WHERE},hop="receiver",pod="prover"}}': "_x11 1x100",
        **more,
    }


def test_a_detection_that_stopped_is_named_with_its_hop_after_two_intervals(values):
    assert values("detection-unproven", past(), 200) == ""
    told = values("detection-unproven", past(), 220)
    for label in ('rule="Write below etc"', 'node_name="n1"', 'hop="receiver"'):
        assert label in told
    assert "pod=" not in told


def test_it_clears_with_the_next_whole_round(values):
    healed = past(
        **{
            f"proven_timestamp_seconds{{{WHERE}}}": "_x5 60x23 300x100",
            f'stopped{{{WHERE},hop="receiver",pod="prover"}}': "_x11 1x17 stale",
        }
    )
    assert "receiver" in values("detection-unproven", healed, 290)
    assert values("detection-unproven", healed, 310) == ""


def test_one_round_that_failed_is_no_alert(values):
    assert values("detection-unproven", past(), 180) == ""


def test_one_that_was_never_proven_counts_from_the_first_look(values):
    series = past()
    del series[f"proven_timestamp_seconds{{{WHERE}}}"]
    assert values("detection-unproven", series, 140) == ""
    assert 'hop="receiver"' in values("detection-unproven", series, 160)


def test_other_detections_are_not_named(values):
    other = 'rule="Terminal shell in container",node_name="n1"'
    series = past(
        **{f"watched_timestamp_seconds{{{other}}}": "1x100", f"proven_timestamp_seconds{{{other}}}": "290x100"}
    )
    assert "Terminal" not in values("detection-unproven", series, 300)


def test_a_prover_that_is_not_seen_or_stands_still(values):
    known = {"interval_seconds": "60x100", "wait_seconds": "30x100"}
    assert values("proof-stopped", known, 100) != ""
    rounds = known | {"round_timestamp_seconds": "60x100"}
    assert values("proof-stopped", rounds, 200) == ""
    assert values("proof-stopped", rounds, 220) != ""
