# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps that delete or overwrite, in a Grafana that has things of ours and of others."""

from __future__ import annotations

from modules import run

OWNER = "us"
BOARDS = [{"uid": f"ours-{number}", "title": f"Ours {number}", "panels": []} for number in range(3)]
RULE = {
    "uid": "ours",
    "title": "Ours",
    "queries": [{"ref": "A", "data_source": "prometheus", "type": "prometheus", "expr": "up"}],
    "condition": "$A < 1",
}
POINT = {"name": "ours", "type": "webhook", "settings": {"url": "http://127.0.0.1:9"}}
FOLDER = {"folder_uid": "ours", "owner": OWNER}
ALERTING = {**FOLDER, "rules": [RULE], "contact_points": [POINT], "policy": {"contact_point": "ours"}, "group": "g"}
SOURCE = {"uid": "loki", "type": "loki", "ds_url": "http://loki:3100", "owner": OWNER}


def ours(double):
    """Everything a role makes, at work."""
    for module, more in (
        ("grafana_dashboards", {**FOLDER, "folder_title": "Ours", "dashboards": BOARDS}),
        ("grafana_alerting", ALERTING),
        ("grafana_data_source", SOURCE),
    ):
        assert not run(module, double.url, **more).get("failed")


def their_dashboard(double):
    """Somebody's dashboard in our folder."""
    board = {"uid": "theirs", "title": "Theirs", "tags": [], "panels": [{"id": 1}]}
    double.dashboards.keep("theirs", board, "ours", "")


def theirs(double):
    """Somebody's things beside ours: also in our folder and in our group of rules."""
    their_dashboard(double)
    board = {"title": "Theirs", "tags": [], "panels": [{"id": 1}]}
    double.dashboards.keep("elsewhere", {**board, "uid": "elsewhere"}, "", "")
    others = {**ALERTING, "owner": "them", "rules": [{**RULE, "uid": "theirs", "title": "Theirs"}]}
    others["contact_points"] = [{**POINT, "name": f"theirs-{number}"} for number in range(3)]
    below = [{"matchers": [f"n={number}"], "contact_point": f"theirs-{number}"} for number in range(3)]
    others["policy"] = {"contact_point": "theirs-0", "routes": below}
    assert not run("grafana_alerting", double.url, **others).get("failed")
    assert not run("grafana_data_source", double.url, **{**SOURCE, "uid": "theirs", "owner": "them"}).get("failed")


# What a run is about: the module, its parameters, whether others have things beside ours.
STEPS = {
    "dashboards purged": (
        "grafana_dashboards",
        {**FOLDER, "folder_title": "Ours", "dashboards": BOARDS[:1], "purge": True},
        True,
    ),
    "dashboard overwritten": (
        "grafana_dashboards",
        {**FOLDER, "folder_title": "Ours", "dashboards": [{**BOARDS[0], "panels": [{"id": 9}]}, *BOARDS[1:]]},
        True,
    ),
    "folder renamed": ("grafana_dashboards", {**FOLDER, "folder_title": "Renamed", "dashboards": BOARDS}, True),
    "folder with things of others": ("grafana_dashboards", {**FOLDER, "state": "absent"}, True),
    "folder with a dashboard of others": ("grafana_dashboards", {**FOLDER, "state": "absent"}, False),
    "folder deleted": ("grafana_dashboards", {**FOLDER, "state": "absent"}, False),
    "alerting changed": (
        "grafana_alerting",
        {
            **ALERTING,
            "rules": [{**RULE, "condition": "$A < 2"}],
            "policy": {"contact_point": "theirs-1"},
            "interval_seconds": 30,
        },
        True,
    ),
    "alerting purged": ("grafana_alerting", {**FOLDER, "group": "g", "purge": True}, True),
    "alerting removed": ("grafana_alerting", {**FOLDER, "state": "absent"}, True),
    "data source changed": ("grafana_data_source", {**SOURCE, "ds_url": "http://other:3100"}, True),
    "data source of others": ("grafana_data_source", {**SOURCE, "uid": "theirs", "ds_url": "http://other:3100"}, True),
    "data source removed": ("grafana_data_source", {**SOURCE, "state": "absent"}, True),
    "data source of others removed": ("grafana_data_source", {**SOURCE, "uid": "theirs", "state": "absent"}, True),
}


def prepare(double, step):
    """The Grafana before the step, and a call that does it."""
    ours(double)
    module, more, with_others = STEPS[step]
    if with_others:
        theirs(double)
    if step == "folder with a dashboard of others":
        their_dashboard(double)
    if not with_others:
        assert not run("grafana_alerting", double.url, **{**FOLDER, "state": "absent"}).get("failed")
    double.requests.clear()
    return lambda: run(module, double.url, **more)
