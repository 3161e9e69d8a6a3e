# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: what a pod prints is found in Loki."""

from __future__ import annotations

import typing as t

from .pod import MarkedPod
from .queries import Queries
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 0.25
NAME = "a pod's log line reaches Loki"


def marker_line(watch: Watch, queries: Queries, pod: MarkedPod) -> t.Iterator[dict]:
    pod.wait_running()
    printed = pod.print_marker()
    expression = f'{{namespace="{pod.namespace}"}} |= "{pod.marker}"'

    def probe() -> int:
        entries = queries.lines(expression)
        if not entries:
            raise NotYet(f"{expression} has no line in Loki")
        return len(entries)

    yield observe(
        watch,
        NAME,
        probe,
        _EVERY_SECONDS,
        lambda count: f"{expression}: {count} line" + ("" if count == 1 else "s"),
        since=lambda count: printed,
    )
