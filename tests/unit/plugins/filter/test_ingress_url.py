from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.ingress_url import ingress_url

RULES = [{"host": "grafana.example.com"}]


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
