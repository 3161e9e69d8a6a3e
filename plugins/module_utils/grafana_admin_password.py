# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of grafana_admin_password. Private to the collection."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import (
    connection_spec,
    resolved,
)
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
    """Set the password where Grafana says that it is wrong."""
    options = resolved({**params["grafana"], "grafana_api_key": None}, params)
    grafana = Grafana(options)
    try:
        changed = refused(grafana)
        if changed and not mode.check:
            with connection.connected_client(params) as client:
                set_password(client, params, options["url_password"])
            if refused(grafana):
                raise WorkError(
                    "Grafana refuses the password that was just set. After several wrong tries it does so for five "
                    f"minutes; else look whether {grafana.user!r} is its first user."
                )
    except (GrafanaError, OSError) as exc:
        raise WorkError(str(exc)) from exc
    return {"changed": changed}


def announce(params: dict) -> dict:
    """A Grafana that does not exist yet starts with the password of its Secret."""
    return {"changed": False}
