# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.filter.prometheus_rule_groups import prometheus_rule_groups


def test_the_groups_of_all_files_in_their_order():
    first = "groups:\n- {name: b, rules: [{alert: Down, expr: up == 0, annotations: {summary: '{{ $labels.instance }}'}}]}\n- {name: a}"
    groups = prometheus_rule_groups([first, "groups: [{name: c}]"])
    assert [group["name"] for group in groups] == ["b", "a", "c"]
    assert groups[0]["rules"][0]["annotations"] == {"summary": "{{ $labels.instance }}"}
    assert prometheus_rule_groups([]) == []
