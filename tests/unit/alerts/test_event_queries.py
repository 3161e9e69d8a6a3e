# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries of detections on Kubernetes' events and on the nodes' log files, as the role's collectors send them, evaluated by Loki itself."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.audit import detections, rules
from audit_inputs import NAMESPACES, TABLE, THRESHOLDS

LABELS = {"job": "kubernetes-events", "app": "kubernetes-events", "namespace": "shop"}


@pytest.fixture
def found(loki, request):
    """The rules, and the objects they are about, that the queries find in lines."""
    tenant = str(abs(hash(request.node.nodeid)))

    def ask(*lines, registries=(), exceptions=(), labels=LABELS):
        now = time.time_ns()
        loki.push(tenant, labels, [(now - 10**9 + number, line) for number, line in enumerate(lines)])
        read = detections.read(TABLE, NAMESPACES | {"registries": list(registries)}, exceptions)
        asked = [rule["queries"][0]["expr"] for rule in rules.build(read, THRESHOLDS)]
        series = [labels for expr in asked for labels in loki.now(tenant, expr)]
        return sorted(
            (labels["rule"], labels.get("k8s_ns_name", ""), labels.get("k8s_pod_name", "")) for labels in series
        )

    return ask


def event(reason, message, namespace="shop", kind="Pod", name="web", component="kubelet"):
    about = {"kind": kind, "name": name, **({"namespace": namespace} if kind == "Pod" else {})}
    event = {"apiVersion": "v1", "count": 3, "involvedObject": about, "kind": "Event", "message": message}
    event |= {"reason": reason, "source": {"component": component, "host": "n1"}, "type": "Warning"}
    return json.dumps(event, separators=(",", ":"))


def crash(namespace):
    return event("BackOff", "Back-off restarting failed container falco in pod falco-x_falco(1)", namespace)


def pull(image):
    return event("Pulling", f'Pulling image "{image}"')


def test_a_part_of_the_pipeline_that_crashes(found):
    assert found(crash("falco"), crash("shop")) == [("Part of the pipeline does not run", "falco", "web")]


def test_a_part_that_restarts_once_is_none(found):
    assert found(event("Killing", "Stopping container falco", "falco"), event("Started", "BackOff", "falco")) == []


def test_a_node_out_of_memory(found):
    killed = event("SystemOOM", "System OOM encountered, victim process: x, pid: 1", kind="Node", name="n1")
    calm = event("NodeHasSufficientMemory", "no SystemOOM", kind="Node", name="n1")
    assert found(killed, calm) == [("Node out of memory", "", "")]


ALLOWED = ["docker.io/library", "docker.io/grafana", "quay.io", "registry.example.org:5000/team"]


@pytest.mark.parametrize(
    "image",
    [
        "busybox:1.35",
        "busybox",
        "library/busybox",
        "docker.io/library/busybox@sha256:1",
        "grafana/loki:3",
        "quay.io/prometheus/prometheus:v3",
        "registry.example.org:5000/team/app",
    ],
)
def test_an_image_of_an_allowed_registry(found, image):
    assert found(pull(image), registries=ALLOWED) == []


@pytest.mark.parametrize(
    "image",
    [
        "evil.invalid/busybox",
        "evil/busybox",
        "quay.io.evil.invalid/x",
        "quayxio/x",
        "docker.io/library-evil/x",
        "registry.example.org:5000/teams/app",
        "registry.example.org/team/app",
    ],
)
def test_an_image_from_elsewhere(found, image):
    name = "Image from another registry"
    assert found(pull(image), registries=ALLOWED) == [(name, "shop", "web")]


def test_docker_hub_as_a_whole(found):
    assert found(pull("evil/busybox"), pull("x"), pull("docker.io/a/b"), registries=["docker.io"]) == []
    assert found(pull("evil.invalid/a"), registries=["docker.io"]) != []


def test_without_a_list_every_registry_is_allowed(found):
    assert found(pull("evil.invalid/x")) == []


def test_exceptions_of_requests_apply_to_events(found):
    exceptions = [{"namespaces": ["falco"]}, {"groups": ["dev"], "user_agents": ["x*"]}]
    assert found(crash("falco"), exceptions=exceptions) == []
    assert found(crash("monitoring"), exceptions=exceptions) != []


NODE = {"job": "node-logs", "app": "node-logs", "node_name": "n1", "stream": "auth"}
LOGIN = "2026-11-23T21:00:07.123456+00:00 n1 sshd[812]: Accepted publickey for root from 10.0.0.9 port 50022 ssh2: ED25519 SHA256:x"
SUDO = "Nov 23 21:00:07 n1 sudo:   alice : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow"


KILLED = (
    "Nov 23 21:00:07 n1 kernel: [ 4242.123456] Memory cgroup out of memory: Killed process 4711 (Web Content) total-vm:10kB, anon-rss:9kB, "
    "file-rss:0kB, shmem-rss:0kB, UID:65534 pgtables:48kB oom_score_adj:999"
)


@pytest.mark.parametrize("words", ["Memory cgroup out of memory", "Out of memory"])
def test_a_process_that_the_kernel_killed(found, words):
    """Containers at their limit, and a node without memory; messages of Red Hat's have no time since the start."""
    line = KILLED.replace("Memory cgroup out of memory", words)
    assert found(line, labels=NODE) == [("Process killed for lack of memory", "", "")]
    assert found(line.replace("[ 4242.123456] ", ""), labels=NODE) == [("Process killed for lack of memory", "", "")]


def test_logins_and_sudo_on_a_node(found):
    newer = LOGIN.replace("sshd[", "sshd-session[").replace("root", "bob")
    assert found(LOGIN, newer, SUDO, labels=NODE) == [
        ("Command as another user on a node", "", ""),
        ("Login to a node by ssh", "", ""),
        ("Login to a node by ssh", "", ""),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Nov 23 21:00:07 n1 sshd[812]: Failed password for root from 10.0.0.9 port 50022 ssh2",
        "Nov 23 21:00:07 n1 sshd[812]: Disconnected from user root 10.0.0.9 port 50022",
        "Nov 23 21:00:07 n1 sshd[812]: Invalid user : Accepted from 10.0.0.9 port 1",
        "Nov 23 21:00:07 n1 sudo: pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
        "Nov 23 21:00:07 n1 kernel: [1.2] oom_reaper: reaped process 4711 (loki), now anon-rss:0kB, file-rss:0kB",
        "Nov 23 21:00:07 n1 sh[3]: Killed process 4711 (loki)",
        "Nov 23 21:00:07 n1 cron[1]: (root) CMD (echo COMMAND= Accepted)",
    ],
)
def test_other_lines_of_a_node(found, line):
    assert found(line, labels=NODE) == []


def test_an_account_that_configures_nodes_is_excepted(found):
    exceptions = [{"users": ["root"], "detections": ["node-login"]}]
    assert found(LOGIN, labels=NODE, exceptions=exceptions) == []
