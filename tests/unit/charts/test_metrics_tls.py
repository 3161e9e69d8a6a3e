# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS of Grafana and Prometheus in the charts: who has which certificate, and what asks for one."""

from __future__ import annotations

import os
import subprocess

import pytest
import yaml
from chart_objects import BOTH, container, pod
from chart_templates import templated_by
from role_inputs import refused

TLS = {"runtime_security_tls": True}
ISSUED = {
    "__metrics_stack_issued": {
        "certificates": {
            "grafana": {"fingerprint": "of grafana", "certificate_fingerprint": "of its certificate"},
            "prometheus": {"fingerprint": "of prometheus", "trust_fingerprint": "of its CA"},
        }
    }
}
FOLDER = "/etc/prometheus-tls"


def certificates(**inputs):
    return {one["name"]: one for one in templated_by("metrics_stack", "__metrics_stack_certificates", TLS | inputs)}


def secret_of(objects, kind, name, folder):
    """The Secret behind a folder of the first container."""
    (mount,) = [m for m in container(objects, kind, name)["volumeMounts"] if m["mountPath"] == folder]
    volumes = pod(objects, kind, name)["spec"]["volumes"]
    return next(volume for volume in volumes if volume["name"] == mount["name"])["secret"]["secretName"]


@BOTH
def test_prometheus_asks_everybody_for_a_certificate(rendered_release, charts, tmp_path):
    objects = rendered_release(charts, "prometheus", "metrics_stack", "prometheus", TLS | ISSUED)
    (port,) = objects["Service", "prometheus-server"]["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (443, 9090)
    main = container(objects, "Deployment", "prometheus-server")
    assert "--web.config.file=/etc/config/web.yml" in main["args"]
    # A node has no certificate.
    assert all(next(iter(main[probe])) == "tcpSocket" for probe in ("readinessProbe", "livenessProbe"))
    data = objects["ConfigMap", "prometheus-server"]["data"]
    tls = yaml.safe_load(data["web.yml"])["tls_server_config"]
    assert tls["client_auth_type"] == "RequireAndVerifyClientCert"
    assert secret_of(objects, "Deployment", "prometheus-server", FOLDER) == "prometheus-server-tls"
    annotations = pod(objects, "Deployment", "prometheus-server")["metadata"]["annotations"]
    # A new certificate is no reason to lose its samples.
    assert annotations["runtime-security/trusts"] == "of its CA" and "of prometheus" not in str(annotations)
    (own,) = [
        one for one in yaml.safe_load(data["prometheus.yml"])["scrape_configs"] if one["job_name"] == "prometheus"
    ]
    assert own["scheme"] == "https" and set(own["tls_config"]) == {"ca_file", "cert_file", "key_file"}
    file = tmp_path / "web.yml"
    file.write_text(data["web.yml"].replace(FOLDER, str(tmp_path)))
    for name in ("tls.crt", "tls.key", "ca.crt"):
        (tmp_path / name).write_text("")
    checked = subprocess.run(
        [os.environ["PROMTOOL"], "check", "web-config", file], capture_output=True, text=True, check=False
    )
    # It knows each key; the certificates here are empty.
    assert "not found in type" not in checked.stderr + checked.stdout
    assert "certificate" in checked.stderr + checked.stdout


@BOTH
def test_grafana_has_a_certificate_and_says_who_signed_it(rendered_release, charts):
    objects = rendered_release(charts, "grafana", "metrics_stack", "grafana", TLS | ISSUED)
    service = objects["Service", "grafana"]
    assert service["metadata"]["annotations"]["runtime-security/certificate-secret"] == "grafana-server-tls"
    assert service["spec"]["ports"][0]["appProtocol"] == "https"
    assert secret_of(objects, "Deployment", "grafana", "/etc/grafana/certificate") == "grafana-server-tls"
    annotations = pod(objects, "Deployment", "grafana")["metadata"]["annotations"]
    # A change of the CAs alone is no reason to start again.
    assert annotations["runtime-security/certificate-version"] == "of its certificate"


@BOTH
def test_a_certificate_of_the_users_own_counts_more(rendered_release, charts):
    inputs = TLS | ISSUED | {"metrics_stack_grafana_tls_secret": "site"}
    objects = rendered_release(charts, "grafana", "metrics_stack", "grafana", inputs)
    assert "runtime-security/certificate-secret" not in objects["Service", "grafana"]["metadata"].get("annotations", {})
    assert secret_of(objects, "Deployment", "grafana", "/etc/grafana/certificate") == "site"
    assert "grafana" not in certificates(metrics_stack_grafana_tls_secret="site")


@BOTH
def test_without_it_nothing_of_it_is_there(rendered_release, charts):
    for release in ("prometheus", "grafana"):
        rendered = str(rendered_release(charts, release, "metrics_stack", release, {}))
        assert "web.config" not in rendered and "certificate-secret" not in rendered
        assert "-server-tls" not in rendered


def test_who_has_which_certificate():
    found = certificates(metrics_stack_namespace="metrics")
    assert {name: one["usage"] for name, one in found.items()} == {
        "grafana": ["server"],
        "prometheus": ["server", "client"],
        "grafana_client": ["client"],
        "prover": ["client"],
    }
    assert "DNS:grafana.metrics.svc" in found["grafana"]["subject_alt_names"]
    assert {"DNS:prometheus-server.metrics.svc", "DNS:localhost"} <= set(found["prometheus"]["subject_alt_names"])


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        ({"metrics_stack_grafana_url": "https://grafana.example.org/"}, "DNS:grafana.example.org"),
        ({"metrics_stack_grafana_url": "https://192.0.2.7:30300"}, "IP:192.0.2.7"),
        ({"metrics_stack_grafana_ingress_host": "logs.example.org"}, "DNS:logs.example.org"),
    ],
)
def test_grafanas_certificate_is_valid_for_its_public_address(inputs, name):
    assert certificates(**inputs)["grafana"]["subject_alt_names"][-1] == name


@pytest.mark.parametrize(
    "inputs",
    [
        {"metrics_stack_grafana_mode": "existing", "metrics_stack_prometheus_mode": "existing"},
        {"metrics_stack_grafana_tls": False, "metrics_stack_prometheus_tls": False},
    ],
)
def test_who_has_none(inputs):
    assert certificates(**inputs) == {}
    unused = templated_by("metrics_stack", "__metrics_stack_unused_certificates", TLS | inputs)
    assert unused == templated_by("metrics_stack", "__metrics_stack_certificate_secrets", TLS)


def test_removal_knows_everything_that_is_made():
    removed = [
        one["metadata"]["name"] for one in templated_by("metrics_stack", "__metrics_stack_certificate_secrets", {})
    ]
    made = {one["secret"] for one in certificates().values()}
    assert set(removed) == made | {"metrics-ca", "metrics-ca-next", "metrics-ca-previous"}
    # The CA goes last: without it a run that goes on after an interruption would make another one.
    assert removed[-1] == "metrics-ca"
    assert templated_by("metrics_stack", "__metrics_stack_unused_certificates", TLS) == []


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        (TLS, []),
        (TLS | {"metrics_stack_prometheus_mode": "operator"}, ["metrics_stack_prometheus_tls"]),
        (TLS | {"metrics_stack_prometheus_mode": "operator", "metrics_stack_prometheus_tls": False}, []),
        ({"metrics_stack_certificate_days": 20}, ["metrics_stack_renew_before_days"]),
        ({"metrics_stack_ca_days": 100}, ["metrics_stack_ca_days"]),
    ],
)
def test_inputs(inputs, names):
    assert refused("metrics_stack", inputs) == names


@pytest.mark.parametrize(
    ("role", "variable", "secured"),
    [
        ("grafana_wiring", "grafana_wiring_prometheus_url", "https://prometheus-server.monitoring.svc"),
        ("grafana_wiring", "grafana_wiring_prometheus_client_secret", "prometheus-grafana-tls"),
        ("grafana_wiring", "grafana_wiring_loki_url", "https://loki.monitoring.svc:3443"),
        ("pipeline_proof", "pipeline_proof_prometheus_client_secret", "prometheus-grafana-tls"),
        ("pipeline_proof", "pipeline_proof_loki_client_secret", "loki-agent-tls"),
        ("pipeline_proof", "pipeline_proof_continuous_prometheus_client_secret", "prometheus-prover-tls"),
        (
            "pipeline_proof",
            "pipeline_proof_continuous_prometheus_url",
            "https://prometheus-server.monitoring.svc",
        ),
        ("pipeline_proof", "pipeline_proof_continuous_loki_url", "https://loki.monitoring.svc:3443"),
        ("loki_stack", "loki_stack_tls", True),
    ],
)
def test_one_variable_switches_all_of_it_on(role, variable, secured):
    assert templated_by(role, variable, TLS) == secured
    assert templated_by(role, variable, {}) != secured


@pytest.mark.parametrize("role", ["grafana_wiring", "pipeline_proof"])
def test_a_prometheus_of_somebody_else_is_shown_no_certificate(role):
    inputs = TLS | {"runtime_security_prometheus_url": "http://prometheus.example.org"}
    assert templated_by(role, f"{role}_prometheus_client_secret", inputs) == ""


def test_the_continuous_proof_shows_its_certificate_to_https_alone():
    wanted = TLS | {"pipeline_proof_continuous": True}
    assert refused("pipeline_proof", wanted) == []
    plain = {"pipeline_proof_continuous_prometheus_url": "http://prometheus-server.monitoring.svc"}
    assert refused("pipeline_proof", wanted | plain) == ["pipeline_proof_continuous"]
