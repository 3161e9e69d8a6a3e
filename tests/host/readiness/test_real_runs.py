"""The verdict on this machine under restrictions, compared with what two programs can do under the same restrictions.

The programs: prlimit raises the memlock limit as Falco does before anything else, and bpftool loads programs for the
modern probe's attach points with an 8 MiB ring buffer. Needs root, clang and bpftool.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).parent
FILTERED = ["/usr/bin/python3", str(HERE / "filtered.py")]
GRANTED = [*FILTERED, "grant-memlock"]
IN_MOUNTS = ["unshare", "--mount", "sh", "-c"]


def without(*names: str) -> list[str]:
    return ["setpriv", "--bounding-set", ",".join("-" + name for name in names)]


@dataclasses.dataclass
class Case:
    name: str
    restriction: list[str]
    verdict: str
    failing: set[str]
    options: dict = dataclasses.field(default_factory=dict)
    probe_restriction: list[str] = dataclasses.field(default_factory=list)


OTHER_USER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
MAKING = {"ring_buffer", "maps"}
CASES = [
    Case("as it is", [], "not_ready", {"memlock"}),
    Case("memlock granted", GRANTED, "ready", set()),
    Case("bpf() denied", [*GRANTED, *FILTERED, "deny-bpf"], "not_ready", {"seccomp", "attach_points"} | MAKING),
    Case("bpf() kills", [*GRANTED, *FILTERED, "kill-bpf"], "not_ready", {"seccomp"}),
    Case(
        "no CAP_BPF, no CAP_SYS_ADMIN",
        [*GRANTED, *without("bpf", "sys_admin")],
        "not_ready",
        {"capabilities", "attach_points"} | MAKING,
    ),
    Case(
        "CAP_PERFMON only",
        [*GRANTED, "setpriv", "--bounding-set", "-all,+perfmon"],
        "not_ready",
        {"capabilities", "attach_points"} | MAKING,
    ),
    Case(
        "CAP_BPF without CAP_PERFMON",
        [*GRANTED, *without("perfmon", "sys_admin")],
        "not_ready",
        {"capabilities", "attach_points"},
    ),
    Case("CAP_BPF and CAP_PERFMON", [*GRANTED, *without("sys_admin")], "ready", set()),
    Case("CAP_SYS_ADMIN alone", [*GRANTED, *without("bpf", "perfmon")], "ready", set()),
    Case(
        "user namespace",
        [*GRANTED, "unshare", "--user", "--map-root-user"],
        "not_ready",
        {"user_namespace", "attach_points"} | MAKING,
    ),
    Case("memlock 64 KiB", ["prlimit", "--memlock=65536:65536"], "not_ready", {"memlock"}),
    Case("memlock 64 KiB, raised", ["prlimit", "--memlock=65536:65536", *GRANTED], "ready", set()),
    Case("another user", OTHER_USER, "not_ready", {"memlock"}),
    Case("another user, memlock granted", [*GRANTED, *OTHER_USER], "unknown", set()),
    Case(
        "no BTF",
        [*GRANTED, *IN_MOUNTS, 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "-"],
        "not_ready",
        {"btf"},
    ),
    Case(
        "least privileged by option",
        GRANTED,
        "ready",
        set(),
        {"least_privilege": True},
        [*GRANTED, "setpriv", "--bounding-set", "-all,+bpf,+perfmon,+sys_ptrace"],
    ),
    Case(
        "tracefs mounted",
        [*GRANTED, *IN_MOUNTS, 'mount -t tracefs none /sys/kernel/tracing && exec "$@"', "-"],
        "ready",
        set(),
    ),
]


def run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> str:
    assert os.geteuid() == 0, "needs root"
    target = tmp_path_factory.mktemp("probe") / "probe.o"
    machine = "-D__TARGET_ARCH_x86" if platform.machine() == "x86_64" else "-D__TARGET_ARCH_arm64"
    source = HERE / "probe.bpf.c"
    subprocess.run(["clang", "-g", "-O2", "-target", "bpf", machine, "-c", source, "-o", target], check=True)
    return str(target)


def probe_loads(restriction: list[str], program: str, folder: pathlib.Path) -> bool:
    """Whether the limit rises and the programs load; pins go with the mount namespace."""
    rise = run([*restriction, "prlimit", "--memlock=unlimited:unlimited", "true"])
    inside = [*restriction, "bpftool", "prog", "loadall", program, f"{folder}/pins"]
    load = run([*IN_MOUNTS, f'mount -t bpf none {folder} && exec "$@"', "-", *inside])
    # Any other failure says nothing about the restriction.
    assert load.returncode in (0, -signal.SIGSYS) or "libbpf" in load.stderr, load.stderr
    return rise.returncode == 0 and load.returncode == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict_agrees_with_programs_that_load(case: Case, program: str, tmp_path: pathlib.Path):
    command = [*case.restriction, "/usr/bin/python3", str(HERE / "view.py"), json.dumps(case.options)]
    found = run(command)
    assert found.returncode == 0, found.stderr
    driver = json.loads(found.stdout)["drivers"]["modern_ebpf"]
    failing = {check["name"] for check in driver["checks"] if check["status"] == "fail"}
    assert (driver["verdict"], failing) == (case.verdict, case.failing), "\n".join(driver["reasons"])
    loads = probe_loads(case.probe_restriction or case.restriction, program, tmp_path)
    assert loads == (case.verdict == "ready")


def objects() -> set[tuple[str, int]]:
    found = set()
    for kind in ("prog", "map", "link"):
        for entry in json.loads(run(["bpftool", "--json", kind, "list"]).stdout or "[]"):
            # systemd puts its own programs on and off control groups at any time
            if not str(entry.get("type", "")).startswith("cgroup"):
                found.add((kind, entry["id"]))
    return found


def new_objects() -> set[tuple[str, int]]:
    before = objects()
    for _ in range(5):
        found = run([*GRANTED, "/usr/bin/python3", str(HERE / "view.py"), "{}"])
        assert found.returncode == 0, found.stderr
    deadline = time.time() + 5
    # The kernel frees programs a moment after the process that held them.
    while objects() - before and time.time() < deadline:
        time.sleep(0.1)
    return objects() - before


def test_leaves_nothing_behind():
    files = set(os.listdir("/tmp"))
    # Others may load programs meanwhile; what we left would be there each time.
    assert any(new_objects() == set() for _ in range(3))
    assert {name for name in set(os.listdir("/tmp")) - files if "readiness" in name or "ebpf" in name} == set()


def test_tools_are_here():
    for tool in ("clang", "bpftool", "setpriv", "unshare", "prlimit"):
        assert shutil.which(tool), f"{tool} is missing"
