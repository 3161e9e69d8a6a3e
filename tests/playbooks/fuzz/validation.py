"""Validate the inputs of a role as its entry `validate` does, in this process: the same action on the same files of the role."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import action_loader, init_plugin_loader
from ansible.template import Templar

ROOT = Path(__file__).parents[3]
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


@cache
def options(role):
    """The inputs of a role, by its specification."""
    text = (ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["argument_specs"]["main"]["options"]


@cache
def variables(role):
    """A role's variables, not templated."""
    source = ROOT / "roles" / role
    found = {"ansible_search_path": [str(source)], "ansible_check_mode": False}
    for pattern in ("defaults/main.yml", "defaults/main/*.yml", "vars/main.yml", "vars/main/*.yml"):
        for file in sorted(source.glob(pattern)):
            found |= LOADER.load_from_file(str(file), trusted_as_template=True)
    return found


@cache
def tasks(role):
    """The arguments of the tasks that validation."""
    entries = [
        task
        for name in ("validate.yml", "inputs.yml")
        if (file := ROOT / "roles" / role / "tasks" / name).is_file()
        for task in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]
    return [entry[ACTION] for entry in entries if ACTION in entry]


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
def part(role, name):
    """What the action has to compute for one input: options, and variables with checks. The rest is as it is without it."""
    names = reached(role, name)
    pattern = re.compile(rf"\b({'|'.join(names)})\b")
    checks = {
        given: [check for check in variables(role)[given] if pattern.search(str(check))]
        for arguments in tasks(role)
        for given in arguments["checks"]
    }
    return {key: option for key, option in options(role).items() if key in names}, checks


def refusal(role, inputs, whole=False):
    """What the role says about inputs; '' where it takes them."""
    known = variables(role) | inputs
    wanted = options(role)
    if len(inputs) == 1 and not whole:
        wanted, checks = part(role, next(iter(inputs)))
        known |= checks
    for arguments in tasks(role):
        action = action_loader.get(
            ACTION,
            task=SimpleNamespace(args=arguments, _role=None, async_val=0, check_mode=False, diff=False),
            connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
            play_context=None,
            loader=LOADER,
            templar=Templar(LOADER, variables=known),
            shared_loader_obj=None,
        )
        action._options = lambda: wanted
        result = action.run(task_vars=known)
        if result.get("failed"):
            return result["msg"]
    return ""


def computed(role, name, inputs):
    """A variable of the role."""
    return Templar(LOADER, variables=variables(role) | inputs).template(variables(role)[name])
