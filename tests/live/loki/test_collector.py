# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real OpenTelemetry Collector, built by the lab, makes of files as container runtimes write them."""

from __future__ import annotations

import gzip
import json

import command_lines
import pytest
import token_lines

from . import collector, local
from .cluster import wait_for
from .collector import Line


@pytest.fixture(scope="module")
def role_config(tmp_path_factory):
    return local.collector_config(tmp_path_factory.mktemp("collector"))


@pytest.fixture
def read(role_config, tmp_path):
    """Lines of files, as the collector sends them, for a container of the pod p in namespace n."""

    def _read(files: dict[str, bytes], count: int, container: str = "app") -> list[Line]:
        folder = tmp_path / "pods" / "n_p_uid" / container
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        with collector.running(role_config, tmp_path, {"/var/log/pods": tmp_path / "pods"}) as sink:
            wait_for(f"{count} lines", lambda: len(sink.lines) >= count, 60)
        labels = {"namespace": "n", "pod": "p", "container": container, "app": "p", "job": "n/p", "node_name": "node"}
        for one in sink.labels:
            assert {"stream": ""} | one == labels | {"service.name": "p", "stream": one.get("stream", "")}
        return sorted(sink.lines, key=lambda line: line.stamp)

    return _read


def cri(*lines: str) -> bytes:
    """Lines of a CRI runtime, a nanosecond apart."""
    return "".join(f"2026-11-23T21:00:00.{n:09}Z {line}\n" for n, line in enumerate(lines)).encode()


def texts(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line.stream, line.text) for line in lines]


def test_cri_lines_are_parsed_and_long_ones_joined(read):
    written = cri(
        "stderr F one ", "stdout P first,", "stdout P second,", "stdout F last", "stdout F ", "stdout F a stdout P"
    )
    lines = read({"0.log": written}, 4)
    assert texts(lines) == [
        ("stderr", "one "),
        ("stdout", "first,second,last"),
        ("stdout", ""),
        ("stdout", "a stdout P"),
    ]
    assert lines[0].stamp == 1795467600000000000


def test_lines_of_docker_are_parsed_and_long_ones_joined(read):
    written = rb"""{"log":"hello\n","stream":"stderr","time":"2026-11-23T21:00:00.000000001Z"}
{"log":"2026-11-23T21:00:00.000000009Z stdout F x\n","stream":"stdout","time":"2026-11-23T21:00:00.000000002Z"}
{"log":"first \"part\", ","stream":"stdout","time":"2026-11-23T21:00:00.000000003Z"}
{"log":"last part\n","stream":"stdout","time":"2026-11-23T21:00:00.000000004Z"}
"""
    assert texts(read({"0.log": written}, 3)) == [
        ("stderr", "hello"),
        ("stdout", "2026-11-23T21:00:00.000000009Z stdout F x"),
        ("stdout", 'first "part", last part'),
    ]


def test_streams_that_interleave_in_parts_stay_apart(read):
    written = cri(
        "stdout P out 1,", "stderr F err 1", "stdout P out 2,", "stdout P out 3,", "stderr P err 2,", "stdout F out 4",
        "stderr F err 3",
        "stderr P a stdout P,", "stderr F b stdout F",
    )  # fmt: skip
    # A line that another stream interrupts is as many lines as that; nothing of it is lost, in another line, or elsewhere in order.
    assert texts(read({"0.log": written}, 6)) == [
        ("stdout", "out 1,"),
        ("stderr", "err 1"),
        ("stdout", "out 2,out 3,out 4"),
        ("stderr", "err 2,"),
        ("stderr", "err 3"),
        ("stderr", "a stdout P,b stdout F"),
    ]


def test_streams_of_docker_that_interleave_in_parts_stay_apart(read):
    written = rb"""{"log":"out 1 ,\"stream\":\"stderr\" stderr F, ","stream":"stdout","time":"2026-11-23T21:00:00.000000001Z"}
{"log":"err\n","stream":"stderr","time":"2026-11-23T21:00:00.000000002Z"}
{"log":"out 2\n","stream":"stdout","time":"2026-11-23T21:00:00.000000003Z"}
"""
    assert texts(read({"0.log": written}, 3)) == [
        ("stdout", 'out 1 ,"stream":"stderr" stderr F, '),
        ("stderr", "err"),
        ("stdout", "out 2"),
    ]


def test_what_no_runtime_wrote_is_kept(read):
    written = b"torn\n\nand more\n" + cri("stderr F whole")
    assert texts(read({"0.log": written}, 2)) == [("", "torn\n\nand more\n"), ("stderr", "whole")]


def test_json_of_an_application_stays_as_it_is(read):
    text = r'{"log":"mine","stream":"mine","time":"2020-01-01T00:00:00Z"}'
    assert texts(read({"0.log": cri(f"stdout F {text}")}, 1)) == [("stdout", text)]


def test_what_was_rotated_and_compressed_is_read(read):
    files = {
        "0.log": b"2026-11-23T21:00:03Z stdout F new\n",
        "0.log.20261123-210002": b"2026-11-23T21:00:02Z stdout F rotated\n",
        "0.log.20261123-210001.gz": gzip.compress(b"2026-11-23T21:00:01Z stdout F compressed\n"),
        "0.log.20261123-210002.tmp": b"2026-11-23T21:00:02Z stdout F half\n",
    }
    assert [line.text for line in read(files, 3)] == ["compressed", "rotated", "new"]


def test_one_request_is_under_way_at_a_time(role_config, tmp_path):
    """Of two requests of one stream at a time Loki may not find the earlier one again when it reads its write-ahead log after a kill."""
    file = tmp_path / "pods" / "n_p_uid" / "app" / "0.log"
    file.parent.mkdir(parents=True)
    file.write_bytes(cri(*(f"stdout F {number}" for number in range(500))))
    with collector.running(role_config, tmp_path, {"/var/log/pods": tmp_path / "pods"}) as sink:
        sink.takes = 0.2
        wait_for("all lines", lambda: len(sink.lines) >= 500, 60)
    assert [int(line.text) for line in sink.lines] == list(range(500))
    assert len(sink.under_way) >= 5 and not any(sink.under_way)


def test_tokens_are_masked_and_nothing_else(read):
    secret, harmless = token_lines.WITH_A_SECRET, token_lines.HARMLESS
    written = [line.replace("%s", token) for line, token in secret] + list(harmless)
    expected = [line.replace("%s", "***") for line, _token in secret] + list(harmless)
    lines = read({"0.log": cri(*(f"stdout F {text}" for text in written))}, len(written))
    assert [line.text for line in lines] == expected


def test_secrets_on_the_command_lines_of_falcos_events_are_masked(read):
    events = [command_lines.event(line.replace("%s", command_lines.SECRET)) for line in command_lines.WITH_A_SECRET]
    events += [command_lines.event(line) for line in command_lines.HARMLESS]
    lines = [line.text for line in read({"0.log": cri(*(f"stdout F {text}" for text in events))}, len(events), "falco")]
    masked, harmless = lines[: len(command_lines.WITH_A_SECRET)], lines[len(command_lines.WITH_A_SECRET) :]
    assert [text for text in masked if command_lines.SECRET in text or "***" not in text] == []
    # Nothing but the secret goes.
    assert {tuple(json.loads(text)["output_fields"]) for text in masked} == {
        ("proc.cmdline", "k8s.pod.name", "proc.pname")
    }
    assert harmless == events[len(masked) :]
