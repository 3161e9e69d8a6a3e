# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS of Prometheus and Grafana switched on, with new certificates and a new CA, and switched off again, while Grafana is asked."""

from __future__ import annotations

import base64
import datetime
import json
import ssl
import subprocess
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509

from live.lab_cluster import KUBECTL, kubectl, playbook

from .questions import Questions, found_grafana

# Without an answer at most, in seconds.
MOST_SECONDS = 10
SECRETS = {
    "grafana-server-tls",
    "prometheus-server-tls",
    "prometheus-grafana-tls",
    "prometheus-prover-tls",
    "metrics-ca",
}
TLS = {"runtime_security_tls": True}


def secrets():
    listed = json.loads(kubectl("get", "secrets", "--namespace", "monitoring", "--output", "json"))["items"]
    return {one["metadata"]["name"]: one.get("data", {}) for one in listed}


def serial(secret, key="tls.crt"):
    return x509.load_certificate(base64.b64decode(secrets()[secret][key])).serial_number


def uid(app):
    (pod,) = json.loads(
        kubectl(
            "get",
            "pods",
            "--namespace",
            "monitoring",
            "--selector",
            f"app.kubernetes.io/name={app}",
            "--output",
            "json",
        )
    )["items"]
    return pod["metadata"]["uid"]


def ran(name, *options, **inputs):
    """A playbook that went well, and the gaps that Grafana's users saw."""
    with Questions() as questions:
        code, text = playbook(name, *options, **inputs)
    assert code == 0, text[-4000:]
    print(f"\n{name} {' '.join(options)}:\n{questions}")
    return questions


@pytest.fixture(scope="module", autouse=True)
def secured():
    """TLS is on, and is off again afterwards."""
    ran("site.yml", **TLS)
    assert set(secrets()) >= SECRETS
    yield
    ran("site.yml", runtime_security_tls=False)
    assert not SECRETS & set(secrets())
    assert found_grafana().url.startswith("http://")


def served_by_prometheus():
    """The certificate that Prometheus shows, through a forwarded port."""
    command = [*KUBECTL, "port-forward", "--namespace", "monitoring", "deployment/prometheus-server", ":9090"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forward:
        try:
            port = int(forward.stdout.readline().split(":")[1].split()[0])
            pem = ssl.get_server_certificate(("127.0.0.1", port))
        finally:
            forward.terminate()
    return x509.load_certificate(pem.encode()).serial_number


def test_a_second_run_changes_nothing():
    code, text = playbook("site.yml", **TLS)
    assert code == 0 and "changed=0" in text, text[-4000:]


def test_grafana_is_reached_by_https_alone():
    grafana = found_grafana()
    assert grafana.url.startswith("https://") and grafana.trust.server_name == "grafana.monitoring.svc"


def test_new_certificates_leave_prometheus_its_samples():
    before, pod = {name: serial(name) for name in SECRETS - {"metrics-ca"}}, uid("prometheus")
    questions = ran("playbooks/rotate_certificates.yml", "--tags", "metrics_stack", **TLS)
    assert all(serial(name) != number for name, number in before.items())
    assert max(questions.gaps.values()) < MOST_SECONDS
    assert uid("prometheus") == pod
    # The kubelet brings the new one within about a minute.
    end = time.monotonic() + 150
    while served_by_prometheus() != serial("prometheus-server-tls"):
        assert time.monotonic() < end, "Prometheus shows the certificate of before"
        time.sleep(2)


def test_a_new_ca():
    before = serial("metrics-ca", "ca.crt")
    questions = ran("playbooks/rotate_certificates.yml", "--tags", "metrics_stack", **TLS, metrics_stack_rotate="ca")
    assert serial("metrics-ca", "ca.crt") != before
    assert {"metrics-ca-next", "metrics-ca-previous"}.isdisjoint(secrets())
    assert max(questions.gaps.values()) < MOST_SECONDS


def test_one_that_ends_soon_is_renewed_by_the_next_run():
    before = serial("grafana-server-tls")
    ran("site.yml", **TLS, metrics_stack_certificate_days=2, metrics_stack_renew_before_days=1)
    ends = x509.not_after(x509.load_certificate(base64.b64decode(secrets()["grafana-server-tls"]["tls.crt"])))
    left = ends - datetime.datetime.now(datetime.timezone.utc)
    assert serial("grafana-server-tls") != before and left < datetime.timedelta(days=3)
