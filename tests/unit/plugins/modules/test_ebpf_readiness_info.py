# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module around the evaluation: options, refusals, what it needs of Python."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.doc_fragments import readiness
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import ebpf_readiness
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import requirements
from doors import by_module
from test_ebpf_readiness_hosts import load

PLUGINS = Path(__file__).parents[4] / "plugins"
SOURCES = [
    PLUGINS / "modules/ebpf_readiness_info.py",
    *(PLUGINS / f"module_utils/{name}.py" for name in ("ebpf_readiness", "module_door", "work")),
    *sorted((PLUGINS / "module_utils/ebpf").glob("*.py")),
]


def run(monkeypatch, host: str = "ubuntu_24_04", check: bool = False, **arguments: object) -> dict:
    monkeypatch.setattr(ebpf_readiness.observe, "observe", lambda options: load(host)["record"])
    result = by_module("ebpf_readiness_info", arguments, check)
    assert result.get("changed", False) is False
    return result


def test_evaluates_all_drivers_of_the_release(monkeypatch):
    result = run(monkeypatch)
    assert list(result["drivers"]) == ["modern_ebpf", "kmod"]
    assert result["recommended_driver"] == "modern_ebpf"
    assert (result["falco_version"], result["requirements_since"]) == ("0.45.1", "0.45.0")
    assert set(run(monkeypatch, falco_version="0.43.1")["drivers"]) == {"modern_ebpf", "kmod", "ebpf"}


def test_changes_nothing_in_check_mode_either(monkeypatch):
    assert run(monkeypatch, check=True)["recommended_driver"] == "modern_ebpf"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"falco_version": "latest"}, "falco_version is 'latest'; give a release from 0.38.0 on, such as 0.45.1."),
        ({"falco_version": "0.30.0"}, "falco_version is '0.30.0'; give a release from 0.38.0 on, such as 0.45.1."),
        ({"buffer_preset": 11}, "buffer_preset is 11; give 1 to 10 (4 is 8 MiB)."),
        ({"cpus_for_each_buffer": -1}, "cpus_for_each_buffer is -1; give 0 or more."),
        (
            {"require": "ebpf"},
            "require is 'ebpf', which is not among the drivers evaluated (modern_ebpf, kmod); add it to drivers.",
        ),
    ],
)
def test_wrong_options_are_refused_with_what_to_give(monkeypatch, arguments, message):
    assert run(monkeypatch, **arguments)["msg"] == message


def test_require_passes_when_ready(monkeypatch):
    assert "failed" not in run(monkeypatch, require="modern_ebpf")
    assert "failed" not in run(monkeypatch, host="ubuntu_20_04", require="any")


def test_require_fails_with_all_reasons_and_the_whole_result(monkeypatch):
    result = run(monkeypatch, host="ubuntu_20_04", require="modern_ebpf")
    assert result["msg"].startswith("Falco's driver modern_ebpf: not ready.\n- kernel: 5.4.0-196-generic")
    assert all("- " + reason in result["msg"] for reason in result["drivers"]["modern_ebpf"]["reasons"])
    assert result["recommended_driver"] == "kmod"


def test_require_takes_unknown_for_not_ready(monkeypatch):
    result = run(monkeypatch, host="ubuntu_24_04_no_root", require="any")
    assert "Falco's driver modern_ebpf: unknown." in result["msg"]
    assert "Falco's driver kmod: unknown." in result["msg"]


def test_default_version_is_the_newest_the_requirements_name():
    documentation = __import__("yaml").safe_load(readiness.ModuleDocFragment.DOCUMENTATION)
    assert documentation["options"]["falco_version"]["default"] == requirements.LATEST


def test_releases_are_in_order_and_name_known_drivers():
    versions = [requirements.version_tuple(release["since"]) for release in requirements.RELEASES]
    assert versions == sorted(versions)
    for release in requirements.RELEASES:
        assert set(release["drivers"]) <= set(ebpf_readiness.DRIVERS)
    assert requirements.release_for("0.44.1-rc2")["since"] == "0.44.0"
    assert requirements.release_for("1.2.3")["since"] == requirements.RELEASES[-1]["since"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_runs_on_python_3_6_with_the_standard_library(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names | {"ansible", "ansible_collections"}, name
            # too new for 3.6, though parsed as 3.6
            assert name not in ("dataclasses", "importlib.resources", "graphlib", "zoneinfo", "tomllib")
