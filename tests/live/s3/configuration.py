# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loki's configuration with its lines in S3, as the chart makes it of the role's values, and the keys as the role passes them.

$REAL_CHARTS names a folder with the real chart. Otherwise the lab's chart makes the sections that all modes have; it has no
objects for several replicas, so what they need besides is added here. tests/unit/charts compares both.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import typing as t
from pathlib import Path

TOP = Path(__file__).parents[3]
sys.path.insert(0, str(TOP / "tests" / "unit" / "charts"))
from chart_objects import LAB, loki_config
from chart_templates import release_values, render, templated_by

# By its Services a part finds the others.
MEMBERS = "loki-memberlist.monitoring.svc.cluster.local"
_SERVICE = {"monolithic": "loki", "simple_scalable": "loki-backend", "distributed": "loki-compactor"}
INDEX = {
    "simple_scalable": "loki-backend-headless.monitoring.svc.cluster.local",
    "distributed": "loki-index-gateway-headless.monitoring.svc.cluster.local",
}
SCHEDULERS = "loki-query-scheduler-headless.monitoring.svc.cluster.local"
# Sections of the values that the lab's chart does not know.
SECTIONS = ("query_scheduler", "ingester_client", "compactor_grpc_client", "storage_config")
COMMON = ("Chart.yaml", "values.yaml", "templates/_helpers.tpl", "templates/configmap.yaml")


def of_the_role(folder: Path, inputs: dict[str, t.Any]) -> dict[str, t.Any]:
    """Of the chart that is at hand."""
    folder.mkdir(parents=True, exist_ok=True)
    values = release_values("loki_stack", inputs)["loki"]
    if "REAL_CHARTS" in os.environ:
        return loki_config(render(folder, Path(os.environ["REAL_CHARTS"]) / "loki", "loki", values))
    return of_the_lab(folder, values, inputs.get("loki_stack_mode", "monolithic"))


def of_the_lab(folder: Path, values: dict[str, t.Any], mode: str) -> dict[str, t.Any]:
    chart = folder / "chart"
    for file in COMMON:
        (chart / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(LAB / "loki" / file, chart / file)
    config = loki_config(render(folder, chart, "loki", values))
    # Plain strings instead of Ansible's.
    loki = json.loads(json.dumps(values["loki"]))
    s3 = {key.lower(): value for key, value in loki["storage"]["s3"].items()}
    config["common"] |= {
        "compactor_grpc_address": f"{_SERVICE[mode]}.monitoring.svc.cluster.local:9095",
        "storage": {"s3": {"bucketnames": loki["storage"]["bucketNames"]["chunks"], **s3}},
    }
    config["ingester"] = {"wal": {"flush_on_shutdown": True}}
    gossip = {"abort_if_cluster_join_fails": True, "join_members": [MEMBERS]}
    config["memberlist"] = gossip | loki.get("extraMemberlistConfig", {})
    config |= {key: loki[key] for key in SECTIONS if key in loki}
    if mode == "monolithic":
        return config
    index = (
        config.setdefault("storage_config", {}).setdefault("tsdb_shipper", {}).setdefault("index_gateway_client", {})
    )
    index["server_address"] = f"dns+{INDEX[mode]}:9095"
    if mode == "distributed":
        config["index_gateway"] = {"mode": "simple"}
        for section in ("frontend", "frontend_worker"):
            config[section] = config.get(section, {}) | {"scheduler_address": f"{SCHEDULERS}:9095"}
    return config


def keys(inputs: dict[str, t.Any]) -> dict[str, str]:
    """The environment that a pod gets from the Secrets which the values name."""
    secret = templated_by("loki_stack", "__loki_stack_s3_object", inputs)
    wanted = release_values("loki_stack", inputs)["loki"]["defaults"]["extraEnvFrom"]
    assert wanted == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
