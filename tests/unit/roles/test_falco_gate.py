# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What falco_ebpf checks before it installs, for what, and how often."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.falco_ebpf import FINDINGS

TOP = Path(__file__).parents[3]
MODULE = "falco_driver_info"
CHOSEN = {"driver": "modern_ebpf", "question": "q"}


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
def test_it_is_checked_for_the_rights_that_falco_gets(play, asked, inputs, least):
    code, said = play([entry("validate", **inputs)], answers={MODULE: CHOSEN})
    assert code == 0, said
    assert [arguments["least_privilege"] for _name, arguments in asked()] == [least]


def test_nodes_are_checked_as_this_machine_is():
    tasks = TOP / "roles" / "falco_ebpf" / "tasks"
    (here,) = [
        task[f"runtime_security.kubernetes.{MODULE}"] for task in yaml.safe_load((tasks / "driver.yml").read_text())
    ]
    pods = yaml.safe_load((tasks / "nodes.yml").read_text())[0]["vars"]
    asked = pods["__ebpf_readiness_options"] | {"least_privilege": pods["ebpf_readiness_least_privilege"]}
    assert {name: here[name] for name in asked} == asked


def test_an_answer_is_handed_on(play, asked):
    code, said = play([entry("validate"), entry("validate")], answers={MODULE: CHOSEN})
    assert code == 0, said
    first, second = [arguments for _name, arguments in asked()]
    assert "previous" not in first and second["previous"].items() >= CHOSEN.items()


@pytest.mark.parametrize("entry_point", ["validate", "remove"])
def test_a_namespace_that_is_none_is_refused(play, entry_point):
    code, said = play([entry(entry_point, falco_ebpf_namespace="Falco")], answers={MODULE: CHOSEN})
    assert code == 2 and "falco_ebpf_namespace: invalid value ('Falco'). Expected" in said


def test_removal_in_check_mode_needs_neither_a_cluster_nor_a_driver(play, asked):
    code, said = play([entry("remove")], "--check", "-v", answers={MODULE: CHOSEN})
    assert code == 0, said
    assert "Would uninstall the releases falco and falco-exporter from namespace falco" in said and "changed=1" in said
    assert asked() == []


def test_what_asking_the_nodes_needs_is_validated_with_the_inputs(play):
    nodes = entry("validate", falco_ebpf_readiness="nodes")
    code, said = play([nodes], ebpf_readiness_lifetime=5)
    assert code == 2 and "ebpf_readiness_lifetime: invalid value ('5'). Expected a number of seconds" in said
    # Nothing but the connection to the API server; no kubectl.
    assert play([nodes], path="/nonexistent")[0] == 0


@pytest.mark.parametrize(
    ("inputs", "readiness"),
    [
        ({"runtime_security_cluster": "minikube"}, ["auto"]),
        ({"runtime_security_cluster": "minikube", "minikube_driver": "kvm2"}, []),
        ({"runtime_security_cluster": "existing"}, []),
    ],
)
def test_this_machine_is_asked_before_there_is_a_cluster_where_nodes_are_containers(play, asked, inputs, readiness):
    auto = entry("validate", falco_ebpf_readiness="auto")
    code, said = play([auto], "--check", answers={MODULE: CHOSEN}, **inputs)
    assert code == 0, said
    assert [arguments["readiness"] for _name, arguments in asked()] == readiness


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
