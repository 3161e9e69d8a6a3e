# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_admin_password. Private to the collection."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_admin_secret import MARK, is_pending
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    connection_spec,
    failure,
    resolved,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Writer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import OWNER, is_owned
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.pod_commands import PodCommands
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

CONTAINER = "grafana"
COMMAND = [
    "/usr/share/grafana/bin/grafana",
    "cli",
    "--homepath",
    "/usr/share/grafana",
    "--config",
    "/etc/grafana/grafana.ini",
]
COMMAND += ["admin", "reset-admin-password", "--password-from-stdin"]
COMMAND_SECONDS = 60
# Grafana's words for it; another 401 is a proxy's, or says that Grafana takes no passwords at all.
REFUSAL = "invalid username or password"
# Of a token there is no password.
_CONNECTION = {key: value for key, value in connection_spec(in_cluster=True).items() if key != "grafana_api_key"}
ARGUMENTS = {
    **copy.deepcopy(connection.ARGUMENTS),
    "grafana": {
        "type": "dict",
        "required": True,
        "options": _CONNECTION,
        # A password that nobody has chosen is set nowhere.
        "required_one_of": [("url", "service"), ("url_password", "service")],
    },
    "namespace": {"type": "str", "required": True},
    "label_selector": {
        "type": "str",
        "default": "app.kubernetes.io/name=grafana,app.kubernetes.io/instance=grafana",
    },
    "persistence": {"type": "bool", "default": True},
}


def refused(grafana: Grafana) -> bool:
    """Whether Grafana says that the password is wrong; any other trouble is an error."""
    try:
        grafana.get_object(path("org"), "id", "name")
    except GrafanaError as exc:
        if exc.status == 401 and exc.words.lower() == REFUSAL:
            return True
        raise
    return False


def set_password(client: t.Any, params: dict, password: str) -> None:
    """Have Grafana's command line in the pod set it."""
    pods = PodCommands(client, params["namespace"])
    pod = pods.running(params["label_selector"], CONTAINER)
    if pod is None:
        raise WorkError(f"No pod with the labels {params['label_selector']} runs in namespace {params['namespace']}.")
    code, printed = pods.run_with_line(pod, CONTAINER, COMMAND, password, COMMAND_SECONDS)
    if code != 0:
        raise WorkError(f"Grafana's command line in pod {pod} ended with {code}: {printed[-500:].strip()}")


def run(params: dict, mode: Mode) -> dict:
    """Set the password where Grafana says that it is wrong, and record that Grafana has the one of the Secret."""
    given = params["grafana"]
    found = stored(params) if given["service"] and not given["url_password"] else None
    if found is not None and not is_in_doubt(found, params):
        return {"changed": False}
    # A Secret that is missing is an error there.
    options = resolved({**given, "grafana_api_key": None}, params)
    try:
        changed = make_accepted(params, options, mode)
    except GrafanaError as exc:
        raise failure(exc) from exc
    except OSError as exc:
        raise WorkError(str(exc)) from exc
    if found is not None and is_pending(found):
        changed = record(params, found, mode) or changed
    return {"changed": changed}


def stored(params: dict) -> dict | None:
    """The Secret of the administrator."""
    service = params["grafana"]["service"]
    with connection.connected_client(params) as client:
        return Reader(client).one("Secret", "v1", service["admin_secret"], service["namespace"])


def is_in_doubt(found: dict, params: dict) -> bool:
    """Whether Grafana may not have the password of a Secret.

    One of this collection says so itself. Of any other nothing is recorded; it does not matter where a new
    pod of Grafana makes its database again.
    """
    return is_pending(found) or (params["persistence"] and not is_owned(found, OWNER))


def make_accepted(params: dict, options: dict, mode: Mode) -> bool:
    """Have Grafana accept the password; whether it was another one."""
    grafana = Grafana(options)
    changed = refused(grafana)
    if changed and not mode.check:
        with connection.connected_client(params) as client:
            set_password(client, params, options["url_password"])
        if refused(grafana):
            raise WorkError(
                "Grafana refuses the password that was just set. After several wrong tries it does so for five "
                f"minutes; else look whether {grafana.user!r} is its first user."
            )
    return changed


def record(params: dict, found: dict, mode: Mode) -> bool:
    """Record in the Secret that Grafana has its password."""
    place = {key: found["metadata"][key] for key in ("namespace", "name")}
    wanted = {"apiVersion": "v1", "kind": "Secret", "metadata": {**place, "annotations": {MARK: "known"}}}
    with connection.connected_client(params) as client:
        return Writer(Reader(client), mode.check).change(wanted, found, OWNER).changed


def announce(params: dict) -> dict:
    """A Grafana that does not exist yet starts with the password of its Secret."""
    return {"changed": False}
