# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of charts the roles take."""

from __future__ import annotations

import pytest
from role_inputs import refused

VARIABLES = [
    "metrics_stack_prometheus_chart_version",
    "metrics_stack_operator_chart_version",
    "metrics_stack_grafana_chart_version",
    "loki_stack_chart_version",
    "loki_stack_agent_chart_version",
    "falco_ebpf_chart_version",
    "falco_ebpf_exporter_chart_version",
]


def accepted(variable: str, version: str) -> bool:
    return refused("_".join(variable.split("_")[:2]), {variable: version}) == []


@pytest.mark.parametrize("variable", VARIABLES)
def test_one_version_as_helms_record_has_it(variable):
    assert accepted(variable, "29.27.0")
    # Helm finds it, and notes another word for it: each run would upgrade, and no index has a checksum for it.
    assert not accepted(variable, "v29.27.0")
