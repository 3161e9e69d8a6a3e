# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the Grafana modules that say where Grafana is and who asks, and the client that they make.

    grafana = connected(params, PATIENCE)

What the options leave open is found in the cluster, where service says which one. Private to the collection.
"""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.community.grafana.plugins.module_utils.base import grafana_argument_spec
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana, GrafanaError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_names import Names
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import (
    administrator_of,
    place_of,
    trust_of,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Unreachable, WorkError

# For modules that connect to the cluster anyway: it is the same one.
SERVICE = {
    "namespace": {"type": "str", "default": "monitoring"},
    "name": {"type": "str", "default": "grafana"},
    # The name of a Secret is no secret.
    "admin_secret": {"type": "str", "default": "grafana-admin", "no_log": False},
}
CONNECTION_CONSTRAINTS = {
    "mutually_exclusive": [("url_username", "grafana_api_key")],
    "required_one_of": [("url", "service")],
}
# Of a Grafana that nobody has set up, as in community.grafana.
_DEFAULT = "admin"


def connection_spec(in_cluster: bool = False) -> dict[str, t.Any]:
    """community.grafana's connection options, with what they lack: service, CA file, time limit, names of variables.

    in_cluster: whether the module has the connection to the cluster among its own options.
    """
    spec = grafana_argument_spec()
    del spec["state"]
    spec["url"]["required"] = False
    for option in ("url_username", "url_password"):
        # What was set counts more than what is found; a default cannot be distinguished from it.
        spec[option] = {**spec[option], "type": "str", "default": None}
    spec["ca_path"] = {"type": "path"}
    spec["timeout"] = {"type": "int", "default": 30}
    options = copy.deepcopy(SERVICE if in_cluster else {**SERVICE, **connection.ARGUMENTS})
    spec["service"] = {"type": "dict", "options": options}
    spec["variables"] = {"type": "dict", "default": {}}
    return spec


def connected(params: dict[str, t.Any], patience: float = 0, cluster: dict[str, t.Any] | None = None) -> Grafana:
    """A client of the Grafana that params name.

    cluster: the connection to its cluster, by default the options of service.
    Raises NoGrafana where the cluster has none, and Unreachable where there is no cluster.
    """
    return Grafana(resolved(params, cluster), patience)


def resolved(params: dict[str, t.Any], cluster: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
    """params with the address, what is trusted there, and the credentials that they leave open."""
    found = dict(params)
    by_token = bool(params.get("grafana_api_key"))
    service = params.get("service")
    asks_url = not params["url"]
    asks_administrator = not by_token and not (params["url_username"] and params["url_password"])
    if service and (asks_url or asks_administrator):
        names = Names(params.get("variables"))
        with connection.connected_client(cluster or service) as client:
            reader = Reader(client)
            if asks_url:
                place = place_of(reader, service, names)
                found["url"] = place.url
                if (
                    place.service
                    and place.url.startswith("https://")
                    and params["validate_certs"]
                    and not params["ca_path"]
                ):
                    found["trust"] = trust_of(reader, place.service, names)
            if asks_administrator:
                user, password = administrator_of(reader, service, names)
                found["url_username"] = params["url_username"] or user
                found["url_password"] = params["url_password"] or password
    if by_token:
        return found
    return {**found, **{key: found[key] or _DEFAULT for key in ("url_username", "url_password")}}


def failure(error: GrafanaError) -> WorkError:
    """The error of the task; in check mode a Grafana that never answered is one that a run would wait for."""
    return (Unreachable if error.silent else WorkError)(str(error))
