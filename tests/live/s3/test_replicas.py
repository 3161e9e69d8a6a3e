# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three replicas of the real Loki with their lines in S3: what a killed one costs, empty volumes, and the way from simple scalable."""

from __future__ import annotations

import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.schema import periods

from ..loki.cluster import wait_for
from . import configuration
from .layouts import BACKEND, BATCH, LINES, NAMES, READER, REPLICAS, SCALED_NAMES, WRITERS, missing, push
from .processes import Loki, running
from .wire import heard


def test_a_killed_replica_and_empty_volumes_cost_no_acknowledged_line(tmp_path, inputs, store, keys):
    config = configuration.of_the_role(tmp_path / "chart", inputs)
    lokis = [Loki(tmp_path, address) for address in REPLICAS]
    *others, victim = lokis
    with running(lokis, config, NAMES, keys):
        with heard(b"line ", *REPLICAS) as words:
            taken = push(lokis, "line", after=lambda batch: victim.kill() if batch == LINES // BATCH // 2 else None)
        print(
            f"frames on the wire, and those with a line that can be read: {dict(words.frames)}, {dict(words.readable)}"
        )
        assert words.readable[3100] and words.readable[9095]
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
