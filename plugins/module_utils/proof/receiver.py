# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks: the event receiver takes Falco's client certificate and nothing else, Loki the agent's, and Prometheus Grafana's."""

from __future__ import annotations

import time
import typing as t

from .cluster import Cluster
from .tls import Reply, client_context, foreign_certificate, plain_http, tls_1_1, tls_http
from .watch import NotSeen, NotYet, Watch, line

_EVERY_SECONDS = 1
# Seconds that a pod may need beyond its grace period to be gone.
_SLACK_SECONDS = 5


class Words(t.NamedTuple):
    """What the lines call a server and the one who may ask it, and the keys of his Secret: certificate, key, CA."""

    server: str
    certificate: str
    keys: tuple[str, str, str]

    @property
    def accepted(self) -> str:
        return f"{self.server} accepts {self.certificate}"

    def refused(self, who: str) -> str:
        return f"{self.server} refuses {who}"


FALCO = Words("the receiver", "Falco's client certificate", ("client.crt", "client.key", "ca.crt"))
_KEYS = ("tls.crt", "tls.key", "ca.crt")
LOKI = Words("Loki", "the log agent's client certificate", _KEYS)
PROMETHEUS = Words("Prometheus", "Grafana's client certificate", _KEYS)


def pods_behind(cluster: Cluster, namespace: str, service: dict) -> list[dict]:
    selector = ",".join(f"{key}={value}" for key, value in (service["spec"].get("selector") or {}).items())
    return cluster.find("Pod", namespace, selector)


def ready_pod(cluster: Cluster, namespace: str, service_name: str, port: int) -> tuple[str, int]:
    """A ready pod behind the Service that stays, and the pod's own number of the Service's port."""
    service = cluster.get("Service", service_name, namespace)
    if service is None:
        raise NotYet(f"there is no Service {namespace}/{service_name}")
    spec = service["spec"]
    target = next((entry.get("targetPort", port) for entry in spec["ports"] if entry["port"] == port), None)
    if target is None:
        raise NotSeen(f"Service {namespace}/{service_name} has no port {port}")
    for pod in pods_behind(cluster, namespace, service):
        conditions = pod["status"].get("conditions") or []
        if not pod["metadata"].get("deletionTimestamp") and any(
            entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions
        ):
            return pod["metadata"]["name"], port_number(pod, target)
    raise NotYet(f"no pod behind Service {namespace}/{service_name} is ready")


def port_number(pod: dict, target: int | str) -> int:
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port.get("name") == target:
                return port["containerPort"]
    raise NotSeen(f"pod {pod['metadata']['name']} has no port named {target!r}")


class Receiver:
    def __init__(
        self, cluster: Cluster, namespace: str, service: str, port: int, client_secret: str, words: Words = FALCO
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._service = service
        self._port = port
        self._client_secret = client_secret
        self._words = words
        # The name the client asks for.
        self._host = f"{service}.{namespace}.svc"

    def _client_files(self) -> dict[str, bytes]:
        content = self._cluster.secret(self._client_secret, self._namespace)
        missing = [key for key in self._keys(content) if not content.get(key)]
        if missing:
            raise NotSeen(f"Secret {self._namespace}/{self._client_secret} has no {', '.join(missing)}")
        return content

    def _keys(self, content: dict[str, bytes]) -> tuple[str, str, str]:
        """cert-manager writes keys of its own, whoever reads them."""
        return _KEYS if set(_KEYS) <= set(content) else self._words.keys

    def settle(self, watch: Watch) -> None:
        """Wait until no pod is left that was replaced: events still go to it, and what it counted ends with it.

        A pod on a node that was lost never goes; it is waited for no longer than it was given to end.
        """
        began = time.monotonic()

        def probe() -> None:
            service = self._cluster.get("Service", self._service, self._namespace)
            for pod in pods_behind(self._cluster, self._namespace, service) if service else []:
                given = pod["metadata"].get("deletionGracePeriodSeconds")
                if given is not None and time.monotonic() - began < given + _SLACK_SECONDS:
                    raise NotYet(f"pod {self._namespace}/{pod['metadata']['name']} was replaced and still ends")

        watch.until(probe, _EVERY_SECONDS)

    def check(self, watch: Watch) -> t.Iterator[dict]:
        began = time.monotonic()
        pod, port = watch.until(
            lambda: ready_pod(self._cluster, self._namespace, self._service, self._port), _EVERY_SECONDS
        ).value
        files, words = self._client_files(), self._words
        certificate, key, ca = (files[name] for name in self._keys(files))

        def ask(talk: t.Callable[[t.Any], Reply]) -> Reply:
            forward = self._cluster.forward(pod, self._namespace, port)
            try:
                reply = talk(forward.socket())
                # A missing port ends a forwarded connection just as a server that hangs up does.
                if reply.verdict == "unreachable" or (reply.verdict == "closed" and forward.error()):
                    raise NotYet(forward.error() or reply.text)
                return reply
            finally:
                forward.close()

        def over_tls(certificate: bytes | None) -> t.Callable[[t.Any], Reply]:
            return lambda connection: tls_http(connection, client_context(ca.decode(), certificate), self._host)

        def accepted() -> Reply:
            reply = ask(over_tls(certificate + b"\n" + key))
            if reply.verdict != "answered":
                raise NotYet(reply.text)
            return reply

        def refused(talk: t.Callable[[t.Any], Reply]) -> Reply:
            reply = ask(talk)
            if reply.verdict != "closed":
                return reply
            # A server that hangs up on everybody refuses nobody.
            accepted()
            return Reply("refused", f"{reply.text}; before and after it {words.certificate} is accepted")

        try:
            reply = watch.until(accepted, _EVERY_SECONDS).value
        except NotSeen as exc:
            # Where nobody gets in, a refusal proves nothing.
            yield line(words.accepted, False, time.monotonic() - began, str(exc))
            return
        yield line(words.accepted, True, time.monotonic() - began, f"Secret {self._client_secret}: {reply.text}")

        for who, talk in (
            ("a client without a certificate", over_tls(None)),
            ("a client certificate of another CA", over_tls(foreign_certificate())),
            ("plain HTTP on its TLS port", plain_http),
            ("TLS 1.1", lambda connection: tls_1_1(connection, self._host)),
        ):
            asked = time.monotonic()
            try:
                reply = watch.until(lambda talk=talk: refused(talk), _EVERY_SECONDS).value
            except NotSeen as exc:
                reply = Reply("unreachable", str(exc))
            yield line(words.refused(who), reply.verdict == "refused", time.monotonic() - asked, reply.text)
