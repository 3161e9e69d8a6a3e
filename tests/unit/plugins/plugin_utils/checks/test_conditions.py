# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of a role that depend on each other. Those of loki_stack and falco_ebpf: tests/unit/charts."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from role_inputs import refusal, refused

TLS = {"metrics_stack_grafana_ingress_tls_secret": "grafana-tls"}
NONE = {"minikube_driver": "none", "minikube_profile": "minikube"}
YEAR = datetime.timedelta(days=365)


@pytest.mark.parametrize(
    ("role", "inputs"),
    [
        ("metrics_stack", TLS | {"metrics_stack_grafana_ingress_host": "grafana.example.com"}),
        ("metrics_stack", {"metrics_stack_prometheus_mode": "existing", "metrics_stack_prometheus_url": "http://a"}),
        ("minikube", NONE),
        ("minikube", NONE | {"minikube_start_options": ["--nodes=1", "--v=2"]}),
        ("minikube", {"minikube_start_options": ["--nodes=2"], "minikube_memory": "6 GB", "minikube_cni": "./cni.yml"}),
        ("minikube", {"minikube_audit_rules": [{"level": "None"}], "minikube_extra_config": ["kubelet.max-pods=200"]}),
        ("ebpf_readiness", {"ebpf_readiness_lifetime": 121}),
        ("falco_ebpf", {"falco_ebpf_renew_before_days": 364, "falco_ebpf_ca_days": "365"}),
        ("falco_ebpf", {"falco_ebpf_accepted_findings": ["memlock"]}),
        ("grafana_wiring", {"grafana_wiring_certificates": {"falco-receiver-tls": 1795000000}}),
        ("grafana_wiring", {"grafana_wiring_notification_policy": {"contact_point": "a"}}),
        ("grafana_wiring", {"grafana_wiring_audit_exceptions": [{"detections": ["pod-exec"], "users": ["a*"]}]}),
        ("grafana_wiring", {"grafana_wiring_alerts_excluded": ["sensor-down", "audit-pods", "pod-exec"]}),
        ("pipeline_proof", {"pipeline_proof_scrape_services": ["a"], "pipeline_proof_grafana_token": "glsa_a"}),
    ],
)
def test_accepted(role, inputs):
    assert refusal(role, inputs, whole=True) == ""


@pytest.mark.parametrize(
    ("role", "inputs", "name"),
    [
        ("metrics_stack", TLS, "metrics_stack_grafana_ingress_tls_secret"),
        ("metrics_stack", {"metrics_stack_prometheus_mode": "existing"}, "metrics_stack_prometheus_url"),
        ("metrics_stack", {"metrics_stack_prometheus_rules": ["nowhere.yml"]}, "metrics_stack_prometheus_rules"),
        ("minikube", {"minikube_driver": "none"}, "minikube_profile"),
        ("minikube", NONE | {"minikube_start_options": ["--nodes=2"]}, "minikube_start_options"),
        ("minikube", NONE | {"minikube_start_options": ["--ha"]}, "minikube_start_options"),
        ("minikube", {"minikube_start_options": ["delete"]}, "minikube_start_options"),
        ("minikube", {"minikube_audit_rules": [{"level": "All"}]}, "minikube_audit_rules"),
        ("minikube", {"minikube_kubeconfig": "{a: b}"}, "minikube_kubeconfig"),
        ("minikube", {"minikube_cni": "weave"}, "minikube_cni"),
        ("minikube", {"minikube_memory": "plenty"}, "minikube_memory"),
        ("minikube", {"minikube_extra_config": ["max-pods=200"]}, "minikube_extra_config"),
        ("minikube", {"minikube_base_image": ":a"}, "minikube_base_image"),
        ("minikube", {"minikube_image_archives": [" "]}, "minikube_image_archives"),
        ("ebpf_readiness", {"ebpf_readiness_lifetime": 120}, "ebpf_readiness_lifetime"),
        ("falco_ebpf", {"falco_ebpf_renew_before_days": 365}, "falco_ebpf_renew_before_days"),
        ("falco_ebpf", {"falco_ebpf_ca_days": 364}, "falco_ebpf_ca_days"),
        ("falco_ebpf", {"falco_ebpf_accepted_findings": ["bpf_jit"]}, "falco_ebpf_accepted_findings"),
        ("grafana_wiring", {"grafana_wiring_certificates": {"a": "soon"}}, "grafana_wiring_certificates"),
        ("grafana_wiring", {"grafana_wiring_alert_rules": [{"uid": "a"}] * 2}, "grafana_wiring_alert_rules"),
        ("grafana_wiring", {"grafana_wiring_audit_exceptions": [{"user": ["a"]}]}, "grafana_wiring_audit_exceptions"),
        ("grafana_wiring", {"grafana_wiring_audit_secret_reads": 0}, "grafana_wiring_audit_secret_reads"),
        ("grafana_wiring", {"grafana_wiring_alerts_excluded": ["pod"]}, "grafana_wiring_alerts_excluded"),
        ("grafana_wiring", {"grafana_wiring_loki_name": "Prometheus"}, "grafana_wiring_loki_name"),
        ("pipeline_proof", {"pipeline_proof_scrape_services": ["A"]}, "pipeline_proof_scrape_services"),
        (
            "pipeline_proof",
            {"pipeline_proof_grafana_token": "glsa_a", "pipeline_proof_grafana_user": "b"},
            "pipeline_proof_grafana_token",
        ),
    ],
)
def test_refused(role, inputs, name):
    assert refused(role, inputs) == [name]


def test_what_depends_on_a_refused_input_is_not_blamed():
    inputs = {"falco_ebpf_certificate_days": 1, "falco_ebpf_renew_before_days": 30}
    assert refused("falco_ebpf", inputs) == ["falco_ebpf_certificate_days"]


def test_a_dashboard_twice_and_one_without_a_value():
    twice = ["dashboards/log-explorer.json"] * 2
    assert refused("grafana_wiring", {"grafana_wiring_dashboards": twice}) == ["grafana_wiring_dashboards"]


@pytest.fixture(scope="module")
def pems():
    """Certificates and keys as inputs."""
    ca_key, key = x509.new_key(), x509.new_key()
    ca = x509.issue(x509.Subject("ca", YEAR), ca_key)
    host = "falco-falcosidekick"
    names = [f"DNS:{host}{suffix}" for suffix in ("", ".falco", ".falco.svc", ".falco.svc.cluster.local")]
    server = x509.issue(x509.Subject(host, YEAR, ("server",), tuple(names)), key, ca, ca_key)
    client = x509.issue(x509.Subject("falco", YEAR, ("client",), ("DNS:falco",)), key, ca, ca_key)
    return {
        "ca_certificate": x509.certificate_pem(ca).decode(),
        "ca_key": x509.key_pem(ca_key).decode(),
        "server_certificate": x509.certificate_pem(server).decode(),
        "server_key": x509.key_pem(key).decode(),
        "client_certificate": x509.certificate_pem(client).decode(),
        "client_key": x509.key_pem(key).decode(),
    }


ALL = ("ca_certificate", "server_certificate", "server_key", "client_certificate", "client_key")


@pytest.mark.parametrize(
    ("given", "changes", "names"),
    [
        (ALL, {}, []),
        (("ca_certificate", "ca_key"), {}, []),
        (("ca_certificate",), {}, ["ca_key"]),
        ((*ALL, "ca_key"), {}, ["ca_key"]),
        (("ca_key",), {}, ["ca_key"]),
        (ALL[:3], {}, ["server_certificate"]),
        (ALL[1:], {}, ["server_certificate"]),
        (ALL, {"server_key": ""}, ["server_key"]),
        (ALL, {"server_certificate": "no PEM"}, ["server_certificate"]),
        (ALL, {"ca_certificate": "no PEM"}, ["ca_certificate"]),
        (("client_key",), {}, ["client_key"]),
    ],
)
def test_certificates_that_are_given(pems, given, changes, names):
    inputs = {f"falco_ebpf_{name}": changes.get(name, pems[name]) for name in given}
    assert sorted(refused("falco_ebpf", inputs)) == sorted(f"falco_ebpf_{name}" for name in names)
    message = refusal("falco_ebpf", inputs, whole=True)
    assert "PRIVATE" not in message


@pytest.mark.parametrize("role", ["loki_stack", "metrics_stack"])
@pytest.mark.parametrize(
    ("given", "changes", "names"),
    [
        (("ca_certificate", "ca_key"), {}, []),
        (("ca_certificate",), {}, ["ca_key"]),
        (("ca_key",), {}, ["ca_key"]),
        (("ca_certificate", "ca_key"), {"ca_certificate": "no PEM"}, ["ca_certificate"]),
        (("ca_certificate", "ca_key"), {"ca_certificate": "client_certificate"}, ["ca_certificate"]),
        (("ca_certificate", "ca_key"), {"ca_key": "server_key"}, ["ca_certificate"]),
    ],
)
def test_a_ca_that_is_given(pems, role, given, changes, names):
    values = {name: changes.get(name, name) for name in given}
    inputs = {f"{role}_{name}": pems.get(value, value) for name, value in values.items()}
    assert refused(role, inputs) == [f"{role}_{name}" for name in names]
    assert "PRIVATE" not in refusal(role, inputs, whole=True)


def test_what_is_wrong_with_a_certificate_is_told(pems):
    inputs = {f"falco_ebpf_{name}": pems[name] for name in ALL}
    inputs |= {"falco_ebpf_server_certificate": pems["client_certificate"]}
    assert "it lacks the names DNS:falco-falcosidekick" in refusal("falco_ebpf", inputs, whole=True)
