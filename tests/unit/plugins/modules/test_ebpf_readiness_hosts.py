# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on each kind of machine in fixtures/ebpf_readiness."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import evaluate

FIXTURES = Path(__file__).parent / "fixtures/ebpf_readiness"
HOSTS = sorted(path.stem for path in FIXTURES.glob("*.yml") if path.stem != "base")
STATUSES = {"failing": "fail", "unknown": "unknown", "warning": "warn"}
CHECK_KEYS = {"name", "status", "observed", "required", "remedy", "source"}


def merged(base: object, over: object) -> object:
    """over's values, and base's where over has none. An empty mapping replaces; null removes."""
    if not isinstance(base, dict) or not isinstance(over, dict) or not over:
        return over
    result = dict(base)
    for key, value in over.items():
        result[key] = merged(base.get(key), value)
    return {key: value for key, value in result.items() if value is not None or base.get(key, 0) is None}


def load(name: str) -> dict:
    host = yaml.safe_load((FIXTURES / f"{name}.yml").read_text(encoding="utf-8"))
    if host.get("complete"):
        return host
    base = yaml.safe_load((FIXTURES / "base.yml").read_text(encoding="utf-8"))
    return host | {key: merged(base[key], host.get(key, base[key])) for key in ("options", "record")}


def options(**more: object) -> dict:
    return {
        "falco_version": "0.44.1",
        "drivers": ["modern_ebpf", "kmod"],
        "least_privilege": False,
        "buffer_preset": 4,
        "cpus_for_each_buffer": 2,
        "host_root": "",
    } | more


def by_status(driver: dict, status: str) -> list[str]:
    return [check["name"] for check in driver["checks"] if check["status"] == status]


@pytest.mark.parametrize("name", HOSTS)
def test_verdict(name: str):
    host = load(name)
    record = copy.deepcopy(host["record"])
    result = evaluate.evaluate(record, options(**host["options"]))
    assert record == host["record"], "evaluation changed the record"
    expected = host["expected"]
    if "recommended_driver" in expected:
        assert result["recommended_driver"] == expected["recommended_driver"]
    for driver, wanted in expected.items():
        if driver == "recommended_driver":
            continue
        found = result["drivers"][driver]
        seen = {key: by_status(found, status) for key, status in STATUSES.items()}
        assert found["verdict"] == wanted["verdict"], found["reasons"]
        for key, names in seen.items():
            assert sorted(names) == sorted(wanted.get(key, [])), key


@pytest.mark.parametrize("name", HOSTS)
def test_every_check_says_what_to_do_and_where_that_is_from(name: str):
    host = load(name)
    result = evaluate.evaluate(host["record"], options(**host["options"]))
    for driver in result["drivers"].values():
        names = [check["name"] for check in driver["checks"]]
        assert len(names) == len(set(names))
        for check in driver["checks"]:
            assert set(check) == CHECK_KEYS
            assert all(isinstance(value, str) for value in check.values()), check
            assert check["observed"] and check["required"] and check["source"], check
            assert bool(check["remedy"]) == (check["status"] in ("warn", "fail", "unknown")), check
        failing = by_status(driver, "fail") + by_status(driver, "unknown")
        assert [reason.split(":")[0] for reason in driver["reasons"]] == failing


def test_least_privileged_is_evaluated_with_its_own_capabilities():
    host = load("ubuntu_24_04")
    result = evaluate.evaluate(host["record"], options(least_privilege=True))
    seen = {check["name"]: check for check in result["drivers"]["modern_ebpf"]["checks"]}
    assert seen["capabilities"]["observed"] == "CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_SYS_RESOURCE"


def test_memory_counts_buffers_auxiliary_maps_and_log():
    host = load("ubuntu_24_04")
    result = evaluate.evaluate(host["record"], options(buffer_preset=4, cpus_for_each_buffer=0))
    seen = {check["name"]: check for check in result["drivers"]["modern_ebpf"]["checks"]}
    # one buffer of 8 MiB, 16 maps of 128 KiB, 16 MiB of verifier log
    assert seen["memory"]["required"].startswith("26 MiB for 1 ring buffers on 8 processors")
