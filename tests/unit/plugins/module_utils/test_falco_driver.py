# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which driver Falco gets, by what machine and nodes say."""

from __future__ import annotations

import contextlib

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import driver
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.machine_kernel import Verdict
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, Unreachable, WorkError

RUNNING = {
    "runtime-security/driver": "kmod",
    "runtime-security/falco": "0.45.1",
    "runtime-security/least-privilege": "false",
}


def view(node="", **statuses):
    """What is found for each driver, by the status of its check btf."""
    drivers = {
        name: {"checks": [{"name": "btf", "status": status}], "reasons": [f"btf: {status}"]}
        for name, status in statuses.items()
    }
    return {"drivers": drivers, "host": {"kernel": "6.8.0"}, **({"node": node} if node else {})}


GOOD = view(modern_ebpf="ok", kmod="ok")
BAD = view(modern_ebpf="fail", kmod="fail")


def daemon_set(ready=2, **annotations):
    template = {"metadata": {"annotations": {**RUNNING, **annotations}}}
    return {"spec": {"template": template}, "status": {"numberReady": ready, "desiredNumberScheduled": 2}}


@pytest.fixture
def asked(monkeypatch):
    """What was asked of whom."""
    return []


@pytest.fixture
def run(monkeypatch, asked):
    """Runs the work with what a machine, a kernel and a cluster answer; None: no cluster does."""

    def _run(*, machine=GOOD, kernel=None, cluster=None, mode=None, **options):
        monkeypatch.setattr(driver, "_this_machine", lambda params: asked.append("machine") or machine)
        monkeypatch.setattr(driver.machine_kernel, "decide", lambda params: asked.append(params["driver"]) or kernel)

        @contextlib.contextmanager
        def connected(params):
            asked.append("cluster")
            if cluster is None:
                raise Unreachable("no answer")
            yield cluster

        class Reader:
            def __init__(self, found):
                self.found = found

            def one(self, *_names):
                return self.found or None

        monkeypatch.setattr(driver.connection, "connected_client", connected)
        monkeypatch.setattr(driver, "Reader", Reader)
        checked = ArgumentSpecValidator(driver.ARGUMENTS).validate(options)
        assert checked.error_messages == []
        return driver.run(checked.validated_parameters, mode or Mode())

    return _run


@pytest.mark.parametrize(
    ("views", "accepted", "ignored", "choice"),
    [
        ([GOOD], [], [], ("modern_ebpf", [], [])),
        ([view(modern_ebpf="fail", kmod="ok")], [], [], ("kmod", [], [])),
        # One node is enough.
        ([GOOD, view(modern_ebpf="fail", kmod="ok")], [], [], ("kmod", [], [])),
        ([BAD], ["btf"], [], ("modern_ebpf", ["btf"], [])),
        ([BAD], [], ["btf"], ("modern_ebpf", [], [])),
        ([view(modern_ebpf="unknown", kmod="ok")], [], [], ("modern_ebpf", [], ["btf"])),
        ([BAD], ["memlock"], [], None),
    ],
)
def test_the_first_driver_with_nothing_against_it(views, accepted, ignored, choice):
    assert driver.choose(views, ["modern_ebpf", "kmod"], accepted, ignored) == choice


@pytest.mark.parametrize(
    ("found", "options", "name"),
    [
        (daemon_set(), {}, "kmod"),
        (daemon_set(), {"driver": "kmod"}, "kmod"),
        (daemon_set(), {"driver": "modern_ebpf"}, ""),
        (daemon_set(), {"falco_version": "0.45.0"}, ""),
        (daemon_set(), {"least_privilege": True}, ""),
        (daemon_set(**{"runtime-security/least-privilege": "true"}), {"least_privilege": True}, "kmod"),
        (daemon_set(ready=1), {}, ""),
        (daemon_set(ready=0), {}, ""),
        ({}, {}, ""),
    ],
)
def test_the_driver_that_runs_is_kept(run, found, options, name):
    result = run(cluster=found, **options)
    assert (result["driver"], result["source"]) == (name, "deployed" if name else "")


def test_nodes_that_were_asked(run):
    nodes = {"nodes": [view("worker-1", modern_ebpf="fail", kmod="ok")], "not_started": [], "unanswered": []}
    result = run(checked=nodes)
    assert (result["driver"], result["source"]) == ("kmod", "nodes")


@pytest.mark.parametrize(
    ("kernel", "machine"),
    [
        (Verdict(True, "nodes", ""), True),
        # The engine is yet to start; the nodes are asked again before anything is installed.
        (Verdict(False, "engine", "", certain=False), True),
        # Docker Desktop, or a remote one.
        (Verdict(False, "engine", ""), False),
    ],
)
def test_this_machine_is_asked_where_the_nodes_have_its_kernel(run, asked, kernel, machine):
    result = run(readiness="auto", minikube_driver="docker", kernel=kernel)
    assert result["driver"] == ("modern_ebpf" if machine else "")
    assert asked == ["docker", "machine" if machine else "cluster"]


def test_an_answer_holds_for_what_was_asked(run, asked):
    first = run(readiness="machine")
    assert run(readiness="machine", previous=first | {"changed": False}) == first and asked == ["machine"]
    run(readiness="machine", driver="kmod", previous=first)
    run(readiness="machine", kubeconfig="/other", previous=first)
    run(readiness="machine", previous={"failed": True, "msg": "refused"})
    assert asked == ["machine"] * 4


def test_what_an_engine_says_is_asked_again_of_the_nodes(run, asked):
    first = run(readiness="auto", kernel=Verdict(True, "engine", ""))
    run(readiness="auto", kernel=Verdict(True, "nodes", ""), previous=first)
    assert asked.count("machine") == 2


def test_a_driver_that_will_not_run_is_refused(run):
    with pytest.raises(WorkError) as error:
        run(readiness="machine", machine=BAD)
    assert str(error.value) == (
        "falco_ebpf_driver: Falco 0.45.1 will not run ('auto'). Expected a driver that runs on each node. Nothing was changed. "
        "This machine (kernel 6.8.0), modern_ebpf: btf: fail This machine (kernel 6.8.0), kmod: btf: fail Fix: correct what is "
        "named, or name the checks that you accept in falco_ebpf_accepted_findings."
    )


def test_what_was_accepted_is_a_warning(run):
    result = run(readiness="machine", machine=view(modern_ebpf="fail", kmod="ok"), accepted=["btf"])
    assert result["findings"] == ["btf"]
    assert result["warnings"] == [
        "Falco's driver is modern_ebpf. Failed and accepted by falco_ebpf_accepted_findings: btf."
    ]


def test_check_mode_asks_no_node(run):
    result = run(cluster={}, mode=Mode(check=True), driver="kmod")
    assert (result["driver"], result["source"], result["question"]) == ("kmod", "announced", "")


def test_no_cluster_is_an_error_where_nodes_have_to_be_asked(run):
    with pytest.raises(Unreachable):
        run()
