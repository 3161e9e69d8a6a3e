# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: the API server's audit log is searchable."""

from __future__ import annotations

import typing as t

from .pod import MarkedPod
from .queries import Queries, as_json
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 0.5
NAME = "the audit log is searchable"


def audit_line(watch: Watch, queries: Queries, pod: MarkedPod) -> t.Iterator[dict]:
    pod.wait_running()
    # Starting the pod also makes audit lines for its subresources (binding, status, exec) and its events.
    expression = (
        f'{{container="kube-apiserver"}} |= "audit.k8s.io" |= "{pod.name}" '
        '|= `"verb":"create"` |= `"resource":"pods"` != `"subresource"`'
    )

    def probe() -> dict:
        for entry in queries.lines(expression):
            event = as_json(entry.text)
            if (event.get("objectRef") or {}).get("name") == pod.name:
                return event
        raise NotYet(f"{expression} has no line for the creation of the pod")

    yield observe(
        watch,
        NAME,
        probe,
        _EVERY_SECONDS,
        lambda event: f"creation of pod {pod.name} by {event.get('user', {}).get('username', 'an unnamed user')}",
        since=lambda event: pod.created_at,
    )
