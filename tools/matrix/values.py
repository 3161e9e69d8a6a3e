#!/usr/bin/env python3
"""Compute every variable of every role, for usual and for odd inputs, and compare values and types with another ansible-core's.

values.py write FILE     with this ansible-core
values.py compare FILE   with what another one has written
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import re
import sys
from pathlib import Path

import jinja2
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

TOP = Path(__file__).parents[2]
CASES = Path(__file__).with_suffix(".yml")
sys.path.insert(0, str(TOP / "tests"))
init_plugin_loader([str(TOP / ".ansible/collections")])

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.older_templating import OLDER, typed_value
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.plain import plain
from trusted import load

LOADER = DataLoader()
# Odd values that each input of a plain type gets.
RUNS = 4
COMPILE = jinja2.Environment.compile
COMPILED = {}


def compiled(environment, source, *rest):
    """Code of a template. Releases before 2.19 compile it at each use, which is two thirds of their time here."""
    overrides = (environment.variable_start_string, environment.block_start_string, environment.trim_blocks)
    key = (type(environment), environment.finalize, overrides, source, *rest)
    if key not in COMPILED:
        COMPILED[key] = COMPILE(environment, source, *rest)
    return COMPILED[key]


if OLDER:
    jinja2.Environment.compile = compiled


@functools.cache
def variables_of(role):
    """A role's variables, not templated."""
    folder = TOP / "roles" / role
    found = {"ansible_search_path": [str(folder)], "ansible_check_mode": False, "omit": "omitted"}
    for pattern in ("defaults/main.yml", "defaults/main/*.yml", "vars/main.yml", "vars/main/*.yml"):
        for file in sorted(folder.glob(pattern)):
            found |= load(LOADER, file) or {}
    return found


def odd_inputs(role, cases):
    """Pairs of a name and odd values for all inputs at once, by their types."""
    specification = yaml.safe_load((TOP / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = {
        name: option
        for name, option in specification["argument_specs"]["main"].get("options", {}).items()
        if "choices" not in option
    }
    for kind in ("str", "bool", "int"):
        names = [name for name, option in options.items() if option["type"] == kind]
        for run in range(RUNS):
            values = {name: cases[kind][(place + run) % len(cases[kind])] for place, name in enumerate(names)}
            yield f"{kind} {run}", values
    # One by one, since what refuses one of them hides the others.
    for name, option in options.items():
        if name.endswith("_values"):
            yield f"free {name}", {name: cases["free"] | {5: {True: 1}}}
        elif option["type"] == "dict" and "options" not in option:
            yield f"free {name}", {name: cases["free"]}
        elif option.get("elements") == "dict" and "options" not in option:
            yield f"free {name}", {name: [cases["free"]]}


def computed(variables, name):
    """A value, or that there is none: the words of an error differ."""
    try:
        return plain(typed_value(variables[name], Templar(LOADER, variables=variables), variables))
    except Exception:
        return "no value"


def questions():
    """Role, name of the case, inputs, and the variables to compute, all of the role's where that is None."""
    cases = load(LOADER, CASES)
    known = cases["answers"] | cases["variables"]
    for role in sorted(path.name for path in (TOP / "roles").iterdir() if (path / "meta/argument_specs.yml").exists()):
        for case, inputs in cases["modes"].items():
            yield role, case, known | inputs, None
        for case, inputs in odd_inputs(role, cases):
            yield role, case, known | inputs, tuple(inputs)


def answers(question):
    """Values as text, by their names."""
    role, case, inputs, asked = question
    own = variables_of(role)
    names = own if asked is None else reached(own, asked)
    return {f"{role}, {case}: {name}": repr(computed(own | inputs, name)) for name in names}


def all_values():
    """The work of minutes, on all processors."""
    with multiprocessing.Pool() as pool:
        return dict(item for part in pool.imap_unordered(answers, questions()) for item in part.items())


def reached(variables, names):
    """Some variables, and all that are computed from them."""
    texts = {name: str(value) for name, value in variables.items()}
    found, new = set(names), set(names)
    while new:
        pattern = re.compile(rf"\b({'|'.join(new)})\b")
        new = {name for name, text in texts.items() if name not in found and pattern.search(text)}
        found |= new
    return sorted(found)


def main(action, file):
    found = all_values()
    if action == "write":
        Path(file).write_text(json.dumps(found, indent=0, sort_keys=True), encoding="utf-8")
        return 0
    other = json.loads(Path(file).read_text(encoding="utf-8"))
    different = [name for name in found | other if found.get(name) != other.get(name)]
    for name in different:
        print(f"{name}\n  here  {found.get(name)}\n  there {other.get(name)}")
    print(f"{len(found)} values, {len(different)} of them different")
    return 1 if different or not found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
