# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's charts with the values of falco_ebpf: the lab's, and the real ones where checkouts of them are at hand.

$REAL_FALCO_CHARTS names a folder with current/falco, classic/falco and classic/falco-exporter: the real charts, each with
the charts it needs below its own folder charts.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from chart_templates import lab_falco_charts, templated_by

ROOT = Path(__file__).parents[3]
LAB = ROOT / "lab" / "charts"
REAL = [Path(os.environ["REAL_FALCO_CHARTS"])] if "REAL_FALCO_CHARTS" in os.environ else []
# What the role learns at run time.
LEARNT = {
    "__falco_ebpf_chosen": "modern_ebpf",
    "__falco_ebpf_certificates": {
        "certificates": {
            "server": {"fingerprint": "fingerprint of the server"},
            "client": {"fingerprint": "fingerprint of the client"},
        }
    },
}
IMAGES = {
    "falco_ebpf_image": {"registry": "r.invalid", "repository": "sensor", "tag": "1"},
    "falco_ebpf_receiver_image": {"registry": "r.invalid", "repository": "receiver", "tag": "2"},
    "falco_ebpf_exporter_image": {"registry": "r.invalid", "repository": "exporter", "tag": "3"},
}


@pytest.fixture(params=[LAB, *REAL], ids=["lab", "real"][: 1 + len(REAL)])
def variant(request, tmp_path, rendered):
    """The objects of a variant by release, with its inputs."""

    def _variant(name: str, **inputs: object):
        folder = request.param / name
        if request.param == LAB:
            folder = lab_falco_charts(tmp_path / name, name)
        return rendered(folder, "falco_ebpf", **LEARNT, **IMAGES, falco_ebpf_variant=name, **inputs)

    return _variant


@pytest.fixture
def templated():
    """A variable of the role, with its inputs."""
    return lambda variable, **inputs: templated_by("falco_ebpf", variable, inputs)


def pod(workload):
    template = workload["spec"]["template"]
    (container,) = template["spec"]["containers"]
    return template, container


def secrets(workload):
    """Mounted Secrets: path -> (name, keys that are picked or None for all, whether they are read only)."""
    template, container = pod(workload)
    volumes = {v["name"]: v["secret"] for v in template["spec"]["volumes"] if "secret" in v}
    return {
        mount["mountPath"]: (
            volumes[mount["name"]]["secretName"],
            {item["key"] for item in volumes[mount["name"]].get("items", [])} or None,
            mount.get("readOnly"),
        )
        for mount in container["volumeMounts"]
        if mount["name"] in volumes
    }


def annotations(workload):
    return workload["spec"]["template"]["metadata"]["annotations"]


def falco_yaml(objects):
    return yaml.safe_load(objects["ConfigMap", "falco"]["data"]["falco.yaml"])


def ports(service):
    return {(p["port"], p.get("targetPort")) for p in service["spec"]["ports"]}


def sensor_of(objects):
    return objects["DaemonSet", "falco"]
