# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions of detections from made-up pasts in which attacks hide in noise: all of the noise is proposed, and no attack."""

from __future__ import annotations

import random

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit import (
    detections,
    exceptions_info,
    noise,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from audit_inputs import NAMESPACES, TABLE

READ = detections.read(TABLE, NAMESPACES)
TUNABLE = noise.tunable(READ, "Warning")
EXEC = "Command in a pod"
CI = "system:serviceaccount:ci:deployer"


def seen(day, count=1, rule=EXEC, user=CI, namespace="shop", user_agent="deployer/1.4"):
    return day, {"rule": rule, "user": user, "k8s_ns_name": namespace, "user_agent": user_agent}, count


def propose(*past):
    return noise.proposals(TUNABLE, past)


def test_what_happens_for_days_is_proposed_and_can_be_an_input():
    (found,), withheld = propose(*(seen(day, 10) for day in range(7)))
    assert withheld == []
    assert (found.requests, found.days) == (70, 7)
    entries = yaml.safe_load(exceptions_info.content([found], 7))
    assert entries == [
        {"detections": ["pod-exec"], "users": [CI], "namespaces": ["shop"], "user_agents": ["deployer/1.4"]}
    ]
    assert detections.read(TABLE, NAMESPACES, entries)


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        ({"namespace": ""}, "it has no namespace"),
        ({"user_agent": ""}, "no user agent"),
        ({"user": "system:anonymous"}, "anybody may be this user"),
        ({"user": "b*b"}, "a value has a *"),
        ({"user_agent": "x" * 501}, "500 characters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_too_wide_is_withheld(past, reason):
    proposed, (found,) = propose(*(seen(day, **past) for day in range(7)))
    assert proposed == []
    assert reason in found.reason


def test_what_is_seen_on_two_days_is_withheld():
    proposed, (found,) = propose(seen(0, 500), seen(0, 500), seen(6, 500))
    assert proposed == []
    assert found.reason == "seen on 2 of the days only"


def test_detections_above_the_priority_and_those_that_count_are_left_out():
    assert {one.priority for one in TUNABLE} == {"Notice", "Warning"}
    assert not [one for one in TUNABLE if one.more_than or one.form != "json"]
    assert len(noise.tunable(READ, "Emergency")) > len(TUNABLE) > len(noise.tunable(READ, "Notice")) > 0


@pytest.mark.parametrize("seed", range(50))
def test_attacks_hidden_in_noise_are_never_proposed(seed):
    """An attack is like the noise but for one of user, namespace and program, on two days at most."""
    dice = random.Random(seed)
    titles = [one.title for one in TUNABLE]
    usual = [
        {"rule": dice.choice(titles), "user": f"bot-{n}", "namespace": f"team-{n % 3}", "user_agent": f"tool-{n % 2}/1"}
        for n in range(6)
    ]
    past = [seen(day, dice.randint(1, 99), **one) for one in usual for day in dice.sample(range(7), dice.randint(3, 7))]
    attacks = []
    for other in ("user", "namespace", "user_agent"):
        attacks.append({**dice.choice(usual), other: f"evil-{other}"})
        past += [seen(day, dice.randint(1, 500), **attacks[-1]) for day in dice.sample(range(7), dice.randint(1, 2))]
    dice.shuffle(past)
    proposed, withheld = propose(*past)
    uids = {one.title: one.uid for one in TUNABLE}

    def keys(several):
        return {(uids[one["rule"]], one["user"], one["namespace"], one["user_agent"]) for one in several}

    assert {(one.uid, one.user, one.namespace, one.user_agent) for one in proposed} == keys(usual)
    assert {(one.uid, one.user, one.namespace, one.user_agent) for one in withheld} == keys(attacks)


@pytest.mark.parametrize(
    "wrong", [{"a": 1}, {**vars(TUNABLE[0]), "priority": "high"}, {**vars(TUNABLE[0]), "title": 1}]
)
def test_something_else_than_detections_is_refused(wrong):
    params = {"detections": [wrong], "priority": "warning"}
    with pytest.raises(WorkError, match="Expected those of the lookup audit_rules"):
        exceptions_info.run(params, None)
