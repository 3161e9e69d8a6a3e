# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/safety.md and docs/safety_steps.md have a row for each step that deletes, replaces or overwrites, and no other row."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[2]
PAGES = [TOP / "docs" / name for name in ("safety.md", "safety_steps.md")]
COLUMNS = ["File", "Step", "Required evidence", "Source", "Unclear if", "The run then"]
OURS = "runtime_security.kubernetes."
# Modules of which each task changes or removes something, unless one of these arguments says that it does not.
CHANGES = {
    *(
        OURS + name
        for name in ("helm_charts", "helm_releases", "image_archives", "image_fetch", "minikube_cluster", "objects")
    ),
    *(
        OURS + name
        for name in ("grafana_admin_password", "grafana_alerting", "grafana_dashboards", "grafana_data_source")
    ),
    *(
        OURS + name
        for name in (
            "ebpf_readiness_pods_info",
            "falco_rules_check",
            "grafana_admin_secret",
            "k8s_certificates",
            "k8s_namespace",
            "k8s_objects",
            "loki_deployment",
            "pipeline_proof",
            "prometheus_operator",
            "objects_written",
        )
    ),
    *("kubernetes.core." + name for name in ("helm", "k8s", "k8s_drain", "k8s_exec", "k8s_scale")),
    *("ansible.builtin." + name for name in ("copy", "get_url", "template", "unarchive")),
}
FILE = "ansible.builtin.file"
# Calls by their last name that remove or replace; with an owner only as that one's.
CALLS = {
    "delete": None,
    "unlink": None,
    "rmtree": None,
    "rmdir": None,
    "remove": "os",
    "replace": "os",
    "move": "shutil",
}
# Functions that overwrite or remove by what the patterns above do not show.
NAMED = {
    "plugins/module_utils/helm/environment_entries.py": {"correct"},
    "plugins/module_utils/helm/marks.py": {"write", "remove"},
    "plugins/module_utils/helm/operations.py": {"install"},
}
WORDS = {"DELETE", "delete", "stop", "uninstall", "rollback", "prune", "purge"}


def tasks_of(node):
    for task in node if isinstance(node, list) else []:
        yield task
        for part in ("block", "rescue", "always", "tasks"):
            yield from tasks_of(task.get(part))


def in_yaml(path):
    """Names of the tasks that change something for good."""
    for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
        arguments = next((task[key] for key in task if key in CHANGES or key == FILE), None)
        if arguments is None or task.get("check_mode") is True:
            continue
        # It only looks.
        if arguments.get("state") == "validated":
            continue
        if FILE not in task or arguments.get("state") == "absent":
            yield task["name"].rpartition(" | ")[2]


def in_python(path):
    """Names of the functions in which something is removed or replaced."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = NAMED.get(str(path.relative_to(TOP)) if TOP in path.parents else "", set())
    for function in (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
        if function.name in named:
            yield function.name
            continue
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if removes(call):
                yield function.name
                break


def removes(call):
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in CALLS:
        owner = call.func.value
        return CALLS[name] is None or (isinstance(owner, ast.Name) and owner.id == CALLS[name])
    words = [*call.args, *(part for one in call.args if isinstance(one, ast.List) for part in one.elts)]
    return name in ("call", "request", "run", "_must", "run_command") and any(
        isinstance(word, ast.Constant) and word.value in WORDS for word in words
    )


def steps():
    """(file, step) of everything that the code removes or overwrites."""
    found = set()
    for folder in ("roles", "playbooks"):
        for path in (TOP / folder).rglob("*.yml"):
            if path.parent.name in ("tasks", "playbooks"):
                found |= {(str(path.relative_to(TOP)), name) for name in in_yaml(path)}
    for path in [*(TOP / "plugins").rglob("*.py"), *(TOP / "roles").glob("*/files/**/*.py")]:
        found |= {(str(path.relative_to(TOP)), name) for name in in_python(path)}
    return found


def rows():
    """The rows of the tables that have steps of the code in them, each with its columns' names."""
    found, head = [], []
    for line in (line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()):
        cells = [cell.strip() for cell in line.split("|")[1:-1]] if line.startswith("|") else []
        if not cells:
            head = []
        elif not head:
            head = cells
        elif head[:2] == COLUMNS[:2] and set(line) - set("|-"):
            found.append(dict(zip(head, cells, strict=True)))
    return found


def listed():
    return {(row["File"].strip("`"), row["Step"].strip("`")) for row in rows()}


def test_every_step_that_destroys_has_a_row():
    assert steps() - listed() == set()


def test_no_row_is_without_code():
    assert listed() - steps() == set()


def test_every_row_says_all_of_it():
    """Where a table only says where steps are, it names the row that tells the rest."""
    for row in rows():
        assert all(row.values()), row
        assert list(row) in (COLUMNS, ["File", "Step", "Row"]), row


@pytest.mark.parametrize(
    "text",
    [
        "os.remove(path)",
        "shutil.rmtree(path)",
        "client.delete(name)",
        "x.request('DELETE', path)",
        "helm.run(['uninstall', 'a'])",
    ],
)
def test_a_new_step_is_seen(tmp_path, text):
    path = tmp_path / "new.py"
    path.write_text(f"def destroy():\n    {text}\n", encoding="utf-8")
    assert list(in_python(path)) == ["destroy"]
