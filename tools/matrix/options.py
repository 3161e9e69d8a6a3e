"""List the options that tasks of the roles use but modules of other collections do not have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

TOP = Path(__file__).parents[2]
OTHERS = ("kubernetes.core.", "community.grafana.")


def tasks_of(node):
    """Every task of a file, also those in blocks and plays."""
    for task in node or []:
        yield task
        for part in ("block", "rescue", "always", "tasks"):
            yield from tasks_of(task.get(part))


def given():
    """The options by module, and by file."""
    found = {}
    for file in sorted([*TOP.glob("roles/*/tasks/*.yml"), *TOP.glob("playbooks/**/*.yml")]):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for task in tasks_of(content if isinstance(content, list) else []):
            for module in (key for key in task if key.startswith(OTHERS)):
                found.setdefault(module, {})[str(file.relative_to(TOP))] = (
                    set(task[module]) if isinstance(task[module], dict) else set()
                )
    return found


def known(modules):
    """The options that each module documents, with their other names."""
    run = subprocess.run(["ansible-doc", "--json", *modules], check=True, capture_output=True, text=True)
    return {
        module: {
            name for option, about in entry["doc"]["options"].items() for name in (option, *about.get("aliases", []))
        }
        for module, entry in json.loads(run.stdout).items()
    }


def unknown():
    """One line for each option that a module does not have."""
    uses = given()
    have = known(sorted(uses))
    return [
        f"{file}: {module} has no option {option}"
        for module, files in uses.items()
        for file, options in files.items()
        for option in sorted(options - have.get(module, set()))
    ]


if __name__ == "__main__":
    sys.exit("\n".join(unknown()) or None)
