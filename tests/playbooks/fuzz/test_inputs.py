"""Each input of each role is given bad and odd values: it is refused in words a user can work with, or it works."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess

import pytest
import role_inputs

from . import works
from .cases import cases
from .values import LONG, MARKER
from .verdict import bounded, fault, plain

ALL = cases()
# Helm is asked about so many of those that are taken.
CHART_STEP = 5


def outcome(numbered):
    """What is wrong with a case, and whether it was taken."""
    number, case = numbered
    wrong, taken = fault(case)
    if taken and not wrong:
        wrong = works.fault(case, plain(case), with_charts=number % CHART_STEP == 0)
    return wrong, taken


def test_every_case_is_refused_well_or_works(step, capsys):
    chosen = ALL[::step]
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), initializer=bounded) as pool:
        found = pool.map(outcome, enumerate(chosen), chunksize=20)
    taken = sum(taken for _wrong, taken in found)
    with capsys.disabled():
        print(f"\n{len(chosen)} of {len(ALL)} cases: {len(chosen) - taken} refused, {taken} taken")
    faults = [
        f"{case.name} = {case.value!r:.80} ({case.kind}) {wrong}"
        for case, (wrong, _taken) in zip(chosen, found)
        if wrong
    ]
    assert not faults, "\n".join(faults)


def tasks_of(number, case):
    """The tasks that validate a case in a play and keep the message."""
    value = str(case.value) if case.kind == "uncomputed" else f"{{{{ values[{number}] }}}}"
    return {
        "block": [
            {
                "ansible.builtin.include_role": {
                    "name": f"runtime_security.kubernetes.{case.role}",
                    # What may follow on the inputs looks at this machine.
                    "tasks_from": "inputs"
                    if (role_inputs.ROOT / f"roles/{case.role}/tasks/inputs.yml").is_file()
                    else "validate",
                },
                "vars": {case.name: value},
            }
        ],
        "rescue": [{"ansible.builtin.set_fact": {f"fuzz_{number}": "{{ ansible_failed_result.msg }}"}}],
    }


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What a real play says to a part of the cases, beside what this process says."""
    folder = tmp_path_factory.mktemp("play")
    # JSON has no other keys than texts, a text of 1 MiB once is enough, and Ansible reads no file with half a character.
    usable = [
        case
        for case in ALL
        if case.kind != "keys" and len(str(case.value)) < 10_000 and "\ud800" not in str(case.value)
    ]
    long = next(case for case in ALL if case.value == LONG)
    chosen = [*usable[:: len(usable) // 50], long]
    # What a lookup reads is no template.
    (folder / "values.json").write_text(json.dumps([case.value for case in chosen]), encoding="utf-8")
    keep = {
        "ansible.builtin.copy": {
            "content": "{{ dict(names | zip(query('ansible.builtin.vars', *names))) | to_json }}",
            "dest": str(folder / "said.json"),
            "mode": "0600",
        },
        "vars": {"names": "{{ query('ansible.builtin.varnames', '^fuzz_') }}"},
        "no_log": True,
    }
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"values": f"{{{{ lookup('ansible.builtin.file', '{folder}/values.json') | from_json }}}}"},
        "tasks": [*(tasks_of(number, case) for number, case in enumerate(chosen)), keep],
    }
    (folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        ["ansible-playbook", folder / "play.yml"],
        cwd=role_inputs.ROOT,
        env=os.environ | {"ANSIBLE_CONFIG": str(role_inputs.ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    return [(case, said.get(f"fuzz_{number}", "")) for number, case in enumerate(chosen)], done.stdout


def test_a_play_says_the_same(played):
    found, output = played
    assert [
        (case, said)
        for case, said in found
        if said != role_inputs.refusal(case.role, {case.name: case.value}, whole=True)
    ] == []
    assert sum(bool(said) for _case, said in found) > len(found) // 2
    assert max(map(len, output.splitlines())) < 10_000
    assert not os.path.lexists(MARKER)
