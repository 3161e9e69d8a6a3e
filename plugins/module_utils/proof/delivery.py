# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: each event of the run's own pod that Falco logged was delivered too.

Falco stays green and says nothing while a receiver loses everything, so its log and the receiver's counter, which
travel on two ways, are compared. Only the run's own events count, so nothing has to be known about others.
"""

from __future__ import annotations

import typing as t

from .queries import Queries
from .shell import COUNTED, RULE, Shells
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 0.5
NAME = "every event in Falco's log was delivered"


def delivery(watch: Watch, queries: Queries, shells: Shells, falco_namespace: str) -> t.Iterator[dict]:
    shells.start()
    pod = shells.pod
    logged_lines = f'{{namespace="{falco_namespace}",container="falco"}} |= "{RULE}" |= "{pod.name}"'
    counter = f"sum({COUNTED.format(falco_namespace, RULE, pod.name)})"

    def probe() -> int:
        # The log first: an event that happens in between makes the counter larger and is asked for again.
        logged = queries.count(logged_lines)
        samples = queries.samples(counter)
        counted = int(samples[0].value) if samples else 0
        if not logged or counted != logged:
            raise NotYet(f"Falco's log has {logged} events of pod {pod.name}, the receiver counted {counted}")
        return logged

    yield observe(
        watch,
        NAME,
        probe,
        _EVERY_SECONDS,
        lambda events: f"pod {pod.name}: {events} in Falco's log, {events} counted by the receiver",
        since=lambda events: shells.started[0],
    )
