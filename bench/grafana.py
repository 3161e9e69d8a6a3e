#!/usr/bin/env python3
"""Times runtime_security.kubernetes.grafana_dashboards against a loop of community.grafana.grafana_dashboard.

Both write the same dashboards into folders of their own in one Grafana, twice, and are removed again. Prints the time
of each dashboard, and with --json FILE also writes it. Fails when ours is not ten times as fast where nothing changes.
Needs Ansible, and a Grafana: GRAFANA_URL, GRAFANA_USER (admin), GRAFANA_PASSWORD.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
TARGET = 10
CONNECTION = {
    "url": "{{ lookup('ansible.builtin.env', 'GRAFANA_URL') }}",
    "url_username": "{{ lookup('ansible.builtin.env', 'GRAFANA_USER') | default('admin', true) }}",
    "url_password": "{{ lookup('ansible.builtin.env', 'GRAFANA_PASSWORD') }}",
}
OURS = {"folder_uid": "bench-ours", "folder_title": "Bench, ours", "owner": "bench.ours"}
THEIRS = "Bench, community"


def dashboard(number: int, prefix: str) -> dict:
    """One of ordinary size: twenty panels with a query each."""
    source = {"type": "prometheus", "uid": "prometheus"}
    panels = [
        {
            "id": panel,
            "title": f"Panel {panel}",
            "type": "timeseries",
            "datasource": source,
            "gridPos": {"x": panel % 2 * 12, "y": panel // 2 * 8, "w": 12, "h": 8},
            "targets": [
                {"refId": "A", "datasource": source, "expr": f'rate(some_metric_total{{panel="{panel}"}}[5m])'}
            ],
        }
        for panel in range(1, 21)
    ]
    uid = f"{prefix}-{number:03}"
    return {"uid": uid, "title": f"Bench {uid}", "tags": ["bench"], "schemaVersion": 39, "panels": panels}


def files(folder: Path, prefix: str, count: int) -> list[str]:
    """The dashboards as JSON files, which both modules take."""
    paths = [folder / f"{prefix}-{number:03}.json" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_text(json.dumps(dashboard(number, prefix)), encoding="utf-8")
    return [str(path) for path in paths]


def play(tasks: list[dict]) -> dict[str, dict]:
    """Runs the tasks; of each, by its name, the seconds and whether it changed anything."""
    book = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(book, file)
        file.flush()
        environment = os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
        run = subprocess.run(["ansible-playbook", file.name], cwd=TOP, env=environment, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"ansible-playbook ended with {run.returncode}:\n{run.stdout[-3000:]}{run.stderr[-1000:]}")
    outcome = {}
    for task in json.loads(run.stdout)["plays"][0]["tasks"]:
        times = [datetime.fromisoformat(task["task"]["duration"][end].rstrip("Z")) for end in ("start", "end")]
        seconds = (times[1] - times[0]).total_seconds()
        outcome[task["task"]["name"]] = {"seconds": seconds, "changed": task["hosts"]["localhost"]["changed"]}
    return outcome


def ours(name: str, paths: list[str], **more: object) -> dict:
    """One task for all dashboards."""
    options = {**CONNECTION, **OURS, "dashboards": paths, **more}
    return {"name": name, "runtime_security.kubernetes.grafana_dashboards": options}


def theirs(name: str, paths: list[str]) -> dict:
    """One task, and one run of the module for each dashboard."""
    options = {**CONNECTION, "folder": THEIRS, "path": "{{ item }}", "overwrite": True, "state": "present"}
    return {"name": name, "community.grafana.grafana_dashboard": options, "loop": paths}


def their_folder(state: str) -> dict:
    """The folder of their dashboards; all in it goes with it."""
    options = {**CONNECTION, "title": THEIRS, "state": state}
    return {"name": f"folder {state}", "community.grafana.grafana_folder": options}


def measure(count: int, loop: int) -> dict[str, dict]:
    """Seconds for each dashboard, and whether the run changed anything."""
    with tempfile.TemporaryDirectory() as folder:
        mine = files(Path(folder), "ours", count)
        others = files(Path(folder), "theirs", loop)
        try:
            tasks = play(
                [
                    ours("ours, first write", mine),
                    ours("ours, nothing changed", mine),
                    ours("ours, nothing changed, edits looked for", mine, restore_edits=True),
                    their_folder("present"),
                    theirs("community.grafana, first write", others),
                    theirs("community.grafana, nothing changed", others),
                ]
            )
        finally:
            play([ours("remove", [], state="absent"), their_folder("absent")])
    return {
        name: {**task, "each": task["seconds"] / (count if name.startswith("ours") else loop)}
        for name, task in tasks.items()
        if name != "folder present"
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="dashboards in our one task (200)")
    parser.add_argument("--loop", type=int, default=20, help="dashboards in the loop of the other module (20)")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    arguments = parser.parse_args()
    # An end from outside tidies up too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    numbers = measure(arguments.count, arguments.loop)
    for name, task in numbers.items():
        count = arguments.count if name.startswith("ours") else arguments.loop
        print(f"{name:<42} {task['each'] * 1000:8.1f} ms a dashboard ({count} in {task['seconds']:.1f} s)")
    if any(task["changed"] for name, task in numbers.items() if "nothing changed" in name):
        sys.exit("a run that had nothing to change reports a change")
    each = {name: task["each"] for name, task in numbers.items()}
    written = each["community.grafana, first write"] / each["ours, first write"]
    kept = each["community.grafana, nothing changed"] / each["ours, nothing changed"]
    print(f"times as fast: first write {written:.1f}, nothing changed {kept:.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return 0 if kept >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
