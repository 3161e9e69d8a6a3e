"""The inventory counts: every input of the playbooks is a default of a role, which whatever a user sets wins over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_roles import ROLES, defaults_of, read, resolved, tasks_of

TOP = Path(__file__).parents[2]
PLAYBOOKS = TOP / "playbooks"
PLAYS = sorted(PLAYBOOKS.glob("*.yml"))
FILES = sorted(path for path in PLAYBOOKS.rglob("*") if path.is_file())
ROLE = TOP / "roles" / "playbook"
NAME = re.compile(r"\b(?:runtime_security|preflight|bundle)_[a-z_]+\b")
# What no inventory can give, as Ansible chooses the hosts before it reads their variables.
BY_EXTRA_VARIABLES = {"runtime_security_hosts", "preflight_hosts"}
# Messages put the rest of the name behind it.
PREFIX = "runtime_security_grafana"
# What a preflight keeps from task to task.
KEPT = {"preflight_asked", "preflight_found", "preflight_rows"}
# Files and modules.
OTHERS = {path.name.partition(".")[0] for path in [*FILES, *(TOP / "plugins").rglob("*.py")]}


def defaults():
    """Those of the role playbook, by the entry that has them."""
    return {path.stem: read(path) for path in sorted((ROLE / "defaults").glob("*.yml"))}


def own():
    return {name for entry in defaults().values() for name in entry}


def inputs():
    """All of the playbooks and of the public roles; the parameters of the internal role common are none."""
    return {name for role in ROLES for name in defaults_of(role)} | own() | shared()


def shared():
    """The inputs that several roles take up, or an action in their place."""
    files = [*(TOP / "plugins/action").glob("*.py"), *(path for role in ROLES for path in role.glob("[dtv]*/**/*.yml"))]
    texts = [path.read_text(encoding="utf-8") for path in files]
    return {name for text in texts for name in re.findall(r"\bruntime_security_[a-z_]+[a-z]\b", text)} - {PREFIX}


def documented():
    rows = re.findall(
        r"^\| `([a-z]+_[a-z_]+)`", (TOP / "docs" / "inventory.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) == len(set(rows))
    return set(rows)


def set_by(node):
    """Names of all variables that plays, blocks, tasks or files of variables set."""
    if isinstance(node, dict):
        variables = node.get("vars")
        facts = node.get("ansible.builtin.set_fact")
        yield from variables if isinstance(variables, dict) else ()
        yield from facts if isinstance(facts, dict) else ()
        for value in node.values():
            yield from set_by(value)
    elif isinstance(node, list):
        for item in node:
            yield from set_by(item)


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".yml"], ids=lambda path: path.name)
def test_no_playbook_sets_an_input(path):
    content = read(path)
    names = set(content if isinstance(content, dict) else set_by(content))
    assert names & inputs() == set()


@pytest.mark.parametrize("path", PLAYS, ids=lambda path: path.stem)
def test_every_play_runs_where_its_user_says_and_begins_with_the_inventory(path):
    for play in read(path):
        assert "runtime_security_hosts | default('localhost')" in play["hosts"] or "preflight_hosts" in play["hosts"]
        # They outrank the inventory, or hold for every host.
        assert not {"connection", "become", "remote_user", "environment"} & set(play)
        assert "ansible_python_interpreter" not in play.get("vars", {})
        role = play["tasks"][0]["ansible.builtin.import_role"]
        assert role["name"] == "runtime_security.kubernetes.playbook"


def test_whatever_a_playbook_asks_for_has_a_default_or_is_one_of_the_shared_inputs():
    used = {name for path in FILES for name in NAME.findall(path.read_text(encoding="utf-8"))}
    assert used - own() - shared() - BY_EXTRA_VARIABLES - KEPT - OTHERS == set()


def test_the_page_names_every_input_of_the_playbooks_and_every_shared_one():
    assert documented() == own() | shared() | BY_EXTRA_VARIABLES


@pytest.mark.parametrize("entry", defaults())
def test_the_specification_of_the_playbooks_says_what_the_defaults_are(entry):
    options = read(ROLE / "meta" / "argument_specs.yml")["argument_specs"][entry]["options"]
    assert list(options) == list(defaults()[entry])
    # Two depend on the host.
    told = {name: value for name, value in defaults()[entry].items() if not name.endswith(("_context", "_proof_path"))}
    assert {name: options[name]["default"] for name in told} == resolved(told)


def test_a_rotation_leaves_the_metrics_as_they_are():
    """By the same inputs as site.yml, of which one is another role's."""
    for name in ("site", "rotate_certificates"):
        (play,) = read(PLAYBOOKS / f"{name}.yml")
        roles = [task.get("ansible.builtin.import_role", {}).get("name") for task in tasks_of(play["tasks"])]
        assert "runtime_security.kubernetes.metrics_stack" in roles
