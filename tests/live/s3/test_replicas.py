# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three replicas of the real Loki with their lines in S3: what a killed one costs, empty volumes, and the way from simple scalable."""

from __future__ import annotations

import itertools
import secrets
import time

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.schema import periods

from ..loki.cluster import wait_for
from . import configuration
from .processes import BUCKET, Loki, running, s3

REPLICAS = ["127.0.0.11", "127.0.0.12", "127.0.0.13"]
WRITERS, READER, BACKEND = ["127.0.0.21", "127.0.0.22", "127.0.0.23"], "127.0.0.24", "127.0.0.25"
NAMES = {configuration.MEMBERS: REPLICAS, "loki.monitoring.svc.cluster.local": REPLICAS}
SCALED_NAMES = {
    configuration.MEMBERS: [*WRITERS, READER, BACKEND],
    configuration.INDEX: [BACKEND],
    "loki-backend.monitoring.svc.cluster.local": [BACKEND],
    "loki-query-scheduler-discovery.monitoring.svc": [BACKEND],
}
LINES, BATCH = 1000, 10


@pytest.fixture
def inputs():
    return {
        "loki_stack_agent": "promtail",
        "loki_stack_s3_bucket": BUCKET,
        "loki_stack_s3_access_key": "access",
        "loki_stack_s3_secret_key": secrets.token_hex(16),
    }


@pytest.fixture
def keys(inputs):
    return configuration.keys(inputs)


@pytest.fixture
def store(tmp_path, inputs, keys):
    with s3(tmp_path, keys) as server:
        inputs["loki_stack_s3_endpoint"] = server.url
        yield server


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


def test_a_killed_replica_and_empty_volumes_cost_no_acknowledged_line(tmp_path, inputs, store, keys):
    config = configuration.of_the_role(tmp_path / "chart", inputs)
    lokis = [Loki(tmp_path, address) for address in REPLICAS]
    *others, victim = lokis
    with running(lokis, config, NAMES, keys):
        taken = push(lokis, "line", after=lambda batch: victim.kill() if batch == LINES // BATCH // 2 else None)
        assert [missing(loki, taken) for loki in others] == [set(), set()]
        print(f"one of three killed: the others find {len(taken)} of {len(taken)} acknowledged lines")
        assert not store.chunks()
        assert [loki.ask("flush", {})[0] for loki in others] == [204, 204]
        wait_for("chunks of all lines in S3", lambda: written(others) >= len(taken), 60)
        chunks = store.chunks()
        assert chunks
        size = sum(chunk.stat().st_size for chunk in chunks)
        print(
            f"after a flush: {len(chunks)} chunks in S3, {size} bytes, {written(others):.0f} lines of {len(others)} replicas"
        )
        print(f"stopped in {', '.join(f'{loki.stop():.1f}' for loki in others)} s")
    with running(lokis, config, NAMES, keys):
        assert [missing(loki, taken) for loki in lokis] == [set()] * 3
        print(f"with empty volumes: each of {len(lokis)} replicas finds {len(taken)} lines in S3")


def written(lokis: list[Loki]) -> float:
    """Lines in the chunks that were written to S3."""
    return sum(loki.metric("loki_ingester_chunk_entries_sum") for loki in lokis)


class Cluster:
    """Double of the reader of a cluster, which has this configuration of Loki."""

    def __init__(self, config: dict) -> None:
        self.config = config

    def one(self, kind: str, _version: str, name: str, _namespace: str) -> dict | None:
        return {"data": {"config.yaml": yaml.safe_dump(self.config)}} if (kind, name) == ("ConfigMap", "loki") else None


def test_from_simple_scalable_to_replicas(tmp_path, inputs, store, keys):
    # Not those of a new Loki.
    older = {"from": "2024-01-01", "store": "tsdb", "object_store": "s3", "schema": "v13"}
    older |= {"index": {"prefix": "older_", "period": "24h"}}
    scaled = {"loki_stack_mode": "simple_scalable", "__loki_stack_deployment": {"schema_periods": [older]}}
    config = configuration.of_the_role(tmp_path / "scaled", inputs | scaled)
    writers = [Loki(tmp_path, address, "write") for address in WRITERS]
    reader, backend = Loki(tmp_path, READER, "read"), Loki(tmp_path, BACKEND, "backend")
    with running([*writers, reader, backend], config, SCALED_NAMES, keys):
        taken = push(writers, "old")
        assert missing(reader, taken) == set()
        assert not store.chunks()
        seconds = [loki.stop() for loki in (*writers, reader, backend)]
    print(f"simple scalable stopped in {max(seconds):.1f} s at most: {len(store.chunks())} chunks in S3")
    kept = periods(Cluster(config), "monitoring", "monolithic_s3")
    assert kept == [older]
    config = configuration.of_the_role(
        tmp_path / "chart", inputs | {"__loki_stack_deployment": {"schema_periods": kept}}
    )
    lokis = [Loki(tmp_path, address) for address in REPLICAS]
    *others, victim = lokis
    with running(lokis, config, NAMES, keys):
        assert [missing(loki, taken) for loki in lokis] == [set()] * 3
        print(f"each of {len(lokis)} replicas finds {len(taken)} of {len(taken)} lines of simple scalable")
        victim.kill()
        taken |= push(others, "new")
        assert [missing(loki, taken) for loki in others] == [set(), set()]
        print(f"one of three killed: the others take all pushes and find {len(taken)} of {len(taken)} lines")
