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


def found_grafana(timeout: int = 3) -> Grafana:
    """As the modules find it: address, administrator and CA."""
    params = dict.fromkeys(_UNSET) | {"use_proxy": False, "validate_certs": True, "timeout": timeout, "variables": {}}
    return connected({**params, "service": dict(_SERVICE)})


class Outage(t.NamedTuple):
    """A time without an answer: its seconds, its end, and what was answered instead."""

    source: str
    seconds: float
    end: str
    reasons: frozenset[str]

    def __str__(self) -> str:
        return f"{self.source} {self.seconds:.1f} s until {self.end}: {'; '.join(sorted(self.reasons))}"


class _Asker(threading.Thread):
    """Of one data source: another one that does not answer would delay its questions."""

    def __init__(self, source: str, path: str, end: threading.Event) -> None:
        super().__init__(daemon=True)
        self.source, self.gap, self.asked, self.failed = source, 0.0, 0, 0
        self.outages: list[Outage] = []
        self._path, self._end = path, end

    def run(self) -> None:
        grafana: Grafana | None = None
        last, reasons = time.monotonic(), set[str]()
        while not self._end.wait(_EVERY_SECONDS):
            self.asked += 1
            answered = True
            try:
                grafana = grafana or found_grafana()
                grafana.request("GET", self._path)
            except (GrafanaError, WorkError) as error:
                grafana, answered = None, False
                self.failed += 1
                reasons.add(str(error).rpartition(f"{self._path}: ")[2])
            # A time without an answer that has not ended counts too.
            now = time.monotonic()
            self.gap = max(self.gap, now - last)
            if answered:
                if reasons:
                    self.outages.append(Outage(self.source, now - last, time.strftime("%T"), frozenset(reasons)))
                last, reasons = now, set()


class Questions:
    """Asks until the block ends; `gaps` are the longest times without an answer, in seconds, by data source."""

    def __init__(self) -> None:
        self._end = threading.Event()
        self._askers = [_Asker(source, path, self._end) for source, path in _QUESTIONS.items()]

    @property
    def gaps(self) -> dict[str, float]:
        return {asker.source: round(asker.gap, 1) for asker in self._askers}

    def __str__(self) -> str:
        """A line for each data source, and one for each time without an answer."""
        lines = [
            f"Grafana asked {asker.asked} times for {asker.source}, failed {asker.failed}, longest without an answer {asker.gap:.1f} s"
            for asker in self._askers
        ]
        return "\n".join([*lines, *(str(outage) for asker in self._askers for outage in asker.outages)])

    def __enter__(self) -> t.Self:
        for asker in self._askers:
            asker.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        for asker in self._askers:
            asker.join()
