# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detections on audit lines and Kubernetes' events as they are declared, and what is wrong with a declaration."""

from __future__ import annotations

import dataclasses
import re
import typing as t

PRIORITIES = ("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")
# Where each field of a line is; the names are those of labels in the query.
FIELDS = {
    "stage": "stage",
    "level": "level",
    "code": "responseStatus.code",
    "verb": "verb",
    "user": "user.username",
    "groups": "user.groups",
    "acting_as": "impersonatedUser.username",
    "user_agent": "userAgent",
    "uri": "requestURI",
    "address": "sourceIPs[0]",
    "resource": "objectRef.resource",
    "subresource": "objectRef.subresource",
    # The stream has a label namespace of its own.
    "object_namespace": "objectRef.namespace",
    "name": "objectRef.name",
    "role": "requestObject.roleRef.name",
    "body": "requestObject",
}
# The same of a line that is an event of Kubernetes.
EVENT_FIELDS = {
    "reason": "reason",
    "message": "message",
    "user": "source.component",
    "kind": "involvedObject.kind",
    "object_namespace": "involvedObject.namespace",
    "name": "involvedObject.name",
}
# The same of a line of a node's syslog daemon: groups of a regular expression. The kernel names no user.
NODE_LINE = (
    r"(?:(?:(?P<ssh>sshd)(?:-session)?\[\d+\]: Accepted \S+ for |(?P<sudo>sudo)(?:\[\d+\])?: +)"
    r"(?P<user>\S+) (?:from |: .*COMMAND=)|(?P<kernel>kernel): .*ut of memory: Killed process \d+ )(?P<command>.*)"
)
# Keys of an exception, and what their values are compared with.
EXCEPTION_FIELDS = {
    "users": "user",
    "groups": "groups",
    "service_accounts": "user",
    "namespaces": "object_namespace",
    "names": "name",
    "user_agents": "user_agent",
    "uris": "uri",
}
_COMPARED = set(FIELDS) - {"stage", "groups", "user_agent", "address", "body"}
_WHERE = _COMPARED | {
    "ssh",
    "sudo",
    "kernel",
    "reason",
    "kind",
    "image_elsewhere",
    "body",
    "body_regex",
    "added_capabilities",
    "body_missing",
    "other_account",
}
_LOOKED_AT = {
    "image_elsewhere": "message",
    "body_regex": "body",
    "added_capabilities": "body",
    "body_missing": "body",
    "other_account": "user",
}
_VALUE = re.compile(r"[^\x00-\x1f\x7f]{1,500}")
_ACCOUNT = re.compile(r"[-.a-z0-9*]+/[-.a-z0-9*]+")


class DefinitionError(Exception):
    """A detection or an exception that cannot be used; the message says which and why."""


@dataclasses.dataclass(frozen=True)
class Detection:
    """What the table says of one detection."""

    uid: str
    title: str
    priority: str
    technique: str
    line: list[str]
    where: dict[str, t.Any]
    description: str
    runbook: str
    group: str = ""
    outcome: str = "allowed"
    form: str = "json"
    more_than: str = ""
    exceptions: tuple[dict[str, list[str]], ...] = ()

    def fields(self) -> set[str]:
        """The fields of a line that the detection looks at."""
        where = {_LOOKED_AT.get(key, key) for key in self.where}
        more = {"object_namespace", "name"} if "other_account" in self.where else set()
        return where | more | {EXCEPTION_FIELDS[key] for entry in self.exceptions for key in entry}


def read(
    table: list[dict[str, t.Any]], namespaces: dict[str, list[str]], exceptions: t.Sequence[dict[str, t.Any]] = ()
) -> list[Detection]:
    """The detections of the table with the names of namespaces and the user's exceptions filled in."""
    found = [_detection({**entry, "exceptions": [*entry.get("exceptions", [])]}, namespaces) for entry in table]
    uids = [detection.uid for detection in found]
    # Without registries that are allowed every image would be from elsewhere.
    found = [detection for detection in found if detection.where.get("image_elsewhere") != []]
    if len(set(uids)) != len(uids):
        raise DefinitionError("two detections have the same uid")
    for number, exception in enumerate(exceptions, 1):
        problem = exception_problem(exception, uids)
        if problem:
            raise DefinitionError(f"exception {number} {problem}")
    return [_with_exceptions(detection, exceptions) for detection in found]


def exception_problem(exception: t.Any, uids: t.Sequence[str]) -> str:
    """Why an exception of a user cannot be used, or an empty string."""
    if not isinstance(exception, dict) or not set(exception) - {"detections"}:
        return f"needs one of {', '.join(EXCEPTION_FIELDS)}"
    unknown = sorted(str(key) for key in set(exception) - {"detections", *EXCEPTION_FIELDS})
    if unknown:
        return f"has the unknown key {unknown[0]}; there are detections, {', '.join(EXCEPTION_FIELDS)}"
    for key, values in exception.items():
        if not isinstance(values, list) or not values:
            return f"needs a list of strings as {key}"
        for value in values:
            problem = _value_problem(key, value, uids)
            if problem:
                return problem
    return ""


def _value_problem(key: str, value: t.Any, uids: t.Sequence[str]) -> str:
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        return f"has in {key} something else than a string of 1 to 500 characters without control characters"
    if key == "detections" and value not in uids:
        return f"names the detection {value}, which is none; there are {', '.join(uids)}"
    if key == "service_accounts" and not _ACCOUNT.fullmatch(value):
        return f"names the service account {value}, which is not of the form NAMESPACE/NAME"
    if key == "groups" and "*" in value:
        return "has * in groups, whose names have to be whole"
    return ""


def declared(entry: dict[str, t.Any]) -> Detection:
    """The detection of one dictionary with the fields of Detection, as it is."""
    try:
        detection = Detection(**entry)
        problem = _problem(detection)
    except TypeError as error:
        raise DefinitionError(f"detection {entry.get('uid')}: {error}") from error
    if problem:
        raise DefinitionError(f"detection {detection.uid} {problem}")
    return detection


def _detection(entry: dict[str, t.Any], namespaces: dict[str, list[str]]) -> Detection:
    detection = declared(entry)
    where = {key: _filled(value, namespaces) for key, value in detection.where.items()}
    own = [{key: _filled(values, namespaces) for key, values in entry.items()} for entry in detection.exceptions]
    line = [text for template in detection.line for text in _each(template, namespaces)]
    return dataclasses.replace(detection, where=where, line=line, exceptions=tuple(own))


def _problem(detection: Detection) -> str:
    if detection.priority not in PRIORITIES:
        return f"has the priority {detection.priority}, which is none of {', '.join(PRIORITIES)}"
    if not re.fullmatch(r"[A-Z][A-Za-z -]+", detection.title):
        return f"has the title {detection.title}, which is not of letters and blanks"
    if not re.fullmatch(r"T\d{4}", detection.technique):
        return f"has the technique {detection.technique}, which is none of ATT&CK"
    if set(detection.where) - _WHERE:
        return f"has in where something else than {', '.join(sorted(_WHERE))}"
    if not detection.line or any("`" in text for text in detection.line):
        return "needs strings without back quotes as line"
    if bool(detection.group) == bool(detection.more_than):
        return "needs either group or more_than"
    if detection.form not in ("json", "lost", "event", "node"):
        return "has a form that is none of json, lost, event and node"
    if detection.outcome not in ("allowed", "denied"):
        return "has an outcome that is neither allowed nor denied"
    return "has an exception without known keys" if _strange(detection.exceptions) else ""


def _strange(exceptions: t.Iterable[dict]) -> bool:
    return any(not entry or set(entry) - set(EXCEPTION_FIELDS) for entry in exceptions)


def _filled(value: t.Any, namespaces: dict[str, list[str]]) -> t.Any:
    if not isinstance(value, list):
        return value
    return [text for item in value for text in _each(item, namespaces)]


def _each(text: str, namespaces: dict[str, list[str]]) -> list[str]:
    """The text with the names of the namespaces that it refers to, one for each of them."""
    found = re.search(r"\$([a-z]+)", text)
    if not found:
        return [text]
    return [text.replace(found[0], name) for name in namespaces[found[1]]]


def _with_exceptions(detection: Detection, exceptions: t.Sequence[dict[str, t.Any]]) -> Detection:
    more = [
        {key: values for key, values in entry.items() if key != "detections"}
        for entry in exceptions
        if detection.uid in entry.get("detections", [detection.uid])
    ]
    return dataclasses.replace(detection, exceptions=(*detection.exceptions, *more))
