# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of loki_stack do with a cluster: ask Loki, take parts of the stack away and bring them back."""

from __future__ import annotations

import base64
import json
import time
import typing as t
import urllib.parse
import urllib.request

from kubernetes import client, config
from kubernetes.client.rest import ApiException
from urllib3.exceptions import HTTPError

from . import over_tls

# A label no node has.
NOWHERE = {"runtime-security.invalid/nowhere": "true"}


def wait_for(what: str, condition: t.Callable[[], object], seconds: float) -> t.Any:
    """The first true answer of the condition; an error that says for what it waited in vain."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.5)
    return answer


class Cluster:
    def __init__(self, kubeconfig: str | None, context: str | None, namespace: str) -> None:
        self.api = config.new_client_from_config(kubeconfig, context)
        self.core, self.apps = client.CoreV1Api(self.api), client.AppsV1Api(self.api)
        self.namespace = namespace

    # -- Loki and Grafana

    def loki(self, path: str, tenant: str = "", **parameters: object) -> dict:
        """An answer of Loki's HTTP API, through the API server."""
        headers = {"X-Scope-OrgID": tenant} if tenant else {}
        if over_tls.is_used(self.core, self.namespace):
            status, body = over_tls.get(self.api, self.namespace, over_tls.address(path, parameters), headers)
        else:
            status, body = self._plain(path, headers, parameters)
        if status != 200:
            raise ApiException(status, body.decode(errors="replace"))
        return json.loads(body)

    def _plain(self, path: str, headers: dict, parameters: dict) -> tuple[int, bytes]:
        service = f"api/v1/namespaces/{self.namespace}/services/loki:3100/proxy"
        token = self.api.configuration.get_api_key_with_prefix("authorization")
        # The client's own connections, which know the certificates: its methods for a Service take no parameters.
        response = self.api.rest_client.pool_manager.request(
            "GET",
            f"{self.api.configuration.host}/{service}/loki/api/v1/{path}",
            fields=parameters,
            headers=({"Authorization": token} if token else {}) | headers,
            # A node that restarts takes answers with it.
            timeout=30,
        )
        return response.status, response.data

    def loki_answers(self) -> bool:
        try:
            self.loki("labels")
        except (ApiException, HTTPError, OSError, ValueError):
            return False
        return True

    def lines_in_grafana(self, query: str, start: int) -> int:
        """How many lines a metric query counts through Grafana's data source."""
        words = {"query": f"sum(count_over_time({query}[{int(time.time()) - start + 60}s]))"}
        result = self.grafana("query", **words)["data"]["result"]
        return int(result[0]["value"][1]) if result else 0

    def grafana(self, path: str, **parameters: object) -> dict:
        """An answer of Loki's HTTP API through Grafana's data source."""
        secret = self.core.read_namespaced_secret("grafana-admin", self.namespace).data
        user, password = (base64.b64decode(secret[key]).decode() for key in ("admin-user", "admin-password"))
        port = self.core.read_namespaced_service("grafana", self.namespace).spec.ports[0].node_port
        node = self.core.list_node().items[0].status.addresses[0].address
        words = urllib.parse.urlencode(parameters)
        request = urllib.request.Request(
            f"http://{node}:{port}/api/datasources/proxy/uid/loki/loki/api/v1/{path}?{words}",
            headers={"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    # -- Parts of the stack

    def workloads(self, part: str) -> list:
        """Deployments, StatefulSets and DaemonSets of a part: agent, loki or grafana."""
        name = {"agent": "in (alloy,opentelemetry-collector,promtail)", "loki": "= loki", "grafana": "= grafana"}[part]
        words = {"namespace": self.namespace, "label_selector": f"app.kubernetes.io/name {name}"}
        if part == "agent":
            return self.apps.list_namespaced_daemon_set(**words).items
        return (
            self.apps.list_namespaced_deployment(**words).items + self.apps.list_namespaced_stateful_set(**words).items
        )

    def pods(self, workload: t.Any) -> list:
        selector = ",".join(f"{key}={value}" for key, value in workload.spec.selector.match_labels.items())
        return self.core.list_namespaced_pod(self.namespace, label_selector=selector).items

    def kill(self, workload: t.Any) -> t.Callable[[], None]:
        """Take a workload's pods away without a chance to shut down; returns what brings them back."""
        name, spec = workload.metadata.name, workload.spec
        if hasattr(spec, "replicas"):
            kind = "stateful_set" if hasattr(spec, "service_name") else "deployment"
            patch = getattr(self.apps, f"patch_namespaced_{kind}_scale")
            gone, back = {"spec": {"replicas": 0}}, {"spec": {"replicas": spec.replicas}}
        else:
            patch = self.apps.patch_namespaced_daemon_set
            gone, back = (
                {"spec": {"template": {"spec": {"nodeSelector": selector}}}}
                for selector in (NOWHERE, dict.fromkeys(NOWHERE))
            )
        patch(name, self.namespace, gone)
        for pod in self.pods(workload):
            self.core.delete_namespaced_pod(pod.metadata.name, self.namespace, grace_period_seconds=0)
        wait_for(f"the end of {name}'s pods", lambda: not self.pods(workload), 60)
        return lambda: patch(name, self.namespace, back)

    def ready(self, workload: t.Any) -> bool:
        pods = self.pods(workload)
        return bool(pods) and all(
            any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or []) for pod in pods
        )
