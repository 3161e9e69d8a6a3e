# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event of each shipped Falco rule becomes one notification, within a minute. Times are printed (-s)."""

from __future__ import annotations

import json
import statistics
import time

import kubernetes
import pytest
from modules import run
from unit.alerts import shipped

from . import stack as live

PROMISED = 60
BURST = 1000
# busybox takes the applet's name from the first argument, the kernel the program's name from the file.
AS = "cp /bin/busybox /tmp/{0}; exec -a true /tmp/{0}"
ACTIONS = {
    "Terminal shell in container": "true",
    "Launch Package Management Process in Container": f"({AS.format('apk')})",
    "Launch Ingress Remote File Copy Tools in Container": f"({AS.format('curl')})",
    "Read sensitive file untrusted": "echo > /etc/shadow; cat /etc/shadow",
    "Write below etc": "touch /etc/new",
    "Contact K8S API Server From Container": "nc -w 2 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT < /dev/null; true",
}


@pytest.fixture(scope="module")
def stack():
    stack = live.Stack()
    stack.make_namespace()
    try:
        declare(stack, stack.sink())
        for name in ("each", "burst"):
            stack.run_pod(name, stack.shell_image, ["sleep", "3600"])
        yield stack
    finally:
        stack.remove_namespace()


def declare(stack, address):
    """The shipped rules and the route as the role writes them by default, with the sink as the contact point."""
    constants = shipped.constants()
    result = run(
        "grafana_alerting",
        stack.connection["url"],
        **{key: stack.connection[key] for key in ("url_username", "url_password")},
        folder_uid="runtime-security",
        interval_seconds=constants["__grafana_wiring_alerts_interval"],
        rules=shipped.rules(),
        contact_points=[{"name": "sink", "type": "webhook", "settings": {"url": address}}],
        policy={"contact_point": "sink", **constants["__grafana_wiring_route"]},
        purge=True,
        timeout=30,
    )
    assert not result.get("failed"), result.get("msg")
    assert not result.get("warnings")


def act(stack, pod, script, terminal=False):
    kubernetes.stream.stream(
        stack.core.connect_get_namespaced_pod_exec,
        pod,
        live.NAMESPACE,
        command=["sh", "-c", script],
        stdin=False,
        stdout=True,
        stderr=True,
        tty=terminal,
    )


def notifications(stack, pod):
    """(Falco's rule, status) of each alert about a pod in each notification."""
    sent = [json.loads(line) for line in stack.logs("sink").splitlines() if line.startswith("{")]
    alerts = [alert for one in sent for alert in one["alerts"] if alert["labels"].get("k8s_pod_name") == pod]
    return [(alert["labels"]["rule"], alert["status"]) for alert in alerts]


def test_each_rule_notifies_once_within_a_minute(stack):
    begun = {}
    for rule, script in ACTIONS.items():
        begun[rule] = time.monotonic()
        act(stack, "each", script, terminal=rule.startswith("Terminal"))
    took = {}
    while len(took) < len(ACTIONS) and time.monotonic() < max(begun.values()) + PROMISED:
        for rule, _status in notifications(stack, "each"):
            took.setdefault(rule, time.monotonic() - begun[rule])
        time.sleep(1)
    print({rule: round(seconds) for rule, seconds in took.items()})
    assert set(took) == set(ACTIONS)
    print(f"median {statistics.median(took.values()):.0f} s, worst {max(took.values()):.0f} s")
    assert max(took.values()) <= PROMISED
    assert sorted(notifications(stack, "each")) == sorted((rule, "firing") for rule in ACTIONS)


def test_a_burst_of_equal_events_is_one_notification(stack):
    script = f"echo > /etc/shadow; i=0; while [ $i -lt {BURST} ]; do cat /etc/shadow > /dev/null; i=$((i + 1)); done"
    act(stack, "burst", script)
    live.wait("the notification", lambda: notifications(stack, "burst"), PROMISED)
    # Long enough for two more intervals of a group.
    time.sleep(130)
    reads = [status for rule, status in notifications(stack, "burst") if rule == "Read sensitive file untrusted"]
    assert reads == ["firing"]
