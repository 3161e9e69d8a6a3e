# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_admin_secret. Private to the collection."""

from __future__ import annotations

import base64
import binascii
import secrets
import string
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import (
    PASSWORD_KEY,
    USER_KEY,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import diff
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Change, Writer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    OWNER,
    is_ending,
    is_owned,
    settled,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, variable

ARGUMENTS = {
    **connection.ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "default": "grafana-admin"},
    "state": {"type": "str", "choices": ["present", "rotated", "absent"], "default": "present"},
    "admin_user": {"type": "str", "default": "admin"},
    "admin_password": {"type": "str", "default": "", "no_log": True},
    "persistence": {"type": "bool", "default": True},
    "deployment": {"type": "str", "default": "grafana"},
    "variables": {"type": "dict", "default": {}},
}
# Grafana keeps the password in its database. With "pending" the Secret has one that Grafana may not have yet.
MARK = "runtime-security/password"
_LENGTH = 32
# How long one that is being deleted is waited for.
_SECONDS = 120


def run(params: dict, mode: Mode) -> dict:
    """Create, change, rotate or remove the Secret."""
    with connection.connected_client(params) as client:
        try:
            return _STATES[params["state"]](Reader(client), params, mode)
        except UnclearAnswer as error:
            raise WorkError(f"What the cluster answers is not clear, and nothing more was changed. {error}") from error


def announce(params: dict) -> dict:
    """In a cluster that does not exist yet the Secret is new, and there is none to rotate or to remove."""
    change = Change("", {}, {})
    if params["state"] == "present":
        change = Change(_place(params), {}, _definition(params, generated(), "known"))
    return _result(change, Mode(check=True, diff=True))


def present(reader: Reader, params: dict, mode: Mode) -> dict:
    """Create the Secret, or bring one of this collection to what is asked for."""
    found = _existing(reader, params, mode)
    stored = Stored(found)
    if found is not None:
        refuse(stored, params)
    if found is not None and not (stored.managed and (stored.lacks or stored.differs(params))):
        return _result(Change(_place(params), found, found), mode)
    # A Grafana that exists has another password in its database.
    grafana = reader.one("Deployment", "apps/v1", params["deployment"], params["namespace"])
    password = params["admin_password"].encode() or stored.password or generated().encode()
    definition = _definition(params, password, "pending" if grafana else "known")
    return _result(Writer(reader, mode.check).write(definition, found, OWNER), mode)


def rotated(reader: Reader, params: dict, mode: Mode) -> dict:
    """Store a new password. Whenever a run is interrupted afterwards, the next one knows it."""
    found = _existing(reader, params, mode)
    if found is None or not is_owned(found, OWNER) or params["admin_password"]:
        given, name = variable(params, "admin_password"), variable(params, "name")
        reason = "is set" if params["admin_password"] else "is not needed"
        state = "does not exist" if found is None else "has the label" if is_owned(found, OWNER) else "lacks the label"
        raise WorkError(
            f"{given}, {name}: only a password that this collection generated can be rotated ({given} {reason}, {_place(params)} "
            f"{state} app.kubernetes.io/managed-by=runtime_security.kubernetes). Expected {given} empty, and a Secret of this "
            f"collection. Nothing was changed. Fix: to change a password of your own, set {given} and install Grafana again."
        )
    definition = _definition(params, generated(), "pending")
    del definition["data"][USER_KEY]
    return _result(Writer(reader, mode.check).write(definition, found, OWNER), mode)


def absent(reader: Reader, params: dict, mode: Mode) -> dict:
    """Remove the Secret of this collection; any other stays."""
    asked = {"owner": OWNER, "wait": False, "wait_timeout": _SECONDS}
    changes = k8s_objects.remove(reader, [_definition(params, "", "")], asked, mode.check)
    return _result(changes[0] if changes else Change(_place(params), {}, {}), mode)


_STATES = {"present": present, "rotated": rotated, "absent": absent}


class Stored:
    """What a Secret has; None for one that does not exist."""

    def __init__(self, found: dict | None) -> None:
        data = (found or {}).get("data") or {}
        self.managed = found is not None and is_owned(found, OWNER)
        self.user, self.password = decoded(data.get(USER_KEY)), decoded(data.get(PASSWORD_KEY))
        self.lacks = [key for key in (USER_KEY, PASSWORD_KEY) if not decoded(data.get(key))]

    def differs(self, params: dict) -> bool:
        """Whether what is asked for is something else."""
        return self.user != params["admin_user"].encode() or self.has_other_password(params)

    def has_other_password(self, params: dict) -> bool:
        given = params["admin_password"].encode()
        return bool(given) and given != self.password


def refuse(stored: Stored, params: dict) -> None:
    """Raise for a Secret that Grafana could not start with or that may not be changed."""
    place, name, user = _place(params), variable(params, "name"), variable(params, "admin_user")
    if not stored.managed and stored.lacks:
        raise WorkError(
            f"{name}: {place} lacks {' and '.join(stored.lacks)}, and was not made by this collection. Expected both {USER_KEY} and "
            f"{PASSWORD_KEY}. Grafana was not changed. Fix: add what is missing, or delete the Secret to have it generated."
        )
    if not stored.managed and stored.has_other_password(params):
        given = variable(params, "admin_password")
        raise WorkError(
            f"{given}: it differs from the password in {place}, which was not made by this collection. Expected the same one, or "
            f"none. Grafana was not changed. Fix: leave {given} empty to use what the Secret has, or change the Secret."
        )
    if stored.managed and not stored.lacks and params["persistence"] and stored.user != params["admin_user"].encode():
        raise WorkError(
            f"{user}: Grafana's database, which it keeps ({variable(params, 'persistence')}), was made with the name in {place} "
            f"('{params['admin_user']}'). Expected that name. Grafana was not changed. Fix: set {user} to it, or change the name in "
            "Grafana and in the Secret."
        )


def generated() -> str:
    """A new password."""
    characters = string.ascii_letters + string.digits
    return "".join(secrets.choice(characters) for _each in range(_LENGTH))


def decoded(value: t.Any) -> bytes:
    """An entry of a Secret's data; nothing where there is none, or none that can be read."""
    try:
        return base64.b64decode(value or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        return b""


def is_pending(found: dict) -> bool:
    """Whether Grafana may not have the password of a Secret yet."""
    return (found.get("metadata", {}).get("annotations") or {}).get(MARK) == "pending"


def _existing(reader: Reader, params: dict, mode: Mode) -> dict | None:
    """The Secret; one that is being deleted is waited for, in check mode it counts as gone."""
    found = settled(reader, _definition(params, "", ""), 0 if mode.check else _SECONDS)
    return None if is_ending(found) else found


def _definition(params: dict, password: str | bytes, mark: str) -> dict:
    content = {USER_KEY: params["admin_user"], PASSWORD_KEY: password}
    plain = {key: one if isinstance(one, bytes) else one.encode() for key, one in content.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": params["namespace"],
            "name": params["name"],
            "labels": dict(OWNER),
            "annotations": {MARK: mark},
        },
        "type": "Opaque",
        "data": {key: base64.b64encode(one).decode() for key, one in plain.items()},
    }


def _place(params: dict) -> str:
    return f"Secret {params['namespace']}/{params['name']}"


def _result(change: Change, mode: Mode) -> dict:
    now = change.after
    foreign = bool(now) and not is_owned(now, OWNER)
    return {
        "changed": change.changed,
        "managed": bool(now) and not foreign,
        "pending": is_pending(now),
        "version": now["metadata"].get("resourceVersion", "") if foreign else "",
        **({"diff": [diff(*change)]} if mode.diff and change.changed else {}),
    }
