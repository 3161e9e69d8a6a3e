# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries of detections on made-up audit lines, evaluated by Loki itself. tests/live/audit has the lines of a real API server."""

from __future__ import annotations

import json
import time
import urllib.error

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit import detections, noise, rules
from audit_inputs import NAMESPACES, TABLE, THRESHOLDS

LABELS = {"container": "kube-apiserver", "namespace": "kube-system"}


@pytest.fixture
def found(loki, request):
    """The rules and users that the queries find in lines."""
    tenant = str(abs(hash(request.node.nodeid)))

    def ask(lines, exceptions=(), **thresholds):
        now = time.time_ns()
        loki.push(tenant, LABELS, [(now - 10**9 + number, line) for number, line in enumerate(lines)])
        read = detections.read(TABLE, NAMESPACES, exceptions)
        given = {**THRESHOLDS, **thresholds}
        asked = [rule["queries"][0]["expr"] for rule in rules.build(read, given)]
        series = [labels for expr in asked for labels in loki.now(tenant, expr)]
        return sorted((labels["rule"], labels.get("user", "")) for labels in series)

    return ask


def line(user="bob", code=201, stage="ResponseComplete", body=None, level="Metadata", **about):
    event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": level,
        "stage": stage,
        "requestURI": "/api/v1/x",
        "verb": about.pop("verb", "create"),
        "user": {"username": user, "groups": ["dev"]},
        "sourceIPs": ["127.0.0.1"],
        "userAgent": "kubectl/v1",
        "objectRef": {"namespace": "shop", "name": "x", **about},
        "responseStatus": {"metadata": {}, "code": code},
    }
    return json.dumps(event | ({"requestObject": body} if body else {}), separators=(",", ":"))


def session(**more):
    return line(**{"code": 101, "stage": "ResponseStarted", "resource": "pods", "subresource": "exec", **more})


def pod(context, metadata=None, **more):
    spec = {"containers": [{"securityContext": context}], **more.pop("spec", {})}
    body = {"metadata": metadata or {}, "spec": spec}
    return line(**{"resource": "pods", "body": body, **more})


def test_a_session_is_one_detection_when_it_starts_and_none_when_it_is_refused(found):
    lines = [session(), session(stage="ResponseComplete"), session(user="eve", code=403)]
    assert found(lines) == [("Command in a pod", "bob")]


def test_of_several_detections_the_first_counts(found):
    both = pod({"privileged": True}, spec={"hostPID": True})
    assert found([both]) == [("Privileged pod", "bob")]


def test_an_exception_lets_the_next_detection_look(found):
    both = pod({"privileged": True}, spec={"hostPID": True})
    exceptions = [{"detections": ["pod-privileged"], "users": ["bob"]}]
    assert found([both], exceptions) == [("Pod in namespaces of the node", "bob")]


def test_text_in_a_body_is_no_setting(found):
    body = {"metadata": {"annotations": {"a": '"privileged":true "hostPath":{'}}, "spec": {"containers": []}}
    assert found([line(resource="pods", body=body)]) == []


def test_dropped_and_harmless_capabilities_raise_nothing(found):
    added = {"capabilities": {"add": ["CHOWN"], "drop": ["NET_ADMIN"]}}
    assert found([pod(added)]) == []
    assert found([pod({"capabilities": {"add": ["CHOWN", "NET_ADMIN"]}})]) == [("Pod with added capabilities", "bob")]


ODD = "o`\"d\\d $x $__range {{.user}} *'é"


@pytest.mark.parametrize(
    ("exception", "user"),
    [
        ({"users": [ODD.replace("*", "?")]}, ODD.replace("*", "?")),
        ({"users": ["bo*"]}, "bob"),
        ({"users": ["*ob"]}, "bob"),
        ({"users": ["b*b"]}, "bob"),
        ({"groups": ["dev"]}, "bob"),
        ({"user_agents": ["kubectl/*"]}, "bob"),
        ({"namespaces": ["sh*"]}, "bob"),
        ({"names": ["x"]}, "bob"),
        ({"uris": ["/api/*"]}, "bob"),
        ({"service_accounts": ["shop/web"]}, "system:serviceaccount:shop:web"),
        ({"users": ["bob"], "namespaces": ["shop"]}, "bob"),
    ],
    ids=str,
)
def test_an_exception_that_fits(found, exception, user):
    assert found([session(user=user)], [exception]) == []


@pytest.mark.parametrize(
    "exception",
    [
        {"users": ["bo"]},
        {"users": ["ob*"]},
        {"users": ["b.b"]},
        {"groups": ["de"]},
        {"user_agents": ["kubectl"]},
        {"service_accounts": ["shop/web"]},
        {"users": ["bob"], "namespaces": ["other"]},
        {"detections": ["pod-attach"], "users": ["bob"]},
    ],
    ids=str,
)
def test_an_exception_that_does_not_fit(found, exception):
    assert found([session()], [exception]) == [("Command in a pod", "bob")]


def test_counts_are_of_one_user(found):
    reads = [line(user=f"u{number % 2}", verb="get", code=200, resource="secrets") for number in range(11)]
    assert found(reads, secret_reads=5) == [("Many Secrets read", "u0")]


def test_requests_with_bad_credentials_count(found):
    lines = [line(user="", code=401, stage="ResponseStarted", verb="get", resource="pods") for _ in range(6)]
    assert found(lines, denied_requests=5) == [("Many denied requests", "")]


def test_a_log_without_audit_lines_is_silent(found):
    assert found(['I1129 20:00:00.000000 1 httplog.go:132] "HTTP" verb="GET"', "{}"]) == []


def test_a_line_that_was_cut_is_found_and_does_not_spoil_the_query(found):
    cut = pod({"privileged": True}, metadata={"annotations": {"a": "x" * 5000}}, level="Request")[:2000]
    assert found([cut, session()]) == [("Body missing in the audit log", "bob"), ("Command in a pod", "bob")]


def test_a_line_that_the_api_server_could_not_write(found):
    lost = (
        '2026-01-01T00:00:00.0Z AUDIT: id="1" stage="ResponseComplete" ip="::1" method="patch" user="bob" groups="\\"dev\\",\\"b\\"" '
        'as="<self>" asgroups="<lookup>" user-agent="curl" namespace="shop" uri="/api/v1/namespaces/shop/pods/x" response="201"'
    )
    assert found([lost, lost.replace('"201"', '"403"')]) == [("Request missing in the audit log", "bob")]
    assert found([], [{"users": ["bob"], "user_agents": ["curl"]}]) == []


def test_very_many_are_refused(found):
    """So a rule whose query fails must not be silent."""
    lines = [pod({"privileged": True}, name=f"p{number}") for number in range(700)]
    with pytest.raises(urllib.error.HTTPError):
        found(lines)
    assert {rule["error"] for rule in rules.build(detections.read(TABLE, NAMESPACES), THRESHOLDS)} == {"error"}


def test_the_past_is_counted_by_user_namespace_and_program(loki):
    """As the proposal of exceptions asks for it; what the proof and the continuous proof do is no noise."""
    now = time.time_ns()
    prover = "system:serviceaccount:continuous-proof:continuous-proof"
    lines = [
        session(),
        session(),
        session(user="eve"),
        session(user="eve", code=403),
        session(namespace="pipeline-proof"),
    ]
    lines.append(session(user=prover, namespace="continuous-proof"))
    loki.push("past", LABELS, [(now - 10**9 + number, text) for number, text in enumerate(lines)])
    found = []
    for text in noise.expressions(noise.tunable(detections.read(TABLE, NAMESPACES), "Warning")):
        found += loki.now("past", text.replace("$window", "86400s"))
    by = {"rule": "Command in a pod", "k8s_ns_name": "shop", "user_agent": "kubectl/v1"}
    assert sorted(found, key=str) == sorted([{**by, "user": "bob"}, {**by, "user": "eve"}], key=str)
