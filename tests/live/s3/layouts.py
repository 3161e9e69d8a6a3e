# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""At which addresses the parts of each layout run, by which names they find each other, and lines that are sent to them."""

from __future__ import annotations

import itertools
import time

from ..loki.cluster import wait_for
from . import configuration
from .processes import Loki

REPLICAS = ["127.0.0.11", "127.0.0.12", "127.0.0.13"]
WRITERS, READER, BACKEND = ["127.0.0.21", "127.0.0.22", "127.0.0.23"], "127.0.0.24", "127.0.0.25"
NAMES = {configuration.MEMBERS: REPLICAS, "loki.monitoring.svc.cluster.local": REPLICAS}
SCALED_NAMES = {
    configuration.MEMBERS: [*WRITERS, READER, BACKEND],
    configuration.INDEX["simple_scalable"]: [BACKEND],
    "loki-backend.monitoring.svc.cluster.local": [BACKEND],
    "loki-query-scheduler-discovery.monitoring.svc": [BACKEND],
}
INGESTERS, DISTRIBUTOR, QUERIER = ["127.0.0.31", "127.0.0.32", "127.0.0.33"], "127.0.0.34", "127.0.0.35"
FRONTEND, SCHEDULER, INDEX, COMPACTOR = "127.0.0.36", "127.0.0.37", "127.0.0.38", "127.0.0.39"
DISTRIBUTED = {
    **dict.fromkeys(INGESTERS, "ingester"),
    DISTRIBUTOR: "distributor",
    QUERIER: "querier",
    FRONTEND: "query-frontend",
    SCHEDULER: "query-scheduler",
    INDEX: "index-gateway",
    COMPACTOR: "compactor",
}
DISTRIBUTED_NAMES = {
    configuration.MEMBERS: list(DISTRIBUTED),
    configuration.INDEX["distributed"]: [INDEX],
    configuration.SCHEDULERS: [SCHEDULER],
    "loki-compactor.monitoring.svc.cluster.local": [COMPACTOR],
    "loki-querier.monitoring.svc": [QUERIER],
}
LINES, BATCH = 1000, 10


def push(to: list[Loki], name: str, after=lambda batch: None) -> set[str]:
    """Lines that were acknowledged; what one Loki does not take is sent to the next one, as an agent sends it again."""
    taken, turns = set(), itertools.cycle(to)
    for batch in range(LINES // BATCH):
        lines = [f"{name} {batch * BATCH + n}" for n in range(BATCH)]
        wait_for(f"an acknowledgement of batch {batch}", lambda lines=lines: next(turns).push(lines), 60)
        taken |= set(lines)
        after(batch)
    return taken


def missing(loki: Loki, lines: set[str]) -> set[str]:
    """What Loki does not find within a minute."""
    end = time.monotonic() + 60
    while (left := lines - loki.lines()) and time.monotonic() < end:
        time.sleep(1)
    return left
