# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real Promtail, built by the lab, makes of lines as container runtimes write them."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import yaml
from cluster import wait_for

TOP = Path(__file__).parents[2]
SCRAPE_CONFIGS = TOP / "roles" / "loki_stack" / "files" / "promtail_scrape_configs.snippet"
PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
SEEN = re.compile(r'^\S+\s+\{namespace="n"(?:, stream="(\w+)")?\}(.*)$', re.MULTILINE)


def read_by_promtail(folder: Path, lines: list[str]) -> list[tuple[str, str]]:
    """Stream and content of each entry that Promtail would send."""
    (folder / "0.log").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (job,) = yaml.safe_load(SCRAPE_CONFIGS.read_text(encoding="utf-8"))
    labels = {"namespace": "n", "__path__": f"{folder}/*.log"}
    scrape = {key: job[key] for key in ("job_name", "pipeline_stages")} | {"static_configs": [{"labels": labels}]}
    config = {
        "server": {"disable": True},
        "clients": [{"url": "http://127.0.0.1:1"}],
        "positions": {"filename": f"{folder}/positions.yaml"},
        "scrape_configs": [scrape],
    }
    (folder / "promtail.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        PARTS / "loki" / "promtail",
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


def test_cri_lines_are_parsed_and_long_ones_joined(tmp_path):
    lines = [
        "2026-11-23T21:00:00.000000001Z stderr F one",
        "2026-11-23T21:00:00.000000002Z stdout P first part,",
        "2026-11-23T21:00:00.000000003Z stdout P second part,",
        "2026-11-23T21:00:00.000000004Z stdout F last part",
    ]
    assert read_by_promtail(tmp_path, lines) == [("stderr", "one"), ("stdout", "first part,second part,last part")]


def test_lines_of_docker_are_parsed(tmp_path):
    lines = [
        r'{"log":"hello\n","stream":"stderr","time":"2026-11-23T21:00:00.000000001Z"}',
        # An application may print what looks like a line of the other kind.
        r'{"log":"2026-11-23T21:00:00.000000009Z stdout F x\n","stream":"stdout","time":"2026-11-23T21:00:00.000000002Z"}',
    ]
    entries = [entry for entry in read_by_promtail(tmp_path, lines) if entry != ("", "")]
    assert entries == [("stderr", "hello"), ("stdout", "2026-11-23T21:00:00.000000009Z stdout F x")]


def test_json_of_an_application_stays_as_it_is(tmp_path):
    text = r'{"log":"mine","stream":"mine","time":"2020-01-01T00:00:00Z"}'
    assert read_by_promtail(tmp_path, [f"2026-11-23T21:00:00.000000001Z stdout F {text}"]) == [("stdout", text)]
