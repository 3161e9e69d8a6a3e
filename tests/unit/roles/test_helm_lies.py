# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Helm itself says of an interrupted release, and what is done on it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import recovery
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.operations import Helm, clear

HONEST = (0, json.dumps({"info": {"status": "pending-upgrade"}, "version": 4}), "")
HELM_LIES = {
    "exit code": (1, "", ""),
    "error": (1, "", "Error: Kubernetes cluster unreachable"),
    "killed": (-9, HONEST[1], ""),
    "nothing": (0, "", ""),
    "null": (0, "null", ""),
    "garbage": (0, "STATUS: deployed", ""),
    "another object": (0, "{}", ""),
    "half": (0, HONEST[1][:-9], ""),
    "an older revision": (0, json.dumps({"info": {"status": "pending-upgrade"}, "version": 3}), ""),
    "it is deployed": (0, json.dumps({"info": {"status": "deployed"}, "version": 5}), ""),
    "it is gone": (1, "", "Error: release: not found"),
}
RECORD = Found("loki", Owner.MANAGED, True, [], revision=4, status="pending-upgrade", last_deployed=3)


@pytest.fixture
def helm(monkeypatch, tmp_path):
    """A Helm of which each question gets an answer, and what it was told to do."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(recovery, "PATIENCE", 0.2)
    told = SimpleNamespace(answer=HONEST, done=[], helm=Helm("helm", "monitoring", {}, "cluster"))

    def run(arguments, values=None, **options):
        if arguments[0] in ("status", "get"):
            return told.answer
        told.done.append(arguments)
        return 0, "", ""

    monkeypatch.setattr(told.helm, "run", run)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return told


@pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, answer in HELM_LIES.items()])
@pytest.mark.parametrize("idle", [0, 10_000])
def test_nothing_is_rolled_back_where_helm_says_something_else(helm, answer, idle):
    helm.answer = answer
    clear(helm.helm.recover)(RECORD._replace(idle=idle))
    assert helm.done == []


@pytest.mark.parametrize(
    "answer", [pytest.param(answer, id=name) for name, answer in HELM_LIES.items() if name != "it is gone"]
)
def test_a_release_is_gone_only_when_helm_says_so(helm, answer):
    helm.answer = answer
    done, said = clear(helm.helm.uninstall)(RECORD)
    assert not done and said


def test_a_helm_of_somebody_else_is_waited_for(helm, monkeypatch):
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    answers = [HONEST, HONEST, (0, json.dumps({"info": {"status": "deployed"}, "version": 4}), "")]
    monkeypatch.setattr(helm.helm, "status", lambda name: recovery.parsed_status(*answers.pop(0)))
    assert clear(helm.helm.recover)(RECORD._replace(idle=20)) == (True, "")
    assert helm.done == []


def test_what_this_machine_began_is_recovered_at_once(helm, monkeypatch):
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    with helm.helm.lock("loki") as lock:
        lock.note("upgrade", 4)
    assert clear(helm.helm.recover)(RECORD) == (True, "")
    assert helm.done == [["rollback", "loki", "3"]]


def test_what_failed_on_this_machine_is_recovered_at_once(helm, monkeypatch):
    """An API server that went away in the middle: Helm has ended, its record says that it is at work."""
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    ask = helm.helm.run
    monkeypatch.setattr(helm.helm, "run", lambda words, *more, **options: (1, "", "500"))
    clear(helm.helm.uninstall)(RECORD)
    monkeypatch.setattr(helm.helm, "run", ask)
    helm.answer = (0, json.dumps({"info": {"status": "uninstalling"}, "version": 4}), "")
    assert clear(helm.helm.recover)(RECORD._replace(status="uninstalling")) == (True, "")
    assert helm.done == [["uninstall", "--wait", "loki"]]


def test_a_record_that_nobody_writes_any_more_is_recovered(helm, monkeypatch):
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    assert clear(helm.helm.recover)(RECORD._replace(idle=301)) == (True, "")
    assert helm.done == [["rollback", "loki", "3"]]


def test_a_helm_that_still_runs_here_is_waited_for(helm):
    with helm.helm.lock("loki"):
        done, said = clear(helm.helm.recover)(RECORD._replace(idle=10_000))
    assert not done and "has been at work with it" in said
    assert helm.done == []
