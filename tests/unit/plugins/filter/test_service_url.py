from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.service_url import service_url

NODES = [
    {"status": {"addresses": [{"type": "Hostname", "address": "a"}]}},
    {"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}]}},
]
NODES_6 = [{"status": {"addresses": [{"type": "InternalIP", "address": "2001:db8::7"}]}}]


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
    assert service_url(found, nodes) == url
