# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An existing cluster with the whole stack, the faults that are produced in it, and what Grafana says of them."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import time
import typing as t
from pathlib import Path

import kubernetes
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    Grafana,
    GrafanaError,
    path,
)

from .certificate import untrusted

NAMESPACE = "alerts-test"
RECEIVER = "falco-falcosidekick"
_HERE = Path(__file__).parent
_NOWHERE = {"runtime-security/nowhere": "true"}


def wait(what: str, probe: t.Callable[[], t.Any], seconds: float, every: float = 1) -> t.Any:
    """The first answer that is true."""
    end = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(every)


def _certificate(fault: str) -> str:
    return "bad-receiver" if fault == "certificate" else "falco-receiver-tls"


class Stack:
    """The cluster of $ALERTS_KUBECONFIG (and $ALERTS_CONTEXT) with images of the bundle $RUNTIME_SECURITY_BUNDLE."""

    def __init__(self) -> None:
        client = kubernetes.config.new_client_from_config(
            os.environ["ALERTS_KUBECONFIG"], os.environ.get("ALERTS_CONTEXT") or None
        )
        self.core = kubernetes.client.CoreV1Api(client)
        self.apps = kubernetes.client.AppsV1Api(client)
        bundle = yaml.safe_load(Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).read_text(encoding="utf-8"))
        self.shell_image = bundle["pipeline_proof_image"]
        self.python_image = bundle["ebpf_readiness_image"]

    @functools.cached_property
    def connection(self) -> dict[str, t.Any]:
        secret = self.core.read_namespaced_secret("grafana-admin", "monitoring").data
        port = self.core.read_namespaced_service("grafana", "monitoring").spec.ports[0].node_port
        addresses = self.core.list_node().items[0].status.addresses
        address = next(one.address for one in addresses if one.type == "InternalIP")
        return {
            "url": f"http://{address}:{port}",
            "url_username": base64.b64decode(secret["admin-user"]).decode(),
            "url_password": base64.b64decode(secret["admin-password"]).decode(),
        }

    @functools.cached_property
    def grafana(self) -> Grafana:
        none = dict.fromkeys(("grafana_api_key", "client_cert", "client_key", "ca_path"))
        return Grafana({**none, "use_proxy": False, "validate_certs": True, "timeout": 30, **self.connection})

    def states(self) -> dict[str, str]:
        """State by the title of the rule: inactive, pending or firing. Nothing while Grafana does not answer."""
        try:
            groups = self.grafana.request("GET", path("prometheus", "grafana", "api", "v1", "rules"))["data"]["groups"]
        except GrafanaError:
            return {}
        return {rule["name"]: rule["state"] for group in groups for rule in group["rules"]}

    def fires(self, title: str, since: float, promised: float = 120) -> float:
        """Seconds from the cause to the firing alert."""
        wait(
            f"alert {title!r} fires",
            lambda: self.states().get(title) == "firing",
            promised - (time.monotonic() - since),
        )
        seconds = time.monotonic() - since
        print(f"{title}: firing {seconds:.0f} s after its cause (promised: {promised:.0f})", flush=True)
        return seconds

    def clears(self, title: str, since: float, promised: float = 180) -> None:
        wait(
            f"alert {title!r} ends",
            lambda: self.states().get(title) == "inactive",
            promised - (time.monotonic() - since),
        )
        print(f"{title}: over {time.monotonic() - since:.0f} s after the repair (promised: {promised:.0f})", flush=True)

    def make_namespace(self) -> None:
        self.core.create_namespace({"metadata": {"name": NAMESPACE}})

    def remove_namespace(self) -> None:
        """The next test file makes it again."""
        self.core.delete_namespace(NAMESPACE)
        wait("the namespace is gone", lambda: NAMESPACE not in self._namespaces(), 120)

    def _namespaces(self) -> list[str]:
        return [one.metadata.name for one in self.core.list_namespace().items]

    def run_pod(
        self, name: str, image: str, command: list[str] | None, namespace: str = NAMESPACE, **more: t.Any
    ) -> None:
        container = {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "command": command}
        container.update({key: more.pop(key) for key in ("env", "volumeMounts", "ports") if key in more})
        spec = {"containers": [container], "terminationGracePeriodSeconds": 0, "volumes": more.pop("volumes", [])}
        metadata = {"name": name, "labels": {"app": name}, **more}
        self.core.create_namespaced_pod(namespace, {"metadata": metadata, "spec": spec})
        wait(f"pod {name} runs", lambda: self._runs(name, namespace), 180)

    def _runs(self, name: str, namespace: str) -> bool:
        return self.core.read_namespaced_pod(name, namespace).status.phase == "Running"

    def logs(self, name: str, namespace: str = NAMESPACE) -> str:
        return self.core.read_namespaced_pod_log(name, namespace)

    def noise(self) -> None:
        """A Warning each 2 seconds, and first one Error: Falco sees who reads passwords and who writes below /etc."""
        command = "echo root:x > /etc/shadow; while :; do cat /etc/shadow > /dev/null; sleep 2; done"
        self.run_pod("noise", self.shell_image, ["sh", "-c", command])

    def sink(self) -> str:
        """A server for notifications; its address in the cluster. It prints what it gets."""
        script = (_HERE / "sink.py").read_text(encoding="utf-8")
        self.run_pod("sink", self.python_image, ["python3", "-c", script])
        return self.sink_address()

    def sink_address(self) -> str:
        return f"http://{self.core.read_namespaced_pod('sink', NAMESPACE).status.pod_ip}:8080/"

    @contextlib.contextmanager
    def bad_receiver(self, fault: str) -> t.Iterator[float]:
        """A receiver with a fault takes the place behind the Service; gives the moment from which on events are lost.

        Faults: 500 and hang (the lab's receiver can do them), certificate (of a CA that Falco does not know).
        """
        secret = {"metadata": {"name": "bad-receiver"}, "stringData": untrusted(f"{RECEIVER}.falco.svc")}
        self.core.create_namespaced_secret("falco", secret)
        service = self.core.read_namespaced_service(RECEIVER, "falco").spec.selector
        pod = self.apps.read_namespaced_deployment(RECEIVER, "falco").spec.template.spec.containers[0]
        environment = {
            "TLSSERVER_DEPLOY": "true",
            "TLSSERVER_NOTLSPATHS": "/ping,/metrics",
            "LAB_FAULT": "" if fault == "certificate" else fault,
        }
        self.run_pod(
            "bad-receiver",
            pod.image,
            pod.command,
            "falco",
            env=[{"name": name, "value": value} for name, value in environment.items()],
            ports=[{"name": "http", "containerPort": 2801}, {"name": "http-notls", "containerPort": 2810}],
            volumeMounts=[{"name": "certs", "mountPath": "/etc/certs/server"}],
            volumes=[{"name": "certs", "secret": {"secretName": _certificate(fault)}}],
        )
        try:
            self._lead_to({"app": "bad-receiver"})
            # Connections that are open go on to the old pod, so that one has to go.
            with self.scaled("deployment", RECEIVER, "falco") as since:
                yield since
        finally:
            self._lead_to(service)
            self.core.delete_namespaced_pod("bad-receiver", "falco")
            self.core.delete_namespaced_secret("bad-receiver", "falco")

    def _lead_to(self, selector: dict[str, str]) -> None:
        body = [{"op": "replace", "path": "/spec/selector", "value": selector}]
        self.core.patch_namespaced_service(RECEIVER, "falco", body)

    @contextlib.contextmanager
    def scaled(self, kind: str, name: str, namespace: str) -> t.Iterator[float]:
        """Without a single pod of the Deployment or StatefulSet for a while."""
        patch = getattr(self.apps, f"patch_namespaced_{kind.replace('set', '_set')}_scale")
        patch(name, namespace, {"spec": {"replicas": 0}})
        try:
            yield time.monotonic()
        finally:
            patch(name, namespace, {"spec": {"replicas": 1}})

    @contextlib.contextmanager
    def banned(self, name: str, namespace: str) -> t.Iterator[float]:
        """A DaemonSet without a node."""
        path_of = "/spec/template/spec/nodeSelector"
        before = self.apps.read_namespaced_daemon_set(name, namespace).spec.template.spec.node_selector
        self._patch_set(name, namespace, [{"op": "add", "path": path_of, "value": {**(before or {}), **_NOWHERE}}])
        try:
            yield time.monotonic()
        finally:
            again = {"op": "replace", "path": path_of, "value": before} if before else {"op": "remove", "path": path_of}
            self._patch_set(name, namespace, [again])

    @contextlib.contextmanager
    def bad_rules(self) -> t.Iterator[float]:
        """A rule that Falco refuses, as after an upgrade to which it does not fit."""
        before = self.core.read_namespaced_config_map("falco-rules", "falco").data
        name = min(before)
        rule = "\n- rule: Refused\n  desc: d\n  condition: no.such.field = 1\n  output: o\n  priority: NOTICE\n"
        self.core.patch_namespaced_config_map("falco-rules", "falco", {"data": {name: before[name] + rule}})
        try:
            self._restart_falco()
            yield time.monotonic()
        finally:
            self.core.patch_namespaced_config_map("falco-rules", "falco", {"data": {name: before[name]}})
            self._restart_falco()

    def _restart_falco(self) -> None:
        self.core.delete_collection_namespaced_pod("falco", label_selector="app.kubernetes.io/name=falco")

    def _patch_set(self, name: str, namespace: str, body: list[dict]) -> None:
        self.apps.patch_namespaced_daemon_set(name, namespace, body)

    def frozen_sensor(self) -> None:
        """A target that counts kernel events as a sensor does which gets none."""
        script = (_HERE / "frozen.py").read_text(encoding="utf-8")
        annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "8765"}
        self.run_pod("frozen", self.python_image, ["python3", "-c", script], annotations=annotations)

    def remove_frozen_sensor(self) -> None:
        self.core.delete_namespaced_pod("frozen", NAMESPACE)

    def notified(self, title: str, status: str) -> bool:
        """Whether the sink has got a notification of the alert."""
        for line in self.logs("sink").splitlines():
            with contextlib.suppress(ValueError):
                for alert in json.loads(line).get("alerts", []):
                    if alert["labels"]["alertname"] == title and alert["status"] == status:
                        return True
        return False
