# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of minutes, renewed by the pods alone, while numbered lines and events pass and Grafana is asked.

RENEWAL_MINUTES (60) is how long, RENEWAL_LIFETIME (10) a certificate's life in minutes: half of it before its end it is renewed. A CA
lives four times as long.
"""

from __future__ import annotations

import base64
import collections
import json
import os
import threading
import time
from urllib.parse import quote

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

from live.hops.test_hops import Arrived
from live.lab_cluster import FALCO, kubectl, succeeded
from live.loki.stream import Stream
from live.rotation.events import caused
from live.rotation.node_logs import ranges
from live.tls.questions import Questions, found_grafana

MINUTES = float(os.environ.get("RENEWAL_MINUTES", "60"))
LIFETIME = float(os.environ.get("RENEWAL_LIFETIME", "10"))
# A second: lines, and events of both kinds together.
PACE = 20
MOST_SECONDS = 10
LATE = 60
PODS = {
    "certificate-renewal-falco": FALCO,
    "certificate-renewal-loki": "monitoring",
    "certificate-renewal-metrics": "monitoring",
}
QUERY = "/api/datasources/proxy/uid/prometheus/api/v1/query?query="
ENDS = "min by (certificate, source) (runtime_security_certificate_not_after_timestamp_seconds)"


def found(kind, namespace, name):
    return json.loads(kubectl("get", kind, name, "--namespace", namespace, "--output", "json"))


def shorten(name, namespace):
    """The pod goes on with certificates of minutes, as no input of the role allows."""
    config = found("configmap", namespace, name)
    settings = json.loads(config["data"]["settings.json"])
    declared = settings["certificates"]
    declared["renew_before_days"] = LIFETIME / 2 / 1440
    declared["ca"]["validity_days"] = 4 * LIFETIME / 1440
    for leaf in declared["certificates"]:
        leaf["validity_days"] = LIFETIME / 1440
    settings["interval"] = 10
    config["data"]["settings.json"] = json.dumps(settings)
    kubectl("replace", "--filename", "-", input=json.dumps(config))
    kubectl("rollout", "restart", f"deployment/{name}", "--namespace", namespace)


class Watch(threading.Thread):
    """Which certificates were in the Secrets, and how long those that are served had at least, in seconds."""

    def __init__(self):
        super().__init__(daemon=True)
        self.serials, self.least = collections.defaultdict(set), {}
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(5):
            for namespace in set(PODS.values()):
                for item in json.loads(kubectl("get", "secrets", "--namespace", namespace, "--output", "json"))[
                    "items"
                ]:
                    self._note(item["metadata"]["name"], item.get("data") or {})
            try:
                series = found_grafana().request("GET", QUERY + quote(ENDS))["data"]["result"]
            except (GrafanaError, WorkError):
                continue
            for one in series:
                name = (one["metric"]["certificate"], one["metric"]["source"])
                left = float(one["value"][1]) - float(one["value"][0])
                self.least[name] = min(self.least.get(name, left), left)

    def _note(self, name, data):
        for key in ("tls.crt", "server.crt", "client.crt") if name.endswith("-tls") else ("ca.crt",):
            if name.endswith(("-tls", "-ca")) and key in data:
                self.serials[name].add(x509.load_certificate(base64.b64decode(data[key])).serial_number)

    def stop(self):
        self._end.set()
        self.join()


@pytest.fixture
def short():
    """Certificates of minutes, and afterwards those of the role again."""
    for name, namespace in PODS.items():
        shorten(name, namespace)
    yield
    succeeded("site.yml", runtime_security_tls=True)


def test_nobody_renews_certificates_and_nothing_is_lost(image, cluster, short):
    watch = Watch()
    seconds = MINUTES * 60
    lines = int(seconds * PACE * 2)
    with (
        Questions() as questions,
        Stream(cluster, image, lines, lines / PACE) as stream,
        caused(image, 2 / PACE) as events,
    ):
        watch.start()
        time.sleep(seconds)
        watch.stop()
        arrived = Arrived(cluster, stream, events)
        events.wait_for(arrived.new, arrived.running, LATE)
        arrived.wait()
    failures = events.failures(arrived.new, arrived.running)
    print(
        f"\n{MINUTES:.0f} minutes with certificates of {LIFETIME:.0f}: {arrived.written} lines, {len(arrived.new)} events of new "
        f"processes, {len(arrived.running)} of one that ran all the time"
        f"\n{arrived.described(failures)}\n{questions}\n"
        + "\n".join(f"{name}: {len(serials)} certificates" for name, serials in sorted(watch.serials.items()))
        + "\n"
        + "\n".join(
            f"{name} {source}: {left:.0f} s left at least" for (name, source), left in sorted(watch.least.items())
        )
        + f"\nload {os.getloadavg()}, {os.cpu_count()} processors"
    )
    cas = {name: serials for name, serials in watch.serials.items() if name.endswith("-ca")}
    assert len(cas) == 3 and min(map(len, cas.values())) > 1
    leaves = {name: serials for name, serials in watch.serials.items() if name.endswith("-tls")}
    assert min(map(len, leaves.values())) >= MINUTES / LIFETIME
    assert {source for _name, source in watch.least} == {"secret", "served"} and min(watch.least.values()) > 0
    assert events.lost(failures) == []
    assert (ranges(arrived.lost_lines()), arrived.lost_events(), arrived.doubled()) == ("", set(), set())
    assert max(questions.gaps.values()) < MOST_SECONDS
