# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema periods of an existing Loki, and a Loki of another kind on the same bucket."""

from __future__ import annotations

import base64

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki import deployment, schema
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki.existing import Existing
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

PERIODS = [
    {"from": "2022-01-11", "store": "boltdb-shipper", "object_store": "s3", "schema": "v12"},
    {"from": "2024-10-01", "store": "tsdb", "object_store": "s3", "schema": "v13"},
]
SCALABLE, DISTRIBUTED, REPLICAS = (
    f"current {layout} claim" for layout in ("simple_scalable", "distributed", "monolithic_s3")
)


class Reader:
    """Has the one configuration of a Loki."""

    def __init__(self, kind="", data=None):
        self._kind, self._data = kind, data

    def one(self, kind, api_version, name, namespace=None):
        return {"data": self._data} if (kind, name) == (self._kind, "loki") else None


def config_map(periods, quote="'"):
    text = yaml.safe_dump({"schema_config": {"configs": periods}})
    return {"config.yaml": text.replace("'", quote)}


@pytest.mark.parametrize("quote", ["'", ""], ids=["text", "date"])
def test_the_periods_of_the_existing_loki_are_kept(quote):
    assert schema.periods(Reader("ConfigMap", config_map(PERIODS, quote)), "monitoring", SCALABLE) == PERIODS


def test_a_configuration_may_be_a_secret():
    data = {"config.yaml": base64.b64encode(config_map(PERIODS)["config.yaml"].encode()).decode()}
    assert schema.periods(Reader("Secret", data), "monitoring", DISTRIBUTED) == PERIODS


@pytest.mark.parametrize("reader", [Reader(), Reader("ConfigMap", {}), Reader("Secret", {"loki.yaml": "eA=="})])
def test_without_a_configuration_there_are_none(reader):
    assert schema.periods(reader, "monitoring", "current monolithic claim") == []


@pytest.mark.parametrize(
    ("store", "kind"), [("gcs", REPLICAS), ("filesystem", REPLICAS), ("s3", "current monolithic claim")]
)
def test_periods_in_another_store_are_refused(store, kind):
    reader = Reader("ConfigMap", config_map([{**PERIODS[0], "object_store": store}]))
    with pytest.raises(WorkError, match=f"keep their lines in {store} .*Nothing was changed. Fix: set loki_stack_mode"):
        schema.periods(reader, "monitoring", kind)


def task(monkeypatch, existing, asked, replace=True):
    """Of a cluster with an existing Loki, whose releases are uninstalled as asked."""
    found = Existing(existing, None, ["alloy"])
    monkeypatch.setattr(deployment.existing, "by_revisions", lambda *_: found)
    monkeypatch.setattr(deployment.existing, "by_sets", lambda *_: found)
    monkeypatch.setattr(deployment, "require_storage_class", lambda *_: None)
    params = {"namespace": "monitoring", "state": "present", "kind": asked, "volume": "", "storage_class": ""}
    params |= {"agents": ["alloy"], "s3_secret": "", "replace": replace, "take_ownership": False}
    made = deployment._Task(params, Mode(check=False, diff=False), Reader("ConfigMap", config_map(PERIODS)))
    monkeypatch.setattr(made, "_uninstalled", lambda _found, names: {"changed": bool(names), "uninstalled": names})
    return made


@pytest.mark.parametrize("asked", [DISTRIBUTED, REPLICAS])
def test_away_from_simple_scalable_the_lines_in_s3_stay(monkeypatch, asked):
    result = task(monkeypatch, SCALABLE, asked).present()
    assert result["uninstalled"] == ["loki", "alloy"]
    assert result["schema_periods"] == PERIODS
    assert "warnings" not in result
    with pytest.raises(WorkError, match="Lost with a replacement: its volume claims, .* Kept: all lines in S3"):
        task(monkeypatch, SCALABLE, asked, replace=False).present()


def test_away_from_a_file_system_nothing_stays(monkeypatch):
    result = task(monkeypatch, "current monolithic claim", REPLICAS).present()
    assert (result["uninstalled"], result["schema_periods"]) == (["loki", "alloy"], [])
    with pytest.raises(WorkError, match="Lost with a replacement: every line in it"):
        task(monkeypatch, "current monolithic claim", REPLICAS, replace=False).present()


def test_promtail_warns_and_names_the_way_out(monkeypatch):
    made = task(monkeypatch, REPLICAS, REPLICAS)
    made._params["agents"] = ["promtail"]
    (warning,) = made.present()["warnings"]
    assert "end of life" in warning and "set it to 'otel'" in warning


def test_promtail_of_the_classic_variant_warns_not(monkeypatch):
    made = task(monkeypatch, "", "classic monolithic claim")
    made._params["agents"] = ["promtail"]
    assert "warnings" not in made.present()


def test_a_removal_takes_the_agents_of_earlier_inputs(monkeypatch):
    made = task(monkeypatch, REPLICAS, REPLICAS)
    made._params["agents"] = ["otel-agent"]
    assert made.absent()["uninstalled"] == ["loki", *deployment.existing.AGENTS]


def test_simple_scalable_warns_and_names_the_way_out(monkeypatch):
    (warning,) = task(monkeypatch, SCALABLE, SCALABLE).present()["warnings"]
    assert "simple_scalable ends with Loki 4.0" in warning
    assert "loki_stack_replace true" in warning and "monolithic" in warning and "distributed" in warning
