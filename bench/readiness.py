#!/usr/bin/env python3
"""Time ebpf_readiness_info against `bpftool feature probe`, in turns within one run. Needs root, Ansible and bpftool.

Prints, and with --json FILE also writes:
- the work: one start of Python that observes, tries and checks, compared with the tool.
- the whole: the module as Ansible sends it, and beside it ansible.builtin.ping, the least any module costs. Fails when
  the module's peak memory is 40 MiB or more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
MODULES = {"module": "runtime_security.kubernetes.ebpf_readiness_info", "ping": "ansible.builtin.ping"}
MEMORY_LIMIT_MIB = 40


def sent_modules(folder: str) -> dict[str, list[str]]:
    """The programs Ansible puts on a target, kept instead of removed."""
    environment = os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(TOP / ".ansible/collections"),
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_PIPELINING": "0",
        "ANSIBLE_REMOTE_TEMP": folder,
    }
    commands = {}
    for name, module in MODULES.items():
        run = ["ansible", "localhost", "-e", "ansible_python_interpreter=/usr/bin/python3", "-m", module]
        subprocess.run(run, env=environment, check=True, capture_output=True)
        (program,) = Path(folder).glob(f"*/AnsiballZ_{module.split('.')[-1]}.py")
        commands[name] = ["/usr/bin/python3", str(program)]
    return commands


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds and peak MiB of one run."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return seconds, usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="runs of each (15)")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "work": ["/usr/bin/python3", str(TOP / "tests/host/readiness/view.py")],
            "bpftool": ["bpftool", "feature", "probe"],
            **sent_modules(folder),
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        memory = dict.fromkeys(commands, 0.0)
        # In turns, so that what else the machine does falls on all of them.
        for _ in range(arguments.runs):
            for name, command in commands.items():
                taken, peak = timed(command)
                seconds[name].append(taken)
                memory[name] = max(memory[name], peak)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = median["work"] / median["bpftool"]
    print(f"readiness: work {median['work']:.3f} s, bpftool feature probe {median['bpftool']:.3f} s, ratio {ratio:.2f}")
    print(
        f"readiness: as Ansible sends it {median['module']:.3f} s, an empty module {median['ping']:.3f} s; "
        f"peak memory {memory['module']:.0f} MiB"
    )
    if arguments.json:
        numbers = {"seconds": median, "ratio": ratio, "peak_mib": memory["module"]}
        arguments.json.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    # How quick either is depends on the machine; only memory is a promise.
    return 0 if memory["module"] < MEMORY_LIMIT_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
