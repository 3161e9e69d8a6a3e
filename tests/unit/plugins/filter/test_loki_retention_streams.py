# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.filter.loki_retention_streams import loki_retention_streams


def test_the_first_selector_has_the_highest_priority():
    streams = [{"selector": '{namespace="falco"}', "hours": "720"}, {"selector": '{app="api"}', "hours": 24}]
    assert loki_retention_streams(streams) == [
        {"selector": '{namespace="falco"}', "period": "720h", "priority": 2},
        {"selector": '{app="api"}', "period": "24h", "priority": 1},
    ]


def test_none_give_none():
    assert loki_retention_streams([]) == []
