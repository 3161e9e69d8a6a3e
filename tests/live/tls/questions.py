# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to Prometheus and Loki through Grafana, all the time."""

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import Grafana, GrafanaError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_connection import connected
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

from live.lab_cluster import CONTEXT, KUBECONFIG

_SERVICE = {
    "namespace": "monitoring",
    "name": "grafana",
    "admin_secret": "grafana-admin",
    "kubeconfig": KUBECONFIG,
    "context": CONTEXT,
}
_UNSET = ("url", "url_username", "url_password", "grafana_api_key", "client_cert", "client_key", "ca_path")
_QUESTIONS = {
    "prometheus": "/api/datasources/proxy/uid/prometheus/api/v1/query?query=vector(1)",
    "loki": "/api/datasources/proxy/uid/loki/loki/api/v1/labels",
}
_EVERY_SECONDS = 0.5


def found_grafana() -> Grafana:
    """As the modules find it: address, administrator and CA."""
    params = dict.fromkeys(_UNSET) | {"use_proxy": False, "validate_certs": True, "timeout": 3, "variables": {}}
    return connected({**params, "service": dict(_SERVICE)})


class Questions(threading.Thread):
    """Asks until the block ends; `gaps` are the longest times without an answer, in seconds, by data source."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.gaps = dict.fromkeys(_QUESTIONS, 0.0)
        self.asked, self.failed = dict.fromkeys(_QUESTIONS, 0), dict.fromkeys(_QUESTIONS, 0)
        self.errors: dict[str, str] = {}
        self._end = threading.Event()

    def run(self) -> None:
        grafana: Grafana | None = None
        last = dict.fromkeys(_QUESTIONS, time.monotonic())
        while not self._end.wait(_EVERY_SECONDS):
            for source, path in _QUESTIONS.items():
                self.asked[source] += 1
                answered = True
                try:
                    grafana = grafana or found_grafana()
                    grafana.request("GET", path)
                except (GrafanaError, WorkError) as error:
                    self.errors[source], grafana, answered = str(error), None, False
                    self.failed[source] += 1
                # A time without an answer that has not ended counts too.
                now = time.monotonic()
                self.gaps[source] = max(self.gaps[source], now - last[source])
                last[source] = now if answered else last[source]

    def __enter__(self) -> t.Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self.join()
