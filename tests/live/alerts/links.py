# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links of the pipeline, cut for a while; each gives the moment from which on it is cut."""

from __future__ import annotations

import contextlib
import re
import time
import typing as t

import yaml

from .stack import RECEIVER, Stack, wait

NAMESPACE = "monitoring"
POD = "loki-0"
_MEGABYTES = 1e-6
# The image of the lab's stand-in for Falco has no rule of this name, which would take the place of the deleted one.
RULE = "Contact K8S API Server From Container"


@contextlib.contextmanager
def without_rule(stack: Stack) -> t.Iterator[float]:
    """Falco without one of its rules, as after a file was edited by hand."""
    before = stack.core.read_namespaced_config_map("falco-rules", "falco").data
    name = min(before)
    text = re.sub(rf"(?ms)^- rule: {RULE}$.*?(?=^(?:- |# )|\Z)", "", before[name])
    assert text != before[name]
    stack.core.patch_namespaced_config_map("falco-rules", "falco", {"data": {name: text}})
    try:
        stack._restart_falco()
        yield time.monotonic()
    finally:
        stack.core.patch_namespaced_config_map("falco-rules", "falco", {"data": {name: before[name]}})
        stack._restart_falco()


@contextlib.contextmanager
def without_target(stack: Stack) -> t.Iterator[float]:
    """A receiver that Prometheus does not scrape."""

    def scrape(value: str) -> None:
        body = {"metadata": {"annotations": {"prometheus.io/scrape": value}}}
        stack.core.patch_namespaced_service(RECEIVER, "falco", body)

    scrape("false")
    try:
        yield time.monotonic()
    finally:
        scrape("true")


@contextlib.contextmanager
def without_agent(stack: Stack) -> t.Iterator[float]:
    sets = [one.metadata.name for one in stack.apps.list_namespaced_daemon_set("monitoring").items]
    (agent,) = [name for name in sets if re.match("otel|promtail|alloy", name)]
    with stack.banned(agent, "monitoring") as since:
        yield since


def bad_receiver(stack: Stack) -> contextlib.AbstractContextManager[float]:
    return stack.bad_receiver("500")


@contextlib.contextmanager
def full_loki(stack: Stack) -> t.Iterator[float]:
    """It answers questions, and refuses every line with 429."""
    before = stack.core.read_namespaced_config_map("loki", NAMESPACE).data
    config = yaml.safe_load(before["config.yaml"])
    config.setdefault("limits_config", {}).update(ingestion_rate_mb=_MEGABYTES, ingestion_burst_size_mb=_MEGABYTES)
    try:
        _restart(stack, {"config.yaml": yaml.safe_dump(config)})
        yield time.monotonic()
    finally:
        _restart(stack, before)


def _restart(stack: Stack, data: dict[str, str]) -> None:
    stack.core.patch_namespaced_config_map("loki", NAMESPACE, {"data": data})
    old = stack.core.read_namespaced_pod(POD, NAMESPACE).metadata.uid
    stack.core.delete_namespaced_pod(POD, NAMESPACE)
    wait("Loki is ready again", lambda: _ready(stack, old), 180)


def _ready(stack: Stack, old: str) -> bool:
    """Whether another pod has taken the old one's place."""
    for pod in stack.core.list_namespaced_pod(NAMESPACE, field_selector=f"metadata.name={POD}").items:
        ready = [one for one in pod.status.conditions or [] if one.type == "Ready" and one.status == "True"]
        return bool(ready) and pod.metadata.uid != old
    return False
