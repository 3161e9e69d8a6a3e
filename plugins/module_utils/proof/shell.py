# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks: a shell with a terminal becomes a Falco event, in Loki and in Prometheus."""

from __future__ import annotations

import re
import threading
import time
import typing as t

from ..grafana_proof_route import RULE
from .pod import MarkedPod
from .queries import Queries, as_json
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 0.25
# A sensor that has just started can miss the first shell. Once an event was seen, what is missing is most likely a scrape.
_REPEAT_SECONDS = 5
_MORE_SECONDS_AFTER_EVENT = 25
# The current variant's receiver has the one, the classic variant's the other. A second Falco on the node sees the same shell, and its
# receiver counts it in another namespace.
COUNTED = '{{__name__=~"falcosecurity_falcosidekick_falco_events_total|falco_events",namespace="{}",rule="{}",k8s_pod_name="{}"}}'
LOKI = "a shell's Falco event reaches Loki"
PROMETHEUS = "a shell's Falco event reaches Prometheus' counter"


class Shells:
    """Starts a shell in the marked pod again and again until both ends have seen an event."""

    def __init__(self, watch: Watch, pod: MarkedPod, settle: t.Callable[[Watch], None]) -> None:
        """settle waits until an event would reach those who are asked for it."""
        self.pod = pod
        self.started: list[float] = []
        self._watch = watch
        self._settle = settle
        self._missing = {LOKI, PROMETHEUS}
        self._error = ""
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self.pod.wait_running()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            self._settle(self._watch)
        except Exception as exc:  # the checks tell it
            self._error = f"; {exc}"
            return
        while not self._over.is_set() and not self._watch.over():
            self.started.append(time.monotonic())
            try:
                self.pod.start_shell(len(self.started))
                self._error = ""
            except Exception as exc:  # the next one may start; the checks tell the reason if none did
                self._error = f", the last one failed: {exc}"
            self._rest(_REPEAT_SECONDS)
            if LOKI not in self._missing:
                self._rest(_MORE_SECONDS_AFTER_EVENT)

    def _rest(self, seconds: float) -> None:
        self._over.wait(min(seconds, self._watch.left()))

    def seen(self, end: str) -> None:
        self._missing.discard(end)
        if not self._missing:
            self._over.set()

    def not_yet(self, text: str) -> NotYet:
        return NotYet(f"{text}; shells started: {len(self.started)}{self._error}")


class _Event(t.NamedTuple):
    shell: int
    priority: str


def shell_in_loki(watch: Watch, queries: Queries, shells: Shells, falco_namespace: str) -> t.Iterator[dict]:
    shells.start()
    pod = shells.pod
    expression = f'{{namespace="{falco_namespace}",container="falco"}} |= "{RULE}" |= "{pod.name}"'

    def probe() -> _Event:
        entries = queries.lines(expression)
        if not entries:
            raise shells.not_yet(f"{expression} has no line in Loki")
        text = min(entries, key=lambda entry: entry.at).text
        # Each shell carries its number in its command line.
        number = re.search(re.escape(pod.marker) + r"-(\d+)", text)
        return _Event(int(number.group(1)) if number else 1, as_json(text).get("priority", "unknown"))

    yield observe(
        watch,
        LOKI,
        probe,
        _EVERY_SECONDS,
        lambda event: f"rule {RULE!r}, priority {event.priority}; shell {event.shell} of {len(shells.started)}",
        since=lambda event: shells.started[event.shell - 1],
    )
    shells.seen(LOKI)


def shell_in_prometheus(watch: Watch, queries: Queries, shells: Shells, falco_namespace: str) -> t.Iterator[dict]:
    shells.start()
    expression = f"sum({COUNTED.format(falco_namespace, RULE, shells.pod.name)})"

    def probe() -> float:
        samples = queries.samples(expression)
        if not samples or samples[0].value < 1:
            raise shells.not_yet(f"{expression} has no value")
        return samples[0].value

    yield observe(
        watch,
        PROMETHEUS,
        probe,
        _EVERY_SECONDS,
        lambda value: f"{expression} = {value:g}; shells started: {len(shells.started)}, timed from the first",
        since=lambda value: shells.started[0],
    )
    shells.seen(PROMETHEUS)
