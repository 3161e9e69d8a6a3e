"""Validates the inputs of a role as its entry `validate` does, in this process, on the files of the role."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import action_loader, init_plugin_loader
from ansible.template import Templar
from trusted import load

ROOT = Path(__file__).parents[1]
ROLES = [
    "ebpf_readiness",
    "falco_ebpf",
    "grafana_wiring",
    "loki_stack",
    "metrics_stack",
    "minikube",
    "pipeline_proof",
]
ACTION = "runtime_security.kubernetes.validate_inputs"
LOADER = DataLoader()

init_plugin_loader([str(ROOT / ".ansible/collections")])

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.older_templating import typed_value


@cache
def options(role):
    """The inputs of a role, by its specification."""
    text = (ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["argument_specs"]["main"]["options"]


@cache
def variables(role):
    """A role's variables, not templated."""
    source = ROOT / "roles" / role
    found = {"ansible_search_path": [str(source)], "ansible_check_mode": False, "inventory_hostname": "localhost"}
    for pattern in ("defaults/main.yml", "defaults/main/*.yml", "vars/main.yml", "vars/main/*.yml"):
        for file in sorted(source.glob(pattern)):
            found |= load(LOADER, file) or {}
    return found


@cache
def tasks(role):
    """The arguments of the tasks that validate."""
    name = "inputs.yml" if (ROOT / "roles" / role / "tasks/inputs.yml").is_file() else "validate.yml"
    entries = yaml.safe_load((ROOT / "roles" / role / "tasks" / name).read_text(encoding="utf-8"))
    return [entry[ACTION] or {} for entry in entries if ACTION in entry]


@cache
def texts(role):
    """What each variable is computed from, as text: its own, and that of the templates it names."""
    folder = ROOT / "roles" / role / "templates"
    found = {}
    for name, value in variables(role).items():
        text = str(value)
        found[name] = text + "".join(
            file.read_text(encoding="utf-8") for file in folder.glob("*.j2") if file.name in text
        )
    return found


@cache
def reached(role, name):
    """An input, and all variables that are computed from it."""
    found, new = {name}, {name}
    while new:
        pattern = re.compile(rf"\b({'|'.join(new)})\b")
        new = {other for other, text in texts(role).items() if other not in found and pattern.search(text)}
        found |= new
    return found


@cache
def usual(role, name):
    """A variable as it is where no input is set."""
    return computed(role, name, {})


def computed(role, name, inputs):
    """A variable of the role."""
    known = variables(role) | inputs
    return typed_value(variables(role)[name], Templar(LOADER, variables=known), known)


def action_of(role, arguments, known):
    """The action as Ansible's worker makes it."""
    return action_loader.get(
        ACTION,
        task=SimpleNamespace(
            args=arguments,
            _role=SimpleNamespace(_role_path=str(ROOT / "roles" / role)),
            async_val=0,
            check_mode=False,
            diff=False,
        ),
        connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
        play_context=None,
        loader=LOADER,
        templar=Templar(LOADER, variables=known),
        shared_loader_obj=None,
    )


def refusal(role, inputs, whole=False):
    """What the role says about inputs; '' where it accepts them. Unless whole, what one input does not reach is not computed."""
    known = variables(role) | inputs
    for arguments in tasks(role):
        action = action_of(role, arguments, known)
        if len(inputs) == 1 and not whole:
            _compute_only(action, role, *inputs)
        result = action.run(task_vars=known)
        if result.get("failed"):
            return result["msg"]
    return ""


def _compute_only(action, role, changed):
    compute, needed = action._compute, reached(role, changed)
    action._compute = lambda name, known: compute(name, known) if name in needed else usual(role, name)


def refused(role, inputs):
    """The names of the inputs that are refused."""
    message = refusal(role, inputs, whole=True)
    return [name for name in options(role) if re.search(rf"(^|\. ){name}([.\[]\S*)?: ", message)]
