# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

from ansible_collections.runtime_security.kubernetes.plugins.filter.falcosidekick_environment import (
    falcosidekick_environment,
)


def plain(outputs):
    found = falcosidekick_environment(outputs)
    return {key: base64.b64decode(value).decode() for key, value in found.items()}


def test_each_setting_is_a_variable():
    assert plain({"slack": {"webhookurl": "https://x", "footer": ""}, "loki": {"tenant": None}}) == {
        "SLACK_MINIMUMPRIORITY": "notice",
        "SLACK_WEBHOOKURL": "https://x",
        "LOKI_MINIMUMPRIORITY": "notice",
    }
    assert plain({"webhook": {"checkcert": False, "maxconcurrentrequests": 2, "minimumpriority": "debug"}}) == {
        "WEBHOOK_MINIMUMPRIORITY": "debug",
        "WEBHOOK_CHECKCERT": "false",
        "WEBHOOK_MAXCONCURRENTREQUESTS": "2",
    }


def test_alertmanager_gets_the_api_it_still_has():
    assert plain({"alertmanager": {"hostport": "x"}})["ALERTMANAGER_ENDPOINT"] == "/api/v2/alerts"
    assert plain({"alertmanager": {"endpoint": "/own"}})["ALERTMANAGER_ENDPOINT"] == "/own"
