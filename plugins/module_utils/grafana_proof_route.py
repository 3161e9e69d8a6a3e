# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of the proof's own event: from the alert rule for events of Falco to a sink in the proof's namespace.

It matches nothing but this one event, so it stands before all other routes. An event of a pod that tests the notifications goes
on to those routes: it is meant for a person.
"""

from __future__ import annotations

from .grafana_alert_rules import OWNER_LABEL, duration

# The Service of the sink exists while a proof runs.
SERVICE = "notification-sink"
PORT = 8080
PATH = "/cgi-bin/notify"
# What the proof causes: an event of this rule in a pod with one of these names.
RULE = "Terminal shell in container"
PROVEN, TESTED = "pipeline-proof-", "notification-test-"


def name(owner: str) -> str:
    """The contact point, which is in no other route."""
    return f"{owner} proof"


def points(namespace: str | None, owner: str) -> list[dict]:
    """The contact point as if it was declared; without a namespace of the proof there is none."""
    point = {
        "name": name(owner),
        "type": "webhook",
        "settings": {"url": f"http://{SERVICE}.{namespace}.svc:{PORT}{PATH}"},
        "secure_settings": None,
        # By then nobody listens.
        "send_resolved": False,
    }
    return [point] if namespace else []


def routes(namespace: str | None, owner: str) -> list[dict]:
    """In the order of the tree; matchers in the order in which Grafana returns them."""

    def route(pods: str, **more: bool) -> dict:
        return {
            "receiver": name(owner),
            "object_matchers": [
                ["k8s_ns_name", "=", namespace],
                ["k8s_pod_name", "=~", f"{pods}.+"],
                [OWNER_LABEL, "=", owner],
                ["rule", "=", RULE],
            ],
            "group_by": ["alertname", "k8s_pod_name"],
            "group_wait": duration(1),
            **more,
        }

    return [route(PROVEN), route(TESTED, **{"continue": True})] if namespace else []


def is_proof(route: dict, owner: str) -> bool:
    """True for routes that routes made, for whatever namespace."""
    return route.get("receiver") == name(owner) and [OWNER_LABEL, "=", owner] in (route.get("object_matchers") or [])
