# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of a data source that are in a Secret. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import decoded
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import NoGrafana
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

# The entries of a Secret, as kubernetes.io/tls and cert-manager have them, and the options that they stand for.
_CA, _CERTIFICATE, _KEY = "ca.crt", "tls.crt", "tls.key"
OPTIONS = {"tls_ca_cert": _CA, "tls_client_cert": _CERTIFICATE, "tls_client_key": _KEY}


class NoSecret(NoGrafana):
    """The cluster answers and has no such Secret yet."""


def with_certificates(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """params with what tls_secret names, read in the cluster of service; raises NoSecret where the Secret does not exist."""
    place = params["tls_secret"]
    if not place or params["state"] == "absent":
        return params
    with connection.connected_client(params["service"]) as client:
        found = Reader(client).one("Secret", "v1", place["name"], place["namespace"])
    if found is None:
        raise NoSecret(
            f"tls_secret: namespace {place['namespace']} has no Secret {place['name']}. Expected one with the key {_CA}, and with "
            f"{_CERTIFICATE} and {_KEY} where the data source asks for a certificate. Nothing was changed. Fix: create it first."
        )
    return {**params, **options_of(place, decoded(found))}


def options_of(place: dict[str, str], data: dict[str, bytes]) -> dict[str, str]:
    """The options that a Secret's data stands for; one that it has no entry for is emptied."""
    missing = [key for key in (_CA, _CERTIFICATE, _KEY) if not data.get(key)]
    if _CA in missing or len(missing) == 1:
        raise WorkError(
            f"tls_secret: Secret {place['namespace']}/{place['name']} lacks {', '.join(missing)}. Expected the key {_CA}, and both or "
            f"neither of {_CERTIFICATE} and {_KEY}. Nothing was changed. Fix: add what it lacks."
        )
    return {option: data.get(key, b"").decode() for option, key in OPTIONS.items()}
