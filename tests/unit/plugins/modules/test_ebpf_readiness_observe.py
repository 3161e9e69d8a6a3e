# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at a machine: from files that are there, missing, empty, binary, huge, or no files at all."""

from __future__ import annotations

import copy
import os
import random
import struct
import time
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import (
    btf,
    evaluate,
    observe,
    probe,
    requirements,
)
from test_ebpf_readiness_hosts import load, options

TRACEPOINTS = (
    "sys_exit",
    "sched_process_exec",
    "sched_process_exit",
    "sched_switch",
    "signal_deliver",
    "page_fault_user",
    "page_fault_kernel",
    "sched_process_fork",
)
TYPES = requirements.TYPES


def btf_bytes(typedefs=TRACEPOINTS, structs=TYPES) -> bytes:
    """A small kernel's type information: an int, one struct of two members for each name, one typedef for each."""
    strings = b"\0int\0member\0"
    types = struct.pack("=IIII", 1, 1 << 24, 4, 32)
    for name in structs:
        types += struct.pack("=III", len(strings), 4 << 24 | 2, 8) + struct.pack("=III", 5, 1, 0) * 2
        strings += name.encode() + b"\0"
    for name in typedefs:
        types += struct.pack("=III", len(strings), 8 << 24, 1)
        strings += b"btf_trace_" + name.encode() + b"\0"
    return struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The base host as a tree of files, with probes that give the recorded answers."""
    host = load("ubuntu_24_04")
    files = host["record"]["files"] | {"proc/modules": "nf_tables 376832 1 - Live 0x0000000000000000\n"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    target = tmp_path / observe.BTF_PATH
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(btf_bytes())
    variable = tmp_path / observe.SECURE_BOOT
    variable.parent.mkdir(parents=True)
    variable.write_bytes(b"\x06\0\0\0\x01")
    headers = tmp_path / "lib/modules" / os.uname().release / "build"
    headers.mkdir(parents=True)
    (headers / "Makefile").touch()
    outcomes = host["record"]["probes"]

    def answered(root, machine, plan, seconds):
        return copy.deepcopy(outcomes["kmod" if "init_module" in plan["probes"] else "modern_ebpf"])

    monkeypatch.setattr(observe.probe, "run", answered)
    monkeypatch.setattr(observe.os, "uname", lambda: os.uname_result(("Linux", "n", "6.8.0", "", "x86_64")))
    (tmp_path / "lib/modules/6.8.0").symlink_to(headers.parent)
    return tmp_path


def test_reads_what_is_there(machine: Path):
    record = observe.observe(options(), str(machine))
    assert record["files"]["sys/kernel/security/lockdown"].startswith("[none]")
    assert record["secure_boot"] is True
    assert record["driver_files"] == ["headers"]
    assert record["falco_loaded"] is False
    assert set(record["btf"]["tracepoints"]) == set(TRACEPOINTS) - {"sched_process_fork"}
    assert record["btf"]["types"] == sorted(TYPES)
    assert evaluate.evaluate(record, options())["drivers"]["modern_ebpf"]["verdict"] == "ready"


def test_host_root_is_where_headers_and_distribution_come_from(machine: Path):
    (machine / "host/etc").mkdir(parents=True)
    (machine / "host/etc/os-release").write_text("ID=bottlerocket\n", encoding="utf-8")
    (machine / "host/lib/modules/6.8.0/updates/dkms").mkdir(parents=True)
    (machine / "host/lib/modules/6.8.0/updates/dkms/falco.ko.xz").touch()
    record = observe.observe(options(host_root="/host"), str(machine))
    assert record["driver_files"] == ["headers", "module"]
    assert evaluate.evaluate(record, options())["host"]["distribution"] == "bottlerocket"


def test_kernel_configuration_is_unpacked(machine: Path):
    import gzip

    (machine / "proc/config.gz").write_bytes(gzip.compress(b"CONFIG_PREEMPT_LAZY=y\nCONFIG_OTHER=y\n"))
    assert observe.observe(options(), str(machine))["kernel_config"] == ["CONFIG_PREEMPT_LAZY=y"]


def test_loaded_module_is_seen(machine: Path):
    (machine / "proc/modules").write_text("falco 800000 2 - Live 0x0\n", encoding="utf-8")
    assert observe.observe(options(), str(machine))["falco_loaded"] is True


def test_a_driver_the_release_does_not_have_is_not_probed(machine: Path):
    record = observe.observe(options(drivers=["ebpf"]), str(machine))
    assert record["probes"] == {}
    assert evaluate.evaluate(record, options(drivers=["ebpf"]))["drivers"]["ebpf"]["verdict"] == "not_ready"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "shorter"),
        (b"\x9f\xeb\x01", "shorter"),
        (b"\x7fELF" + b"\0" * 60, "magic"),
        (b"\x9f\xeb\x02" + b"\0" * 60, "version 2"),
        (struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, 4000, 4000, 10), "outside"),
        (struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, 8, 8, 1 << 30), "outside"),
    ],
)
def test_btf_that_is_none_is_named_so(data: bytes, words: str):
    with pytest.raises(btf.BtfError, match=words):
        btf.lookup(data, ["btf_trace_sys_exit"], ["task_struct"])


def test_btf_ids_count_from_one():
    typedefs, structs = btf.lookup(btf_bytes(), ["btf_trace_sys_exit", "btf_trace_none"], ["task_struct", "none"])
    assert structs == {"task_struct": 2 + TYPES.index("task_struct")}
    assert typedefs == {"btf_trace_sys_exit": 2 + len(TYPES)}


def test_btf_larger_than_any_is_not_read(machine: Path):
    os.truncate(machine / observe.BTF_PATH, observe.BTF_LIMIT + 1)
    assert "larger" in observe.observe(options(), str(machine))["btf"]["error"]


def mutate(path: Path, dice: random.Random) -> None:
    kind = dice.choice(["missing", "empty", "binary", "huge", "flipped", "folder", "pipe", "loop", "words"])
    text = path.read_bytes()
    path.unlink()
    if kind == "empty":
        path.touch()
    elif kind == "binary":
        path.write_bytes(dice.randbytes(dice.randrange(1, 5000)))
    elif kind == "huge":
        path.write_bytes(dice.randbytes(64))
        os.truncate(path, 1 << 30)
    elif kind == "flipped":
        data = bytearray(text or b"\0")
        for _unused in range(dice.randrange(1, 20)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        path.write_bytes(bytes(data))
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "words":
        words = ["-1", "9" * 400, "0-99999,5-", "[", "(lazy", "\0", "é", "CapBnd:\tzz"]
        path.write_text(dice.choice(words), encoding="utf-8")


@pytest.mark.parametrize("seed", range(500))
def test_mutated_machine_still_gets_a_verdict(machine: Path, seed: int):
    dice = random.Random(seed)
    paths = sorted(path for path in machine.rglob("*") if path.is_file() and not path.is_symlink())
    for path in dice.sample(paths, dice.randrange(1, 6)):
        mutate(path, dice)
    started = time.monotonic()
    record = observe.observe(options(), str(machine))
    # The record as a damaged answer of the probes would make it
    for driver in record["probes"]:
        for name, outcome in list(record["probes"][driver].items()):
            if name in ("maps", "attach_points", "toctou") and dice.random() < 0.2:
                outcome[dice.choice(sorted(outcome))] = {"errno": "EBADMSG", "log": "\0\n"}
            elif dice.random() < 0.1:
                record["probes"][driver][name] = dice.choice([None, True, {"error": "x"}])
        if dice.random() < 0.05:
            record["probes"][driver] = dice.choice([None, {}, {"error": "no answer in 10 seconds"}])
    result = evaluate.evaluate(record, options())
    assert time.monotonic() - started < 2
    for driver in result["drivers"].values():
        assert driver["verdict"] in ("ready", "not_ready", "unknown")
        assert all(isinstance(check["observed"], str) and len(check["observed"]) < 1000 for check in driver["checks"])


def test_probes_that_hang_are_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(probe.Probes, "inotify", lambda self: time.sleep(60))
    started = time.monotonic()
    found = probe.run("/", os.uname().machine, {"probes": ("inotify",)}, 0.3)
    assert time.monotonic() - started < 3
    assert found == {"error": "no answer in 0.3 seconds"}


def test_probes_that_crash_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(probe.Probes, "inotify", lambda self: os.kill(os.getpid(), 9))
    found = probe.run("/", os.uname().machine, {"probes": ("inotify",)}, 5)
    assert found == {"error": "the probes ended early", "signal": 9}


def test_a_probe_that_raises_does_not_take_the_others_along(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(probe.Probes, "inotify", lambda self: {}["missing"])
    monkeypatch.setattr(probe.Probes, "memlock", lambda self: {})
    found = probe.run("/", os.uname().machine, {"probes": ("inotify", "memlock")}, 5)
    assert found == {"inotify": {"error": "KeyError('missing')"}, "memlock": {}, "end": True}


def test_a_machine_without_known_system_calls_is_told():
    assert "error" in probe.run("/", "vax", {"probes": ("inotify",)}, 5)
