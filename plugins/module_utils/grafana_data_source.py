# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_data_source: one data source, made, changed or removed. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    grafana_data_source_settings as settings,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    PATIENCE,
    UID_RULE,
    Grafana,
    GrafanaError,
    is_uid,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    CONNECTION_CONSTRAINTS,
    connected,
    connection_spec,
    failure,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_data_source_tls import (
    OPTIONS,
    with_certificates,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import NoGrafana
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode

ARGUMENTS = {
    **connection_spec(),
    "uid": {"type": "str", "required": True},
    "name": {"type": "str"},
    "type": {"type": "str"},
    "ds_url": {"type": "str"},
    "access": {"type": "str", "choices": ["proxy", "direct"], "default": "proxy"},
    "is_default": {"type": "bool"},
    "basic_auth_user": {"type": "str"},
    "basic_auth_password": {"type": "str", "no_log": True},
    "http_headers": {"type": "dict", "no_log": True},
    "tls_ca_cert": {"type": "str"},
    "tls_client_cert": {"type": "str"},
    "tls_client_key": {"type": "str", "no_log": True},
    # The name of a Secret is no secret.
    "tls_secret": {
        "type": "dict",
        "no_log": False,
        "options": {
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str", "default": "monitoring"},
        },
    },
    "tls_server_name": {"type": "str"},
    "tls_skip_verify": {"type": "bool"},
    "user": {"type": "str"},
    "database": {"type": "str"},
    "json_data": {"type": "dict", "default": {}},
    "secure_json_data": {"type": "dict", "no_log": True},
    "owner": {"type": "str"},
    "overwrite": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
CONSTRAINTS = {
    **CONNECTION_CONSTRAINTS,
    "required_if": [("state", "present", ("type", "ds_url"))],
    "required_together": [("tls_client_cert", "tls_client_key")],
    "required_by": {"basic_auth_password": ("basic_auth_user",), "tls_secret": ("service",)},
    "mutually_exclusive": [
        *CONNECTION_CONSTRAINTS["mutually_exclusive"],
        *(("tls_secret", option) for option in OPTIONS),
    ],
}


def _refuse_takeover(grafana: Grafana, uid: str, name: str) -> None:
    namesake = grafana.get_object(path("datasources", "name", name), "uid", "name", absent=(404,))
    other = (namesake or {}).get("uid")
    if other not in (None, uid):
        raise GrafanaError(
            f"Grafana at {grafana.url} already has a data source named {name!r} with the uid {other!r}, not {uid!r}. "
            f"Set uid to {other!r} to manage that one, or choose another name."
        )


def _present(grafana: Grafana, params: dict[str, t.Any], current: dict | None, check_mode: bool) -> tuple[bool, dict]:
    body = settings.desired(params, current)
    if not settings.changes(current, body):
        return False, body
    if current is None and not is_uid(body["uid"]):
        raise GrafanaError(
            f"uid {body['uid']!r} cannot be the identity of a data source: give it {UID_RULE}. Older versions of Grafana "
            "take others, but cannot check the health of such a source, and Grafana 12 and newer refuse it."
        )
    if current is None or current.get("name") != body["name"]:
        _refuse_takeover(grafana, body["uid"], body["name"])
    if current and current.get("readOnly"):
        raise GrafanaError(
            f"data source {body['uid']!r} differs from what is declared, but Grafana at {grafana.url} reads it from a "
            "provisioning file, so the API cannot change it. Change the file (or chart value), or declare what it says."
        )
    if current and not params["overwrite"] and not settings.is_owned(current, params["owner"]):
        raise GrafanaError(
            f"uid: Grafana at {grafana.url} already has a data source {body['uid']!r} ({current['name']!r}, {current.get('url')}) that "
            f"was not made by {params['owner']} and differs from what is declared. It was not changed. Expected one of this owner, or "
            f"none. Fix: give the other one another uid, declare what it says, or set overwrite to true to change it."
        )
    if not check_mode:
        if current is None:
            grafana.request("POST", path("datasources"), body)
        else:
            grafana.request("PUT", path("datasources", "uid", body["uid"]), body)
    return True, body


def _absent(grafana: Grafana, params: dict[str, t.Any], current: dict | None, check_mode: bool) -> tuple[bool, dict]:
    if current is None or not settings.is_owned(current, params["owner"]):
        return False, current or {}
    if current.get("readOnly"):
        raise GrafanaError(
            f"data source {params['uid']!r} cannot be removed, as Grafana at {grafana.url} reads it from a provisioning "
            "file. Remove it there (or from the chart's values)."
        )
    if not check_mode:
        grafana.request("DELETE", path("datasources", "uid", params["uid"]), absent=(404,))
    return True, {}


def run(params: dict, mode: Mode) -> dict:
    """Bring the data source to what is declared."""
    params = {**params, "name": params["name"] or params["uid"]}
    try:
        grafana = connected(params, 0 if mode.check else PATIENCE)
        current = grafana.get_object(path("datasources", "uid", params["uid"]), "uid", "name", "type", absent=(404,))
        bring = _present if params["state"] == "present" else _absent
        changed, wanted = bring(grafana, with_certificates(params), current, mode.check)
    except NoGrafana:
        if params["state"] == "present":
            raise
        changed, current, wanted = False, None, {}
    except GrafanaError as exc:
        raise failure(exc) from exc
    before, after = settings.view(current), settings.view(wanted)
    return {"changed": changed, "data_source": after, "diff": {"before": before, "after": after}}


def announce(params: dict) -> dict:
    """A Grafana that does not exist yet has no data source; what one has that does not answer is not known."""
    params = {**params, "name": params["name"] or params["uid"]}
    after = settings.view(settings.desired(params, None)) if params["state"] == "present" else {}
    return {"changed": True, "data_source": after, "diff": {"before": {}, "after": after}}
