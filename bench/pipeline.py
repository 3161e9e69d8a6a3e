#!/usr/bin/env python3
"""Times site.yml in one run against the same typed by hand, and says where its time goes.

Makes and removes a cluster of its own. Prints, with ratios:
- from no cluster: bench/by_hand.sh to a look at a log line and an event, and site.yml to the whole proof
- site.yml once more, with nothing to change, and in check mode
- each dashboard in bulk against community.grafana (bench/grafana.py)
- the tasks of site.yml that take longest, in a first run and in one with nothing to change
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PROFILE = "runtime-security-bench"
# What is aimed at, as a ratio to by hand and in seconds.
COLD, AGAIN = 0.7, 20
TASKS = 12


def run(command: list[str], **options) -> tuple[float, list[tuple[float, str]]]:
    """Seconds of a command, and those of each of Ansible's tasks. One that fails ends the bench with its last words."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        **options,
    )
    lines = [(time.monotonic() - begun, line.rstrip()) for line in process.stdout]
    seconds = time.monotonic() - begun
    if process.wait() != 0:
        sys.exit("\n".join(line for _second, line in lines[-40:]))
    starts = [(second, found[1]) for second, line in lines if (found := re.match(r"TASK \[(.*)\]", line))]
    ends = [*(second for second, _name in starts), seconds][1:]
    return seconds, [(end - start, name) for (start, name), end in zip(starts, ends, strict=True)]


def print_times(rows: list[tuple[str, float, str]]) -> None:
    for words, seconds, beside in rows:
        print(f"{words:<44} {seconds:>7.1f} s   {beside}".rstrip())


def print_tasks(title: str, tasks: list[tuple[float, str]]) -> None:
    print(f"\n{title}: {len(tasks)} tasks, the longest")
    for seconds, name in sorted(tasks, reverse=True)[:TASKS]:
        print(f"{seconds:>7.1f} s   {name.removeprefix('runtime_security.kubernetes.')}")


class Bench:
    def __init__(self, bundle: Path, folder: Path) -> None:
        self.bundle = bundle
        self.home, self.kubeconfig = folder / "minikube", folder / "kubeconfig"
        self.environment = os.environ | {
            "MINIKUBE_HOME": str(self.home),
            "KUBECONFIG": str(self.kubeconfig),
            # A task's name comes when it begins, and not with its first result.
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "1",
        }
        cache = self.home / ".minikube" / "cache"
        # The folders are looked for at the first start.
        cache.mkdir(parents=True)
        for name in ("images", "linux"):
            (cache / name).symlink_to(bundle / "cache" / name)

    def by_hand(self) -> float:
        return run(["bench/by_hand.sh", str(self.bundle), PROFILE], env=self.environment)[0]

    def ours(self, *options: str) -> tuple[float, list[tuple[float, str]]]:
        inputs = {
            "minikube_profile": PROFILE,
            "minikube_home": str(self.home),
            "runtime_security_kubeconfig": str(self.kubeconfig),
        }
        # As by hand.
        inputs["loki_stack_agent"] = "promtail"
        inputs["pipeline_proof_path"] = str(self.home / "proof.json")
        playbook = ["ansible-playbook", "site.yml", "-e", f"@{self.bundle}/bundle.yml", "-e", json.dumps(inputs)]
        return run([*playbook, *options], env=self.environment)

    def dashboards(self) -> str:
        """What bench/grafana.py prints."""
        ask = [str(self.bundle / "bin" / "kubectl"), "--context", PROFILE, "--namespace", "monitoring", "get"]
        secret = [*ask, "secret", "grafana-admin", "--output=jsonpath={.data.admin-password}"]
        node = [*ask, "node", "--output=jsonpath={.items[0].status.addresses[0].address}"]
        password, address = (
            subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout
            for command in (secret, node)
        )
        reach = {
            "GRAFANA_URL": f"http://{address}:30300",
            "GRAFANA_PASSWORD": base64.b64decode(password).decode(),
        }
        command = ["bench/grafana.py"]
        return subprocess.run(
            command, cwd=TOP, env=self.environment | reach, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def remove(self) -> None:
        minikube = str(self.bundle / "bin" / "minikube")
        subprocess.run(
            [minikube, "delete", "--profile", PROFILE], env=self.environment, check=True, capture_output=True
        )


def main() -> None:
    bundle = Path(sys.argv[1]).parent
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(bundle, Path(folder))
        try:
            hand = bench.by_hand()
            bench.remove()
            cold, first = bench.ours()
            again, second = bench.ours()
            check, _tasks = bench.ours("--check")
            dashboards = bench.dashboards()
        finally:
            bench.remove()
    print_times(
        [
            ("by hand, no alerts, a look for the proof", hand, ""),
            ("ours, from no cluster to the proof", cold, f"{cold / hand:.2f} of by hand, aimed at {COLD}"),
            ("ours, nothing to change", again, f"aimed at {AGAIN} s"),
            ("ours, check mode", check, ""),
        ]
    )
    print(f"\n{dashboards.strip()}")
    print_tasks("From no cluster", first)
    print_tasks("Nothing to change", second)


if __name__ == "__main__":
    main()
