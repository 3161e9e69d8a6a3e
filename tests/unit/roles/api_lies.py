# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server that lies: what is answered in the place of the truth, and when."""

from __future__ import annotations

import contextlib
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.connection import connected_client
from api_double import Cluster


def status(code, reason):
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}


def half(honest):
    """The first page of a list whose next one never comes."""
    code, found = honest
    if isinstance(found, dict) and "items" in found:
        return code, found | {"items": found["items"][:-1], "metadata": {"remainingItemCount": 1}}
    return status(500, "InternalError")


def slow(honest):
    time.sleep(2)
    return honest


# What is answered in the place of the truth. None of these says anything.
LIES = {
    "500": lambda honest: status(500, "InternalError"),
    "503": lambda honest: status(503, "ServiceUnavailable"),
    "403": lambda honest: status(403, "Forbidden"),
    "403 of a proxy": lambda honest: (403, b"<html>no</html>"),
    "404 of a proxy": lambda honest: (404, b"<html>not found</html>"),
    "410": lambda honest: status(410, "Expired"),
    "null": lambda honest: (200, None),
    "no JSON": lambda honest: (200, b"<html>welcome</html>"),
    "nothing": lambda honest: (200, b""),
    "another object": lambda honest: (200, {"kind": "Status", "metadata": {}}),
    "items are null": lambda honest: (200, {"kind": "ConfigMapList", "metadata": {}, "items": None}),
    "entries are null": lambda honest: (200, {"kind": "ConfigMapList", "metadata": {}, "items": [None]}),
    "half a list": half,
    "no answer in time": slow,
}


class Liar(Cluster):
    """Answers everything that is read at some paths with a lie."""

    def lie(self, lie, about):
        self.told, self.about = lie, about
        return self

    def reply(self, method, path, words, body, known):
        honest = super().reply(method, path, words, body, known)
        return self.told(honest) if method == "GET" and self.about(path) else honest


def each(lies=None):
    lies = lies or LIES
    return pytest.mark.parametrize("lie", [pytest.param(lie, id=name) for name, lie in lies.items()])


def honest_first(cluster, at):
    """The reader knows the kinds already, as a run does; then the cluster begins to lie."""
    lie, cluster.told = cluster.told, lambda honest: honest
    client, reader = at(cluster)
    reader.resource("ConfigMap", "v1")
    reader.resource("Secret", "v1")
    cluster.told = lie
    return client, reader


@pytest.fixture
def at(serve):
    """A client and a reader of a cluster on loopback."""

    with contextlib.ExitStack() as ends:

        def connect(cluster):
            client = ends.enter_context(connected_client({"kubeconfig": serve(cluster).kubeconfig()}))
            return client, Reader(client, seconds=0.5)

        yield connect
