# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as people write them in YAML files, all the way to Helm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from api_double import Cluster
from plays import entry, run

SCHEMA = """
loki_stack_values:
  loki:
    schemaConfig:
      configs:
        - {from: 2024-04-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: loki_index_, period: 24h}}
    limits_config: {per_tenant: {17: yes}}
"""
VAULT = [Path(sys.executable).with_name("ansible-vault"), "encrypt", "--vault-password-file"]


def unspecified(role, name):
    """An entry as site.yml runs it: Ansible's own check of roles' arguments knows no dates."""
    task = entry(role, name)
    task["ansible.builtin.import_role"]["rolespec_validate"] = False
    return task


@pytest.fixture
def values(tmp_path):
    """The option that reads a file with a YAML text."""

    def _values(text):
        file = tmp_path / "values.yml"
        file.write_text(text, encoding="utf-8")
        return file

    return _values


def test_a_date_without_quotes_is_installed(values):
    done = run(
        Cluster(),
        [unspecified("loki_stack", "apply")],
        "--check",
        "-e",
        f"@{values(SCHEMA)}",
        loki_stack_persistence=False,
    )
    assert done.returncode == 0, done.stdout
    assert "releases | Install the releases" in done.stdout


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "vault"])
def test_what_cannot_be_read_alike_is_refused_before_anything(values, tmp_path, encrypted):
    file, options = values("metrics_stack_grafana_values: {a: [{time: 22:22}]}\n"), []
    if encrypted:
        (tmp_path / "word").write_text("w", encoding="utf-8")
        subprocess.run([*VAULT, tmp_path / "word", file], check=True, capture_output=True)
        options = ["--vault-password-file", str(tmp_path / "word")]
    cluster = Cluster()
    done = run(cluster, [unspecified("metrics_stack", "validate")], "-e", f"@{file}", *options)
    said = " ".join(done.stdout.split())
    assert done.returncode == 2 and "changed=0" in said
    assert "metrics_stack_grafana_values.a[0].time: invalid value (not shown). Expected what" in said
    assert "Fix: put it in quotes" in said and "22:22" not in said
    assert cluster.changes == []


def test_an_encrypted_string_is_a_value(values, tmp_path):
    (tmp_path / "word").write_text("w", encoding="utf-8")
    made = subprocess.run(
        [VAULT[0], "encrypt_string", "--vault-password-file", tmp_path / "word", "planted-word"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    block = "loki_stack_values:\n  loki:\n    secret: " + made.replace("\n", "\n    ")
    options = ["--vault-password-file", str(tmp_path / "word"), "-e", f"@{values(block)}"]
    done = run(Cluster(), [unspecified("loki_stack", "apply")], "--check", *options, loki_stack_persistence=False)
    assert done.returncode == 0, done.stdout
    assert "planted-word" not in done.stdout
