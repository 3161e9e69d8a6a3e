"""What holds for every role: its specification says what its defaults are, and its README names every input."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

ROLES = sorted(path for path in (Path(__file__).parents[2] / "roles").iterdir() if path.is_dir())
# Part of the playbooks.
INTERNAL = {"playbook"}
PUBLIC = [path for path in ROLES if path.name not in INTERNAL]


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def defaults_of(role):
    """All inputs of a role, which has them in one file or in one for each subject."""
    one = role / "defaults" / "main.yml"
    files = [one] if one.is_file() else sorted((role / "defaults" / "main").glob("*.yml"))
    return {name: value for file in files for name, value in read(file).items()}


def tasks_of(node):
    """Every task of a file, also those in blocks."""
    for task in node or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_of(task.get(part))


def resolved(defaults):
    """The defaults where nothing else is set: what the collection-wide variables would give falls away."""
    environment = NativeEnvironment()
    environment.filters["bool"] = bool
    values = dict(defaults)
    for _round in range(3):  # a default may name another one, which does too
        values = {name: render(environment, value, values) for name, value in defaults.items()}
    return values


def render(environment, value, variables):
    if isinstance(value, list):
        return [render(environment, item, variables) for item in value]
    return environment.from_string(value).render(variables) if isinstance(value, str) and "{{" in value else value


@pytest.mark.parametrize("role", PUBLIC, ids=lambda role: role.name)
def test_the_specification_says_what_the_defaults_are(role):
    defaults = defaults_of(role)
    specs = read(role / "meta" / "argument_specs.yml")["argument_specs"]
    for entry, spec in specs.items():
        options = spec["options"]
        assert sorted(options) == sorted(defaults), entry
        assert {name: option.get("default") for name, option in options.items()} == resolved(defaults), entry


@pytest.mark.parametrize("role", PUBLIC, ids=lambda role: role.name)
def test_every_entry_point_has_a_specification(role):
    entries = set(read(role / "meta" / "argument_specs.yml")["argument_specs"])
    assert {"main", "apply", "ready", "remove"} <= entries
    assert all((role / "tasks" / f"{entry}.yml").is_file() for entry in entries)


@pytest.mark.parametrize("role", PUBLIC, ids=lambda role: role.name)
def test_the_readme_names_every_input(role):
    text = (role / "README.md").read_text(encoding="utf-8")
    assert [name for name in defaults_of(role) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_tasks_that_carry_secrets_do_not_show_them(role):
    """Keys, passwords and whole Secrets appear only in tasks with no_log, or go to modules that mask them."""
    words = ("privatekey", "b64decode", "stringData", "kind: Secret", "'Secret'")
    masking = "runtime_security.kubernetes."
    for file in sorted((role / "tasks").glob("*.yml")):
        for task in tasks_of(read(file)):
            module = next((key for key in task if "." in key), "")
            text = yaml.safe_dump(task.get(module), allow_unicode=True)
            if module and not module.startswith(masking) and any(word in text for word in words):
                assert task.get("no_log") is True, f"{file.name}: {task['name']}"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_asks_for_the_ansible_that_the_collection_asks_for(role):
    wanted = read(role.parents[1] / "meta" / "runtime.yml")["requires_ansible"]
    assert wanted.startswith(f">={read(role / 'meta' / 'main.yml')['galaxy_info']['min_ansible_version']}.")
