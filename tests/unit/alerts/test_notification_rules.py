# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule about notifications that Grafana could not send, evaluated by promtool on made-up pasts."""

from __future__ import annotations

import pytest

FAILED = 'grafana_alerting_notifications_failed_total{integration="webhook",org="1"}'


@pytest.mark.parametrize(
    ("past", "fires"),
    [
        ("0x60", False),
        ("7x60", False),
        ("0x30 1x30", True),
        ("0x10 1x50", False),
        ("_x30 1x30", True),
        ("9x30 1x30", True),
        ("9x30 0x30", False),
    ],
    ids=["none", "long ago", "now", "before the window", "the first one", "after a restart", "restarted"],
)
def test_a_notification_that_failed_is_seen_for_five_minutes(values, past, fires):
    found = values("notifications-failed", {FAILED: past, FAILED.replace("webhook", "email"): "0x60"})
    assert ('integration="webhook"' in found) == fires
    assert 'integration="email"' not in found
