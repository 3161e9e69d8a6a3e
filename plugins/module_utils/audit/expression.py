# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries of Loki that find detections in audit lines, one for each group of them.

Cheap filters come first: most lines are never parsed. What is left is parsed once, and a template says which detection it is.
"""

from __future__ import annotations

import re
import typing as t

from . import templates as go
from .detections import EVENT_FIELDS, EXCEPTION_FIELDS, FIELDS, NODE_LINE, Detection

# As the role's agents label the API server's standard output.
STREAM = 'container="kube-apiserver"'
# As the role's collector labels Kubernetes' events.
EVENTS = 'job="kubernetes-events"'
NODES = 'job="node-logs"'
# Each request once, when it was answered: those that last are answered at their start, and so are those without a user.
_LASTING = "exec|attach|portforward|proxy|log"
_ANSWERED = f'stage="ResponseStarted" or stage="ResponseComplete" and verb!="watch" and subresource!~"{_LASTING}"'
_STRING = r'(?:[^"\\]|\\.)*'
# A request whose line cannot be written, as its body is no JSON, has a line in a form of its own in the API server's log.
_LOST = (
    rf'stage="(?P<stage>\w+)".* method="(?P<verb>\w+)" user="(?P<user>{_STRING})" groups="(?P<groups>{_STRING})" '
    rf'.*user-agent="(?P<user_agent>{_STRING})" namespace="(?P<object_namespace>[^"]*)" uri="(?P<uri>{_STRING})" '
    r'response="(?P<code>\d+)"'
)
_OUTCOMES = {"allowed": "[123]..", "denied": "40[13]"}
_OBJECT = "{{if .resource}}{{.resource}}{{if .subresource}}/{{.subresource}}{{end}}{{if .name}} {{.name}}{{end}}{{else}}{{.uri}}{{end}}"
_POD = '{{if eq .resource "pods"}}{{.name}}{{end}}'
_SHOWN = {"stage", "code", "verb", "user", "uri", "resource", "subresource", "object_namespace", "name"}


def lines(detections: t.Sequence[Detection], more: t.Sequence[str] = ()) -> str:
    """The lines of some detections of one outcome and form, with the labels rule, object and those of Falco's events.

    more are further fields of requests that become labels.
    """
    strings = sorted({text for detection in detections for text in detection.line})
    rule = "{{else ".join(f"if {_condition(detection)}}}}}{detection.title}" for detection in detections)
    read = {"event": _events, "node": _nodes}.get(detections[0].form, _requests)(detections, more)
    found = f"{read[0]} |~ `{'|'.join(map(re.escape, strings))}` | {read[1]}"
    return (
        f"{found} | label_format rule=`{{{{{rule}{{{{end}}}}`, object=`{read[2]}`, k8s_pod_name=`{read[3]}`, k8s_ns_name=object_namespace"
        # A line that was cut has an error, with which Loki would refuse the whole query.
        ' | rule!="" | drop __error__, __error_details__'
    )


def _events(_detections: t.Sequence[Detection], _more: t.Sequence[str]) -> tuple[str, str, str, str]:
    """What selects events, what parses them, and templates of the object and the pod that one is about."""
    parsed = ", ".join(f'{name}="{path}"' for name, path in sorted(EVENT_FIELDS.items()))
    return (
        f'{{{EVENTS}}} |= "involvedObject"',
        f"json {parsed}",
        "{{.message}}",
        '{{if eq .kind "Pod"}}{{.name}}{{end}}',
    )


def _nodes(_detections: t.Sequence[Detection], _more: t.Sequence[str]) -> tuple[str, str, str, str]:
    """The same of lines of the nodes' syslog daemons."""
    return (
        f'{{{NODES}}} |~ "sshd|sudo|Killed process"',
        f"regexp `{NODE_LINE}`",
        "{{.node_name}}: {{.command}}",
        "{{.none}}",
    )


def _requests(detections: t.Sequence[Detection], more: t.Sequence[str]) -> tuple[str, str, str, str]:
    """The same of requests to the API server."""
    fields = sorted(_SHOWN.union(more, *(detection.fields() for detection in detections)))
    counted = {"address"} if detections[0].more_than else set()
    parsed = ", ".join(f'{name}="{FIELDS[name]}"' for name in [*fields, *counted])
    head, parse = "audit.k8s.io/", f"json {parsed}"
    if detections[0].form == "lost":
        head, parse = "AUDIT: id=", f"regexp `{_LOST}`"
    outcome = _OUTCOMES[detections[0].outcome]
    return f'{{{STREAM}}} |= "{head}"', f'{parse} | code=~"{outcome}" | {_ANSWERED}', _OBJECT, _POD


def count(detections: t.Sequence[Detection], window: str) -> str:
    """How often each detection of a group was found, with its priority."""
    by = "rule, user, address" if detections[0].more_than else "rule, user, k8s_ns_name, k8s_pod_name, object"
    found = f"sum by ({by}) (count_over_time({lines(detections)} [{window}]))"
    for priority in sorted({detection.priority for detection in detections}):
        titles = [detection.title for detection in detections if detection.priority == priority]
        found = f'label_replace({found}, "priority", "{priority}", "rule", "{"|".join(titles)}")'
    return found


def _condition(detection: Detection) -> str:
    wanted = [_wanted(key, value) for key, value in detection.where.items()]
    excepted = [_excepted(entry) for entry in detection.exceptions]
    # A detection that takes every line needs a condition still.
    return go.all_of(wanted + ([go.none_of(excepted)] if excepted else []) or ["true"])


def _wanted(key: str, value: t.Any) -> str:
    if key == "body":
        return go.contains("body", value)
    if key == "body_missing":
        return 'eq .body ""'
    if key == "body_regex":
        return go.has_match("body", value)
    if key == "added_capabilities":
        return go.has_match("body", rf'"add":\[[^\]]*"({"|".join(value)})"')
    if key == "image_elsewhere":
        return go.none_of([go.has_match("message", go.within(value))])
    if key == "other_account":
        return 'ne .user (printf "system:serviceaccount:%s:%s" .object_namespace .name)'
    return go.like(key, value)


def _excepted(entry: dict[str, list[str]]) -> str:
    conditions = []
    for key, values in sorted(entry.items()):
        field = EXCEPTION_FIELDS[key]
        if key == "groups":
            conditions.append(go.contains(field, [f'"{value}"' for value in values]))
        elif key == "service_accounts":
            accounts = ["system:serviceaccount:" + value.replace("/", ":", 1) for value in values]
            conditions.append(go.like(field, accounts))
        else:
            conditions.append(go.like(field, values))
    return go.all_of(conditions)
