"""The recording rules give the same series whoever counts Falco's events; evaluated by promtool."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

RULES = Path(__file__).parents[3] / "roles/metrics_stack/files/rules/falco_events.yml"
PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
INCREASE = "runtime_security:falco_events:increase15s"
POD = {"k8s_ns_name": "shop", "k8s_pod_name": "cart-0"}
RECEIVER = 'job="receiver", instance="10.0.0.1:2810"'
SENSOR = 'job="sensor", instance="10.0.0.2:8765"'


def falcosidekick(number, rule="R"):
    return (
        f'falcosecurity_falcosidekick_falco_events_total{{{RECEIVER}, priority="{8 - number}", '
        f'priority_raw="{PRIORITIES[number]}", rule="{rule}", source="syscall", hostname="node-1", '
        'k8s_ns_name="shop", k8s_pod_name="cart-0"}'
    )


def exporter(number, rule="R"):
    return (
        f'falco_events{{{RECEIVER}, priority="{number}", rule="{rule}", source="syscall", hostname="node-1", '
        'k8s_ns_name="shop", k8s_pod_name="cart-0", tags=",a,b,"}'
    )


def falco(number, rule="R"):
    return (
        f'falcosecurity_falco_rules_matches_total{{{SENSOR}, priority="{number}", rule_name="{rule}", '
        'source="syscall", node="node-1", tag_shell="true"}'
    )


def recorded(number, counted_by="receiver", rule="R"):
    labels = {
        "__name__": INCREASE,
        "counted_by": counted_by,
        "hostname": "node-1",
        "priority": PRIORITIES[number],
        "priority_number": str(number),
        "rule": rule,
        "source": "syscall",
    }
    return labels | (POD if counted_by == "receiver" else {})


def watched(since="1x40"):
    """Both targets are scraped; since lets the first scrape come later."""
    return {f"up{{{target}}}": since for target in (RECEIVER, SENSOR)}


def text(labels):
    name = labels.get("__name__", "")
    return name + "{" + ", ".join(f'{key}="{value}"' for key, value in labels.items() if key != "__name__") + "}"


@pytest.fixture
def promtool(tmp_path):
    """Runs the rules over the given series, one value each 15 s, and compares what queries answer."""
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    cached = cached / "runtime-security/lab/parts/prometheus/promtool"
    program = os.environ.get("PROMTOOL") or shutil.which("promtool") or (str(cached) if cached.exists() else None)
    assert program, "promtool is missing: put it in PATH, name it in $PROMTOOL, or build the lab's (lab/build.py)"

    def evaluate(series, *expected):
        """Each expected is (query, seconds, [(labels, value), ...])."""
        queries = [
            {
                "expr": query,
                "eval_time": f"{seconds}s",
                "exp_samples": [{"labels": text(labels), "value": value} for labels, value in samples],
            }
            for query, seconds, samples in expected
        ]
        given = [{"series": name, "values": values} for name, values in series.items()]
        test = {
            "rule_files": [str(RULES)],
            "evaluation_interval": "15s",
            "tests": [{"interval": "15s", "input_series": given, "promql_expr_test": queries}],
        }
        file = tmp_path / "test.yml"
        file.write_text(yaml.safe_dump(test), encoding="utf-8")
        run = subprocess.run([program, "test", "rules", file], check=False, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr

    evaluate.program = program
    return evaluate


def test_promtool_finds_nothing_wrong(promtool):
    run = subprocess.run([promtool.program, "check", "rules", RULES], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("scheme", [falcosidekick, exporter, falco], ids=lambda scheme: scheme.__name__)
def test_every_priority_of_every_scheme_is_mapped(promtool, scheme):
    counted_by = "sensor" if scheme is falco else "receiver"
    # Emergency grows by 1 each 15 s, alert by 2 ...
    series = {scheme(number): f"0+{number + 1}x8" for number in range(8)}
    promtool(
        series | watched(),
        (INCREASE, 60, [(recorded(number, counted_by), number + 1) for number in range(8)]),
    )


def test_a_counter_that_starts_with_its_first_event_counts_that_event(promtool):
    series = {falcosidekick(2): "_ _ _ _ 1x8", falco(2): "_ _ _ _ 1x8"}
    total = f"sum by (counted_by) (sum_over_time({INCREASE}[150s]))"
    promtool(
        series | watched(),
        (INCREASE, 60, [(recorded(2), 1), (recorded(2, "sensor"), 1)]),
        (INCREASE, 75, [(recorded(2), 0), (recorded(2, "sensor"), 0)]),
        (total, 150, [({"counted_by": "receiver"}, 1), ({"counted_by": "sensor"}, 1)]),
    )


def test_a_restart_counts_what_came_after_it(promtool):
    promtool(
        {falcosidekick(4): "7 7 7 2 2 2"} | watched(),
        (f"sum(sum_over_time({INCREASE}[60s]))", 75, [({}, 2)]),
    )


def test_a_scrape_that_fails_loses_and_doubles_nothing(promtool):
    series = {falcosidekick(4): "3 3 _ _ 5 5", f"up{{{RECEIVER}}}": "1 1 0 0 1 1"}
    promtool(series, (f"sum(sum_over_time({INCREASE}[60s]))", 75, [({}, 2)]))


@pytest.mark.parametrize(("age", "counted"), [(30, 9), (4000, 0)], ids=["young", "old"])
def test_what_a_target_had_counted_before_its_first_scrape(promtool, age, counted):
    """A young target's events are new ones; an old one's belong to a time nobody watched."""
    start = {f"process_start_time_seconds{{{RECEIVER}}}": f"{-age}x10"}
    uptime = {f"falcosecurity_falco_duration_seconds_total{{{SENSOR}}}": f"{age}+15x10"}
    samples = [({"counted_by": name}, counted) for name in ("receiver", "sensor")] if counted else []
    growing = f"sum by (counted_by) (sum_over_time({INCREASE}[60s])) > 0"
    promtool(
        {falcosidekick(0): "9x10", falco(0): "9x10"} | start | uptime | watched(),
        (growing, 45, samples),
    )


def test_two_receivers_are_summed(promtool):
    other = falcosidekick(3).replace("10.0.0.1", "10.0.0.9")
    promtool(
        {falcosidekick(3): "0+1x8", other: "0+2x8", 'up{job="receiver", instance="10.0.0.9:2810"}': "1x8"} | watched(),
        (INCREASE, 60, [(recorded(3), 3)]),
    )


def test_the_priorities_are_there_before_the_first_event(promtool):
    names = [
        ({"__name__": "runtime_security:falco_priority", "priority": name, "priority_number": str(number)}, 1)
        for number, name in enumerate(PRIORITIES)
    ]
    promtool(watched(), ("runtime_security:falco_priority", 15, names))
