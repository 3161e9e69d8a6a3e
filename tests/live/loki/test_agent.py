# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real Promtail, built by the lab, makes of lines as container runtimes write them."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import command_lines
import pytest
import token_lines
import yaml

from . import local
from .cluster import wait_for

SEEN = re.compile(r'^[^\s{]+\t*\{container="falco", namespace="n"(?:, stream="(\w+)")?\}\t*(.*)$', re.MULTILINE)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """What the role tells Promtail about pods."""
    config = local.promtail_config(tmp_path_factory.mktemp("agent"))
    (only,) = yaml.safe_load(config["snippets"]["scrapeConfigs"])
    return only


def read_by_promtail(job: dict, folder: Path, lines: list[str], names: str = "*.log") -> list[tuple[str, str]]:
    """Stream and content of each entry that Promtail would send for the container falco."""
    (folder / "audit.log").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    labels = {"namespace": "n", "container": "falco", "__path__": f"{folder}/{names}"}
    scrape = {key: job[key] for key in ("job_name", "pipeline_stages")} | {"static_configs": [{"labels": labels}]}
    config = {
        "server": {"disable": True},
        "clients": [{"url": "http://127.0.0.1:1"}],
        "positions": {"filename": f"{folder}/positions.yaml"},
        "scrape_configs": [scrape],
    }
    (folder / "promtail.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        local.PARTS / "loki" / "promtail",
        f"-config.file={folder}/promtail.yaml",
        "-dry-run",
        "-target.sync-period=1s",
    ]
    printed = folder / "printed"
    # It tails until it is stopped; a dry run writes no positions, and prints its last entries when it ends.
    with printed.open("w") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL) as promtail:
        try:
            wait_for("Promtail's first entry", lambda: SEEN.search(printed.read_text(encoding="utf-8")), 60)
            time.sleep(1)
        finally:
            promtail.terminate()
    return SEEN.findall(printed.read_text(encoding="utf-8"))


def test_cri_lines_are_parsed_and_long_ones_joined(job, tmp_path):
    lines = [
        "2026-11-23T21:00:00.000000001Z stderr F one",
        "2026-11-23T21:00:00.000000002Z stdout P first part,",
        "2026-11-23T21:00:00.000000003Z stdout P second part,",
        "2026-11-23T21:00:00.000000004Z stdout F last part",
    ]
    assert read_by_promtail(job, tmp_path, lines) == [("stderr", "one"), ("stdout", "first part,second part,last part")]


def test_lines_of_docker_are_parsed(job, tmp_path):
    lines = [
        r'{"log":"hello\n","stream":"stderr","time":"2026-11-23T21:00:00.000000001Z"}',
        # An application may print what looks like a line of the other kind.
        r'{"log":"2026-11-23T21:00:00.000000009Z stdout F x\n","stream":"stdout","time":"2026-11-23T21:00:00.000000002Z"}',
    ]
    entries = [entry for entry in read_by_promtail(job, tmp_path, lines) if entry != ("", "")]
    assert entries == [("stderr", "hello"), ("stdout", "2026-11-23T21:00:00.000000009Z stdout F x")]


def test_json_of_an_application_stays_as_it_is(job, tmp_path):
    text = r'{"log":"mine","stream":"mine","time":"2020-01-01T00:00:00Z"}'
    assert read_by_promtail(job, tmp_path, [f"2026-11-23T21:00:00.000000001Z stdout F {text}"]) == [("stdout", text)]


def test_tokens_are_masked(job, tmp_path):
    written = [line.replace("%s", token) for line, token in token_lines.WITH_A_SECRET] + list(token_lines.HARMLESS)
    lines = [f"2026-11-23T21:00:00.{number:09}Z stdout F {text}" for number, text in enumerate(written)]
    read = [text for _stream, text in read_by_promtail(job, tmp_path, lines) if text]
    assert len(read) == len(written)
    assert [
        text for text, (_line, token) in zip(read, token_lines.WITH_A_SECRET) if token in text or "***" not in text
    ] == []


def test_secrets_on_the_command_lines_of_falcos_events_are_masked(job, tmp_path):
    events = [line.replace("%s", command_lines.SECRET) for line in command_lines.WITH_A_SECRET]
    written = [
        f"2026-11-23T21:00:00.{number:09}Z stdout F {command_lines.event(line)}" for number, line in enumerate(events)
    ]
    read = [text for _stream, text in read_by_promtail(job, tmp_path, written) if text]
    assert len(read) == len(events)
    assert [text for text in read if command_lines.SECRET in text or "***" not in text] == []
    # Nothing but the secret goes.
    assert {tuple(json.loads(text)["output_fields"]) for text in read} == {
        ("proc.cmdline", "k8s.pod.name", "proc.pname")
    }


def test_other_events_stay_as_they_are(job, tmp_path):
    events = [command_lines.event(line) for line in command_lines.HARMLESS]
    written = [f"2026-11-23T21:00:00.{number:09}Z stdout F {text}" for number, text in enumerate(events)]
    assert [text for _stream, text in read_by_promtail(job, tmp_path, written) if text] == events


def test_the_audit_log_is_read_with_its_rotated_files(tmp_path):
    inputs = {"loki_stack_audit_log": "kubeadm", "loki_stack_mask_tokens": False}
    job = local.role_value("__loki_stack_audit_job", tmp_path, "audit", "masks", **inputs)
    folder, _, names = job["static_configs"][0]["labels"]["__path__"].rpartition("/")
    assert folder == "/var/log/kubernetes/audit"
    for name in ("audit-2026-11-23T21-00-03.000.log", "other.log"):
        (tmp_path / name).write_text(f"{name}\n", encoding="utf-8")
    read = read_by_promtail(job, tmp_path, ["now"], names)
    assert sorted(text for _stream, text in read) == ["audit-2026-11-23T21-00-03.000.log", "now"]
