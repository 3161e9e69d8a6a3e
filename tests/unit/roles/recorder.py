# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the work of k8s_objects on an API server that notes each request."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, result_of
from api_double import Cluster, Server
from objects_double import made

OWNER = {"app.kubernetes.io/managed-by": "tests"}
DRY = Mode(check=True, diff=True)


class Recorder(Cluster):
    """Notes every request and gives what a test puts in the place of an answer."""

    def __init__(self, *objects: dict):
        super().__init__(*objects)
        self.requests: list[tuple] = []
        self.instead = lambda method, path, words: None

    def reply(self, method, path, words, body, known):
        self.requests.append((method, path, words, body))
        return self.instead(method, path, words) or super().reply(method, path, words, body, known)

    def of(self, *methods: str) -> list[tuple]:
        return [request for request in self.requests if request[0] in methods]


def refused(code: int, reason: str, message: str) -> tuple[int, dict]:
    return code, {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code}


def task(cluster: Cluster, *objects: dict, mode: Mode | None = None, **more: object) -> dict:
    """The result of a task on this cluster."""
    given = {"state": "present", "owner": {}, "wait": False, "wait_timeout": 30} | more
    with Server(cluster) as server:
        params = given | {"objects": list(objects), "kubeconfig": server.kubeconfig()}
        try:
            return result_of(k8s_objects, params, mode or Mode())
        finally:
            server.shutdown()


def config_map(name: str = "settings", **data: str) -> dict:
    return made("ConfigMap", name, OWNER, data=data)


def asked(name: str = "settings", **data: str | None) -> dict:
    metadata = {"name": name, "namespace": "monitoring", "labels": OWNER}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def secret(**data: str) -> dict:
    return asked("word", **data) | {"kind": "Secret"}
