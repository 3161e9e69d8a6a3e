# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Service and an Ingress lead to."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_service import (
    ingress_url,
    service_url,
)

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
