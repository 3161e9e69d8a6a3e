# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Service and an Ingress lead to, and what a Service says of the certificate there."""

from __future__ import annotations

import base64

import pytest
import tls_servers
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_names import Names
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import (
    CERTIFICATE,
    ingress_url,
    service_url,
    trust_of,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

NODES = [
    {"status": {"addresses": [{"type": "Hostname", "address": "a"}]}},
    {"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}]}},
]
NODES_6 = [{"status": {"addresses": [{"type": "InternalIP", "address": "2001:db8::7"}]}}]
RULES = [{"host": "grafana.example.com"}]


def service(ports, ingress=None):
    return {"spec": {"ports": ports}, "status": {"loadBalancer": {"ingress": ingress} if ingress else {}}}


@pytest.mark.parametrize(
    ("found", "nodes", "url"),
    [
        (service([{"port": 80, "nodePort": 30300}]), NODES, "http://192.0.2.7:30300"),
        (service([{"port": 80, "nodePort": 30300, "appProtocol": "https"}]), NODES, "https://192.0.2.7:30300"),
        (service([{"port": 80, "nodePort": 30300}]), NODES_6, "http://[2001:db8::7]:30300"),
        (service([{"port": 80, "nodePort": 30300}], [{"ip": "198.51.100.1"}]), NODES, "http://198.51.100.1:80"),
        (service([{"port": 80}], [{"hostname": "grafana.example.org"}]), NODES, "http://grafana.example.org:80"),
        (service([{"port": 80}]), NODES, ""),
        (service([{"port": 80, "nodePort": 30300}]), [], ""),
        (service(None), NODES, ""),
    ],
)
def test_where_a_service_is_reached(found, nodes, url):
    assert service_url(found, lambda: nodes) == url


@pytest.mark.parametrize(
    "found", [service([{"port": 80, "nodePort": 30300}], [{"ip": "198.51.100.1"}]), service([{"port": 80}])]
)
def test_nodes_are_asked_for_only_where_they_count(found):
    service_url(found, lambda: pytest.fail("asked for nodes"))


@pytest.mark.parametrize(
    ("spec", "url"),
    [
        ({"rules": RULES}, "http://grafana.example.com"),
        ({"rules": RULES, "tls": [{"secretName": "a"}]}, "https://grafana.example.com"),
        (
            {"rules": RULES, "tls": [{"secretName": "a", "hosts": ["grafana.example.com"]}]},
            "https://grafana.example.com",
        ),
        ({"rules": RULES, "tls": [{"secretName": "a", "hosts": ["other.example.com"]}]}, "http://grafana.example.com"),
        ({"rules": [{}]}, ""),
        ({}, ""),
    ],
)
def test_where_an_ingress_leads_to(spec, url):
    assert ingress_url({"spec": spec}) == url


class _Cluster:
    def __init__(self, ca):
        data = {"ca.crt": base64.b64encode(ca).decode()} if ca else {}
        self.secret = None if ca is None else {"metadata": {}, "data": data}

    def one(self, *asked):
        assert asked == ("Secret", "v1", "grafana-server-tls", "metrics")
        return self.secret


def named(annotations):
    return {"metadata": {"name": "grafana", "namespace": "metrics", "annotations": annotations}}


def test_a_service_names_the_ca_of_its_certificate():
    ca = tls_servers.pem_of(*tls_servers.issue("ca"))[0]
    trust = trust_of(_Cluster(ca), named({CERTIFICATE: "grafana-server-tls"}), Names({}))
    assert trust == (ca.decode(), "grafana.metrics.svc")


@pytest.mark.parametrize("annotations", [None, {}, {"prometheus.io/scrape": "true"}])
def test_one_without_the_annotation_says_nothing(annotations):
    assert trust_of(None, named(annotations), Names({})) is None


@pytest.mark.parametrize(
    ("ca", "what"),
    [
        (None, "does not exist"),
        (b"", "has no certificate in PEM as ca.crt"),
        (b"nonsense", "has no certificate in PEM"),
    ],
)
def test_a_secret_without_a_ca_is_refused(ca, what):
    with pytest.raises(WorkError) as refused:
        trust_of(_Cluster(ca), named({CERTIFICATE: "grafana-server-tls"}), Names({"ca_path": "my_ca_path"}))
    assert str(refused.value).startswith(f"my_ca_path: Secret metrics/grafana-server-tls {what}")
