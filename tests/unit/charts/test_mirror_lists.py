# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' lists of images name every image of the real charts, where a checkout of these is at hand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from chart_templates import templated_by

REAL = Path(os.environ["REAL_CHARTS"]) if "REAL_CHARTS" in os.environ else None
REAL_FALCO = Path(os.environ["REAL_FALCO_CHARTS"]) if "REAL_FALCO_CHARTS" in os.environ else None


def spots(values, path=()):
    """Paths of the images in a chart's own values."""
    if isinstance(values, dict):
        if isinstance(values.get("repository"), str):
            yield ".".join(path), {key: values[key] for key in ("registry", "repository") if values.get(key)}
        for key, value in values.items():
            yield from spots(value, (*path, key))


LISTS = {
    "prometheus": (REAL, "metrics_stack", "__metrics_stack_prometheus_images", None),
    "kube-prometheus-stack": (REAL, "metrics_stack", "__metrics_stack_operator_images", None),
    "grafana": (REAL, "metrics_stack", "__metrics_stack_grafana_images", None),
    "loki": (REAL, "loki_stack", "__loki_stack_chart_images", "current"),
    "loki-stack": (REAL, "loki_stack", "__loki_stack_chart_images", "classic"),
    "alloy": (REAL, "loki_stack", "__loki_stack_agent_images", "alloy"),
    "promtail": (REAL, "loki_stack", "__loki_stack_agent_images", "promtail"),
    "current/falco": (REAL_FALCO, "falco_ebpf", "__falco_ebpf_images", None),
    "classic/falco": (REAL_FALCO, "falco_ebpf", "__falco_ebpf_images", None),
    "classic/falco-exporter": (REAL_FALCO, "falco_ebpf", "__falco_ebpf_exporter_images", None),
}
# Run by `helm test`, or on nodes with Windows, or a whole chart that the roles replace by one of their own.
OTHERS = re.compile(r"(test|testFramework|prometheus-windows-exporter|grafana)(\.|$)")


if REAL or REAL_FALCO:

    @pytest.mark.parametrize("chart", [chart for chart, (top, *_list) in LISTS.items() if top])
    def test_the_lists_are_the_charts_own(chart):
        top, role, variable, key = LISTS[chart]
        listed = templated_by(role, variable, {})
        listed = listed[key] if key else listed
        own = {}
        for file in sorted(top.joinpath(chart).glob("**/values.yaml")):
            parts = file.parent.relative_to(top / chart).parts
            # A chart that another needs has its values below its name.
            below = tuple(part.replace("rollout-operator", "rollout_operator") for part in parts if part != "charts")
            own |= dict(spots(yaml.safe_load(file.read_text(encoding="utf-8")) or {}, below))
        assert {path: image for path, image in own.items() if not OTHERS.match(path)} == listed
