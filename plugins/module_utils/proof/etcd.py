# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: etcd's log is searchable."""

from __future__ import annotations

import time
import typing as t

from .queries import Queries
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 1
# A cluster that compacts every 5 minutes, the API server's default, shows two compactions in it.
_BACK_SECONDS = 900
NAME = '{container="etcd"} |= "compaction"'
# etcd's start-up line names its settings, "auto-compaction-mode" among them, and would prove nothing.
_EXPRESSION = '{container="etcd"} |= "finished scheduled compaction"'


def etcd_lines(watch: Watch, queries: Queries) -> t.Iterator[dict]:
    def probe() -> float:
        entries = queries.lines(_EXPRESSION, _BACK_SECONDS)
        if not entries:
            raise NotYet(f"{_EXPRESSION} has no line in Loki")
        return max(entry.at for entry in entries)

    def describe(newest: float) -> str:
        return f"finished scheduled compaction, newest line {max(0.0, time.time() - newest):.0f} s old"

    yield observe(watch, NAME, probe, _EVERY_SECONDS, describe)
