# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of k8s_certificates. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    issued,
    issuer,
    takeover,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secrets import Secrets
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import wanted
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode

_GIVEN = {"certificate": {"type": "str"}, "key": {"type": "str", "no_log": True}}
ARGUMENTS = {
    **connection.ARGUMENTS,
    "ca": {
        "type": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "namespace": {"type": "str", "required": True},
            "common_name": {"type": "str"},
            "validity_days": {"type": "float", "default": 3650},
            **_GIVEN,
        },
    },
    "certificates": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "secret": {"type": "str", "no_log": False},
            "namespace": {"type": "str", "required": True},
            "usage": {"type": "list", "elements": "str", "choices": ["server", "client"], "required": True},
            "common_name": {"type": "str", "required": True},
            "subject_alt_names": {"type": "list", "elements": "str", "default": []},
            "validity_days": {"type": "float", "default": 365},
            "keys": {
                "type": "dict",
                "no_log": False,
                "apply_defaults": True,
                "options": {
                    "certificate": {"type": "str", "default": "tls.crt"},
                    "key": {"type": "str", "default": "tls.key", "no_log": False},
                    "ca": {"type": "str", "default": "ca.crt"},
                },
            },
            **_GIVEN,
        },
    },
    "renew_before_days": {"type": "float", "default": 30},
    "renew": {"type": "list", "elements": "str", "default": []},
    "phase": {"type": "str", "choices": ["sign", "drop"]},
    "issuer": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "kind": {"type": "str", "default": "Issuer"},
            "group": {"type": "str", "default": "cert-manager.io"},
        },
    },
    "wait_timeout": {"type": "int", "default": 300},
    "variables": {"type": "dict", "default": {}},
    "owner": {"type": "dict", "default": {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}},
}


def run(params: dict, mode: Mode) -> dict:
    declared = wanted(params)
    with connection.connected_client(params) as client:
        if declared.issuer:
            return issued.apply(client, declared, params, mode)
        taken = takeover.take_back(client, declared, params["owner"], mode)
        found = issuer.apply(Secrets(client, params["owner"]), declared, params["phase"], mode)
    return merged(taken, found)


def merged(taken: dict, found: dict) -> dict:
    """What was done, with what was taken back before; {} means nothing."""
    if not taken:
        return found
    shown = [*taken.get("diff", []), *([found["diff"]] if "diff" in found else [])]
    both = {"changed": True, "report": [*taken["report"], *found["report"]]}
    return {**found, **both, **({"diff": shown} if shown else {})}


def announce(params: dict) -> dict:
    declared = wanted(params)
    return (issued if declared.issuer else issuer).announce(declared)
