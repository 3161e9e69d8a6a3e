from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.prometheus import (
    NotPrometheus,
    Service,
    promtool_message,
    service_of,
    version_in,
)


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("http://prometheus-server.monitoring.svc", Service("monitoring", "prometheus-server:80", "")),
        ("http://p.m.svc.cluster.local:9090/", Service("m", "p:9090", "")),
        ("https://p.m.svc", Service("m", "https:p:443", "")),
        ("http://p.m.svc:9090/prometheus/", Service("m", "p:9090", "prometheus/")),
        ("http://prometheus.example.com", None),
        ("http://192.0.2.7:9090", None),
        ("http://p.m", None),
    ],
)
def test_which_addresses_are_services_of_the_cluster(url, service):
    assert service_of(url) == service


def test_the_version_of_a_prometheus():
    assert version_in(b'{"status":"success","data":{"version":"3.15.0"}}') == "3.15.0"


@pytest.mark.parametrize(
    "answer", [b"<html>", b"[]", b'{"status":"success"}', b'{"status":"error","data":{"version":"1"}}']
)
def test_what_answers_otherwise_is_none(answer):
    with pytest.raises(NotPrometheus):
        version_in(answer)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("groups: []\r\nChecking standard input\r\n  SUCCESS: 3 rules found\r\n\r\n", "SUCCESS: 3 rules found"),
        (
            "groups:\r\n- name: a\r\nChecking standard input\r\n  FAILED:\r\nstandard input: 5:9: could not parse",
            "FAILED: standard input: 5:9: could not parse",
        ),
        ("no such program", ""),
    ],
)
def test_what_promtool_said(printed, said):
    assert promtool_message(printed) == said
