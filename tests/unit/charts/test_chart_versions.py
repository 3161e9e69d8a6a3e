# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of charts the roles take."""

from __future__ import annotations

import pytest
from conftest import templated_by

CHECKS = {
    "metrics_stack_prometheus_chart_version": "__metrics_stack_checks",
    "metrics_stack_operator_chart_version": "__metrics_stack_checks",
    "metrics_stack_grafana_chart_version": "__metrics_stack_checks",
    "loki_stack_chart_version": "__loki_stack_checks_general",
    "loki_stack_agent_chart_version": "__loki_stack_checks_agent",
    "falco_ebpf_chart_version": "__falco_ebpf_variant_checks",
    "falco_ebpf_exporter_chart_version": "__falco_ebpf_checks",
}


def taken(variable: str, version: str) -> bool:
    role = variable.partition("_")[0] + "_" + variable.split("_")[1]
    checks = templated_by(role, CHECKS[variable], {variable: version})
    return all(check["ok"] for check in checks if check["variable"] == variable)


@pytest.mark.parametrize("variable", CHECKS)
def test_one_version_as_helms_record_has_it(variable):
    assert taken(variable, "29.27.0")
    # Helm finds it, and notes another word for it: each run would upgrade, and no index has a checksum for it.
    assert not taken(variable, "v29.27.0")
