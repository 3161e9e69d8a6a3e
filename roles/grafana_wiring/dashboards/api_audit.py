# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked the API server for what, from its audit log in Loki."""

from __future__ import annotations

from . import pages, panels
from .panels import BUCKETS, RANGE

# Each request once, when it was answered: those that last are answered at their start.
_ANSWERED = (
    'stage = "ResponseStarted" or '
    'stage = "ResponseComplete" and verb != "watch" and subresource !~ "exec|attach|portforward|proxy|log"'
)
# An empty expression alone would exclude every user.
REQUESTS = (
    '{cluster=~"$cluster", container="kube-apiserver"} |= "audit.k8s.io/" | json stage="stage", verb="verb", '
    'user="user.username", acting_as="impersonatedUser.username", resource="objectRef.resource", subresource="objectRef.subresource", '
    'object_namespace="objectRef.namespace", object="objectRef.name", code="responseStatus.code", '
    f'address="sourceIPs[0]" | ({_ANSWERED}) | user !~ "$ignore" | user !~ "-|$exclude" | user =~ "(?i).*$user.*" '
    '| object_namespace =~ "$namespace" | verb =~ "$verb"'
)
REFUSED = f'{REQUESTS} | code =~ "40[13]"'
CHANGES = (
    f'{REQUESTS} | verb =~ "create|update|patch|delete|deletecollection" | subresource !~ "exec|attach|portforward"'
)
SECRETS = f'{REQUESTS} | resource = "secrets" | verb =~ "get|list|watch"'
SHELLS = f'{REQUESTS} | resource = "pods" | subresource =~ "exec|attach|portforward"'
CONTROL_PLANE = "system:(apiserver|node:.*|kube-.*|serviceaccount:kube-system:.*)"
WARN = panels.thresholds((None, "green"), (1, "orange"))

ONLY_USER = panels.link("Only this user", "api-audit", user="${__data.fields.User}")
LOGS = panels.link("Logs of this namespace", "log-explorer", namespace="${__data.fields.Namespace}")
EVENTS = panels.link("Events of this namespace", "runtime-security-events", namespace="${__data.fields.Namespace}")
POD_LOG = panels.link(
    "Log of this pod", "log-explorer", namespace="${__data.fields.Namespace}", pod="${__data.fields.Pod}"
)
POD_EVENTS = panels.link(
    "Events of this pod",
    "runtime-security-events",
    namespace="${__data.fields.Namespace}",
    pod="${__data.fields.Pod}",
)
COUNT = panels.by_name("Requests", custom__width=90)
LINKED = [panels.by_name("User", links=[ONLY_USER]), panels.by_name("Namespace", links=[LOGS, EVENTS]), COUNT]


def count(expr: str, window: str, by: str = "") -> str:
    return f"sum{f' by ({by}) ' if by else ''}(count_over_time({expr} {window}))"


def or_none(expr: str, label: str) -> str:
    """The expression, or one zero that is called "none", which a legend hides."""
    return f'{expr} or on () label_replace(vector(0), "{label}", "none", "", "")'


def dashboard() -> dict:
    def number(title: str, about: str, expr: str, steps: dict = panels.GREEN) -> dict:
        target = panels.instant(f"{count(expr, RANGE)} or vector(0)", source=panels.LOKI)
        return panels.stat(title, about, [target], (5, 4) if title != "Requests" else (4, 4), steps=steps)

    def stacked(title: str, about: str, expr: str, by: str) -> dict:
        target = panels.over_time(or_none(count(expr, BUCKETS, by), by), f"{{{{{by}}}}}", panels.LOKI)
        return panels.timeseries(title, about, [target], bars=True)

    def ranking(title: str, about: str, expr: str, columns: dict[str, str], overrides: list[dict]) -> dict:
        # Without a request one zero, and no name that a link would take.
        first = f"topk(15, {count(expr, RANGE, ', '.join(columns))}) or on () vector(0)"
        target = panels.instant(first, source=panels.LOKI)
        return panels.table(
            title, about, target, columns | {"Value": "Requests"}, "Requests", (12, 18), overrides=overrides
        )

    shown = [
        number("Requests", "Requests the API server answered, as far as its audit policy writes them down.", REQUESTS),
        number("Changes", "Requests that create, change or delete.", CHANGES),
        number("Denied", "Requests answered with 401 or 403.", REFUSED, WARN),
        number("Reads of Secrets", "Requests that get, list or watch Secrets.", SECRETS, WARN),
        number("Pod access", "exec, attach and port-forward.", SHELLS, WARN),
        stacked("Requests by verb", "Requests in each step.", REQUESTS, "verb"),
        stacked("Denied requests by user", "Requests answered with 401 or 403 in each step.", REFUSED, "user"),
        ranking(
            "Most frequent requests",
            "The first 15 by user, verb, resource and namespace. A user filters the page, a namespace leads to its logs and events.",
            REQUESTS,
            {"user": "User", "verb": "Verb", "resource": "Resource", "object_namespace": "Namespace"},
            LINKED,
        ),
        ranking(
            "Denied",
            "Requests answered with 401 or 403.",
            REFUSED,
            {
                "user": "User",
                "acting_as": "Acting as",
                "verb": "Verb",
                "resource": "Resource",
                "object_namespace": "Namespace",
                "code": "Status",
            },
            [*LINKED, panels.by_name("Verb", custom__width=80), panels.by_name("Status", custom__width=70)],
        ),
        ranking(
            "Secrets read",
            "Who read which Secrets; a list or watch names none.",
            SECRETS,
            {"user": "User", "verb": "Verb", "object_namespace": "Namespace", "object": "Secret"},
            LINKED,
        ),
        ranking(
            "Pod access by user",
            "exec, attach and port-forward. A pod leads to its log and its events.",
            SHELLS,
            {
                "user": "User",
                "subresource": "Subresource",
                "object_namespace": "Namespace",
                "object": "Pod",
                "address": "Source IP",
            },
            [
                *LINKED,
                panels.by_name("Subresource", custom__width=105),
                panels.by_name("Source IP", custom__width=110),
                panels.by_name("Pod", links=[POD_LOG, POD_EVENTS]),
            ],
        ),
    ]
    lines = panels.logs(
        "Requests",
        "The newest requests that fit the choices above; a line opens to all of its fields.",
        REQUESTS
        + ' | line_format "{{.code}} {{.user}}{{if .acting_as}} as {{.acting_as}}{{end}} {{.verb}} {{.resource}}'
        + '{{if .subresource}}/{{.subresource}}{{end}} {{.object_namespace}} {{.object}} from {{.address}}"',
    )
    return pages.page(
        "api-audit",
        "Who asked the API server for what.",
        [
            pages.choice("cluster", "Cluster", "label_values(cluster)", panels.LOKI),
            pages.choice("namespace", "Namespace", "label_values(namespace)", panels.LOKI),
            pages.listed(
                "verb",
                "Verbs",
                {"all": ".*", "changes": "create|update|patch|delete|deletecollection", "reads": "get|list|watch"},
                "all",
            ),
            pages.textbox("user", "User"),
            pages.textbox("exclude", "Exclude user"),
            pages.listed("ignore", "Exclude", {"control plane": CONTROL_PLANE, "nothing": "-"}, "control plane"),
        ],
        shown,
        ("Requests", [lines]),
    )
