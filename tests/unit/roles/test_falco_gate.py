# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What falco_ebpf judges before it installs, for what, and how often."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.falco_ebpf import FINDINGS

TOP = Path(__file__).parents[3]
CHECKS = [{"name": "btf", "status": "ok"}]
VIEW = {
    "drivers": {"modern_ebpf": {"checks": CHECKS, "reasons": []}, "kmod": {"checks": CHECKS, "reasons": []}},
    "host": {"kernel": "6.8.0"},
}
MODULE = "ebpf_readiness_info"
CHOSEN = {"ansible.builtin.debug": {"msg": "chosen is {{ __falco_ebpf_chosen }}."}}


def entry(name, **inputs):
    return {
        "ansible.builtin.include_role": {"name": "runtime_security.kubernetes.falco_ebpf", "tasks_from": name},
        "vars": {"falco_ebpf_readiness": "machine"} | inputs,
    }


@pytest.mark.parametrize(
    ("inputs", "least"),
    [
        ({}, False),
        ({"falco_ebpf_least_privilege": True}, True),
        # The chart runs it privileged, whatever is asked for.
        ({"falco_ebpf_least_privilege": True, "falco_ebpf_driver": "kmod"}, False),
    ],
)
def test_it_is_judged_for_the_rights_that_falco_gets(play, asked, inputs, least):
    code, said = play([entry("validate", **inputs)], answers={MODULE: VIEW})
    assert code == 0, said
    assert [arguments["least_privilege"] for _name, arguments in asked()] == [least]


def test_nodes_are_judged_as_this_machine_is():
    tasks = TOP / "roles" / "falco_ebpf" / "tasks"
    module = f"runtime_security.kubernetes.{MODULE}"
    (here,) = [task[module] for task in yaml.safe_load((tasks / "machine.yml").read_text()) if module in task]
    (pods,) = yaml.safe_load((tasks / "pods.yml").read_text())
    least = {"least_privilege": pods["vars"]["ebpf_readiness_least_privilege"]}
    assert here == pods["vars"]["__ebpf_readiness_options"] | least


def test_an_answer_holds_for_what_was_asked(play, asked):
    kubeconfig = {"falco_ebpf_kubeconfig": "/other"}
    code, said = play(
        [
            entry("validate"),
            # As often as it likes, in one run.
            entry("validate"),
            CHOSEN,
            entry("validate", falco_ebpf_driver="kmod"),
            CHOSEN,
            entry("validate", **kubeconfig),
            CHOSEN,
            entry("validate", **kubeconfig),
        ],
        answers={MODULE: VIEW},
    )
    assert code == 0, said
    assert len(asked()) == 3
    assert [part.split(".")[0] for part in said.split("msg: chosen is ")[1:]] == ["modern_ebpf", "kmod", "modern_ebpf"]


def test_a_refusal_is_no_answer(play, asked):
    failing = {"checks": [{"name": "btf", "status": "fail"}], "reasons": ["btf: no such file"]}
    refused = VIEW | {"drivers": {"modern_ebpf": failing, "kmod": failing}}
    tasks = [{"block": [entry("validate")], "rescue": [entry("validate")]}]
    code, said = play(tasks, answers={MODULE: refused})
    assert code == 2 and len(asked()) == 2
    assert "Falco 0.44.1 will not run so. Nothing was changed." in said


@pytest.mark.parametrize("entry_point", ["validate", "remove"])
def test_a_namespace_that_is_none_is_refused(play, entry_point):
    code, said = play([entry(entry_point, falco_ebpf_namespace="Falco")], answers={MODULE: VIEW})
    assert code == 2 and "falco_ebpf_namespace: invalid value ('Falco'). Expected" in said


def test_removal_in_check_mode_needs_neither_a_cluster_nor_a_driver(play, asked):
    code, said = play([entry("remove")], "--check", answers={MODULE: VIEW})
    assert code == 0, said
    assert "Would uninstall Falco and its receiver from namespace falco." in said and "changed=1" in said
    assert asked() == []


def test_what_asking_the_nodes_needs_is_judged_with_the_inputs(play):
    nodes = entry("validate", falco_ebpf_readiness="nodes")
    code, said = play([nodes], ebpf_readiness_lifetime=5)
    assert code == 2 and "ebpf_readiness_lifetime: invalid value ('5'). Expected a number of seconds" in said
    # Nothing but the connection to the API server; no kubectl.
    assert play([nodes], path="/nonexistent")[0] == 0


@pytest.mark.parametrize(
    ("kernel", "machine"),
    [
        ({"same": True, "certain": True, "asked": "nodes"}, True),
        # The engine is yet to start; the nodes are asked again before anything is installed.
        ({"same": False, "certain": False, "asked": "engine"}, True),
        # Docker Desktop, or a remote one.
        ({"same": False, "certain": True, "asked": "engine"}, False),
    ],
)
def test_this_machine_is_asked_where_the_nodes_have_its_kernel(play, asked, kernel, machine):
    auto = entry("validate", falco_ebpf_readiness="auto")
    code, said = play(
        [auto], "--check", runtime_security_cluster="minikube", answers={MODULE: VIEW, "machine_kernel_info": kernel}
    )
    assert code == 0, said
    assert [name for name, _arguments in asked()].count(MODULE) == int(machine)


def named_checks():
    """The names with which the module's own code calls check and what leads to it."""
    names = set()
    place = {"check": 0, "not_tried": 2, "_several": 1, "_opens": 4}
    for file in (TOP / "plugins" / "module_utils" / "ebpf").glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                given = call.args[place[name]] if name in place else None
                names |= {given.value} if isinstance(given, ast.Constant) else set()
    return names


def test_the_findings_that_can_be_accepted_are_those_there_are():
    found = named_checks()
    # A call with the wrong place would give something else.
    assert {"toctou", "maps", "perf_buffer", "known_bad_kernel"} <= found
    assert sorted(found) == list(FINDINGS)


def test_a_finding_that_is_none_is_refused(play):
    code, said = play([entry("inputs", falco_ebpf_accepted_findings=["memlock", "bpf_jit"])])
    assert code == 2
    assert "falco_ebpf_accepted_findings: invalid value ('['memlock', 'bpf_jit']'). Expected names" in said
    assert play([entry("inputs", falco_ebpf_accepted_findings=["memlock", "toctou"])])[0] == 0
