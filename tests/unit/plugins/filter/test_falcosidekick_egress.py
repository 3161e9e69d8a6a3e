# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where falcosidekick may open connections, by its outputs."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.falcosidekick_egress import falcosidekick_egress


def to(port, protocol="TCP", **peer):
    return {**peer, "ports": [{"port": port, "protocol": protocol}]}


def pods_of(namespace):
    return {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}]}


def rules(outputs):
    made = falcosidekick_egress(outputs, {})
    assert made["policyTypes"] == ["Ingress", "Egress"]
    dns, *others = made["egress"]
    assert {(port["port"], port["protocol"]) for port in dns["ports"]} >= {(53, "UDP"), (53, "TCP")}
    assert "to" not in dns
    return others


def test_without_outputs_there_is_only_dns():
    assert rules({}) == []


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"slack": {"webhookurl": "https://hooks.example.org/services/secret"}}, [to(443)]),
        ({"webhook": {"address": "http://hooks.example.org"}}, [to(80)]),
        ({"webhook": {"address": "https://user:secret@hooks.example.org:8443/a"}}, [to(8443)]),
        ({"pagerduty": {"routingkey": "secret"}}, [to(443)]),
        ({"opsgenie": None}, [to(443)]),
        ({"kafka": {"hostport": "a.example.org:9092, b.example.org:9093"}}, [to(9092), to(9093)]),
        ({"smtp": {"hostport": "mail.example.org:587"}}, [to(587)]),
        ({"syslog": {"host": "log.example.org", "port": "514", "protocol": "udp"}}, [to(514, "UDP")]),
        ({"webhook": {"address": "http://10.1.2.3:8080"}}, [to(8080, to=[{"ipBlock": {"cidr": "10.1.2.3/32"}}])]),
        (
            {"webhook": {"address": "http://[2001:db8::1]:8080"}},
            [to(8080, to=[{"ipBlock": {"cidr": "2001:db8::1/128"}}])],
        ),
        # A Service's port need not be its pods'.
        ({"alertmanager": {"hostport": "http://alertmanager.monitoring.svc:80"}}, [pods_of("monitoring")]),
        ({"alertmanager": {"hostport": "http://a.monitoring.svc.cluster.local."}}, [pods_of("monitoring")]),
        ({"webhook": {"address": "http://sink:8080"}}, [{"to": [{"podSelector": {}}]}]),
        # A Service of a namespace, or a name of the Internet.
        ({"loki": {"hostport": "http://loki.logs:3100"}}, [pods_of("logs"), to(3100)]),
    ],
)
def test_each_output_is_let_through(output, expected):
    assert rules(output) == expected
    assert "secret" not in str(rules(output))


def test_outputs_of_one_port_share_a_rule():
    addresses = {"webhookurl": "https://a.example.org"}
    assert rules({"slack": addresses, "teams": addresses}) == [to(443)]


@pytest.mark.parametrize(
    "address", ["log.example.org", "https://", "https://a.example.org:port", "tcp://a.example.org"]
)
def test_an_address_that_does_not_tell_restricts_nothing(address):
    assert falcosidekick_egress({"webhook": {"address": address}}, {}) == {}


def test_values_of_the_chart_restrict_nothing():
    assert falcosidekick_egress({}, {"config": {"slack": {"webhookurl": "https://a"}}}) == {}
