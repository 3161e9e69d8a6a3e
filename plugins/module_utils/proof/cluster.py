# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server, as far as the proof needs it. Safe to use from several threads."""

from __future__ import annotations

import base64
import contextlib
import socket
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import K8SClient

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.connection import core_api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.namespace_contents import objects

try:
    from kubernetes.client import ApiException
    from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError
    from kubernetes.stream import portforward, stream
except ImportError:  # the module reports it
    portforward = stream = None

    class DynamicApiError(Exception):
        """Never raised: without the library nothing is called."""

    class NotFoundError(DynamicApiError):
        """Likewise."""

    class ApiException(Exception):
        """Likewise."""


_CLOSE_SECONDS = 2


class ClusterError(Exception):
    """The API server refused; the text says what and why."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Cluster:
    def __init__(self, client: K8SClient) -> None:
        self._client = client
        self._reader = Reader(client)
        # Discovery fills a cache and is not safe in threads, so it is done here.
        self._resources = {kind: client.resource(kind, "v1") for kind in ("Namespace", "Pod", "Secret", "Service")}

    def _call(self, what: str, function: t.Callable[..., t.Any], kind: str, **options: t.Any) -> t.Any:
        try:
            return function(self._resources[kind], **options).to_dict()
        except NotFoundError:
            return None
        except DynamicApiError as exc:
            raise ClusterError(f"{what} {kind}: {exc.summary()}", exc.status) from exc

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict | None:
        return self._call("get", self._client.get, kind, name=name, namespace=namespace)

    def find(self, kind: str, namespace: str, selector: str) -> list[dict]:
        """All of them; a list that is not whole is an error, since what is found, or not, is deleted."""
        try:
            return self._reader.all_of(self._resources[kind], namespace, selector)
        except UnclearAnswer as exc:
            raise ClusterError(str(exc), 0) from exc

    def contents(self, namespace: str) -> list[str]:
        """Kind and name of everything in a namespace that the cluster did not make itself."""
        try:
            return objects(self._reader, namespace, [])
        except UnclearAnswer as exc:
            raise ClusterError(f"what is in namespace {namespace} is not clear, so it stays: {exc}", 0) from exc

    def create(self, kind: str, definition: dict, namespace: str | None = None) -> dict:
        return self._call("create", self._client.create, kind, definition=definition, namespace=namespace)

    def delete(self, kind: str, name: str, namespace: str | None = None, grace_seconds: int | None = None) -> None:
        body = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        self._call("delete", self._client.delete, kind, name=name, namespace=namespace, body=body)

    def secret(self, name: str, namespace: str) -> dict[str, bytes]:
        found = self.get("Secret", name, namespace)
        if found is None:
            raise ClusterError(f"there is no Secret {namespace}/{name}", 404)
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}

    def _streams(self) -> t.Any:
        # The first one loads all kinds of objects; the pod starts meanwhile.
        return core_api(self._client.configuration)

    def attach(self, name: str, namespace: str, container: str) -> t.Any:
        """Standard input and output of a container that runs."""
        return stream(
            self._streams().connect_get_namespaced_pod_attach,
            name,
            namespace,
            container=container,
            stdin=True,
            stdout=True,
            stderr=False,
            tty=False,
            _preload_content=False,
        )

    def log(self, name: str, namespace: str, container: str) -> str:
        """All that a container has printed."""
        try:
            # Undecoded: the library reads output that happens to be JSON as an object, and prints that in Python's form.
            answer = self._streams().read_namespaced_pod_log(
                name, namespace, container=container, _preload_content=False
            )
            return answer.data.decode(errors="replace")
        except ApiException as exc:
            raise ClusterError(f"log of pod {name}: {exc.reason}", exc.status) from exc

    def run_on_terminal(self, name: str, namespace: str, container: str, command: list[str], seconds: float) -> str:
        """Run a command in a container on a terminal; returns what it printed."""
        session = stream(
            self._streams().connect_get_namespaced_pod_exec,
            name,
            namespace,
            container=container,
            command=command,
            stdin=False,
            stdout=True,
            stderr=False,
            tty=True,
            _preload_content=False,
        )
        try:
            session.run_forever(timeout=seconds)
            return session.read_all()
        finally:
            session.close()

    def forward(self, name: str, namespace: str, port: int) -> Forward:
        """A connection to a pod's port through the API server."""
        return Forward(
            portforward(self._streams().connect_get_namespaced_pod_portforward, name, namespace, ports=str(port)),
            port,
        )


class Forward:
    def __init__(self, forwarder: t.Any, port: int) -> None:
        self._forwarder = forwarder
        self._port = port
        # TLS takes the socket itself over.
        self._other = forwarder.socket(port).dup()

    def socket(self) -> socket.socket:
        return self._forwarder.socket(self._port)

    def error(self) -> str:
        """What the node said when it could not reach the port."""
        return self._forwarder.error(self._port) or ""

    def close(self) -> None:
        """Hang up in order: to close with data unread would be a reset, and the library's thread would die of it."""
        with contextlib.suppress(OSError):
            self._other.settimeout(_CLOSE_SECONDS)
            self._other.shutdown(socket.SHUT_WR)
            while self._other.recv(4096):
                pass
        self._other.close()
        self._forwarder.close()
