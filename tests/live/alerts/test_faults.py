# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shipped rule on a real cluster: it stays quiet, fires within its time, and ends. Times are printed (-s).

The tests run in their order: each begins where nothing of the one before it fires any more.
"""

from __future__ import annotations

import time

import pytest
from modules import run
from unit.alerts import shipped

from . import stack as live

_SINK = {"name": "alerts test", "type": "webhook", "send_resolved": True}


@pytest.fixture(scope="module")
def stack():
    stack = live.Stack()
    stack.make_namespace()
    try:
        address = stack.sink()
        declare(stack, address)
        stack.noise()
        yield stack
    finally:
        stack.remove_namespace()


def declare(stack, address, **inputs):
    """The shipped rules with the sink as their only contact point."""
    result = run(
        "grafana_alerting",
        stack.connection["url"],
        **{key: stack.connection[key] for key in ("url_username", "url_password")},
        folder_uid="runtime-security",
        interval_seconds=shipped.constants()["__grafana_wiring_alerts_interval"],
        rules=shipped.rules(**{"grafana_wiring_alert_priority": "error", **inputs}),
        contact_points=[{**_SINK, "settings": {"url": address}}],
        policy={
            "contact_point": "alerts test",
            "group_by": ["alertname"],
            "group_wait_seconds": 1,
            "group_interval_seconds": 10,
        },
        purge=True,
        timeout=30,
    )
    assert not result.get("failed"), result.get("msg")


def test_an_event_of_the_wanted_priority_is_an_alert_and_a_notification(stack):
    since = time.monotonic()
    stack.fires("Runtime event", since, 60)
    live.wait("the notification", lambda: stack.notified("Runtime event", "firing"), 30)
    print(f"Runtime event: notification delivered {time.monotonic() - since:.0f} s after its cause")


def test_a_stream_of_events_is_no_loss(stack):
    """All is well: two minutes, in which every comparison has been made often."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        firing = {title for title, state in stack.states().items() if state != "inactive"}
        assert firing <= {"Runtime event"}
        time.sleep(2)


@pytest.mark.parametrize("fault", ["500", "hang", "certificate"])
def test_a_receiver_that_fails_is_seen(stack, fault):
    with stack.bad_receiver(fault) as since:
        print(f"receiver: {fault}")
        stack.fires("Events lost", since)
        assert stack.states().get("Receiver down") != "firing"
    repaired = time.monotonic()
    stack.clears("Events lost", repaired)
    live.wait("the notification", lambda: stack.notified("Events lost", "firing"), 30)


def test_the_log_tells_the_loss_too(stack):
    with stack.bad_receiver("500") as since:
        stack.fires("Events lost, by the log", since)
    stack.clears("Events lost, by the log", time.monotonic())


def test_a_receiver_that_is_down_is_seen(stack):
    with stack.scaled("deployment", live.RECEIVER, "falco") as since:
        stack.fires("Receiver down", since)
    stack.clears("Receiver down", time.monotonic())


def test_a_node_without_a_sensor_is_seen(stack):
    with stack.banned("falco", "falco") as since:
        stack.fires("Sensor down", since)
    stack.clears("Sensor down", time.monotonic())


def test_rules_that_falco_refuses_are_seen(stack):
    with stack.bad_rules() as since:
        stack.fires("Rules refused", since)
    repaired = time.monotonic()
    stack.clears("Rules refused", repaired, 780)
    stack.clears("Sensor down", repaired)


def test_a_sensor_without_events_is_seen(stack):
    stack.frozen_sensor()
    stack.fires("Sensor silent", time.monotonic(), 180)
    stack.remove_frozen_sensor()
    stack.clears("Sensor silent", time.monotonic())


def test_a_contact_point_that_is_wrong_is_seen(stack):
    right = stack.sink_address()
    since = time.monotonic()
    # Nothing listens on that port.
    declare(stack, right.replace(":8080", ":9"))
    stack.fires("Notifications failed", since, 180)
    declare(stack, right)
    stack.clears("Notifications failed", time.monotonic(), 480)


def test_a_certificate_that_ends_soon_is_seen(stack):
    rules = {"falco-receiver-tls": int(time.time()) + 3 * 86400, "falco-ca": int(time.time()) + 900 * 86400}
    address = stack.sink_address()
    since = time.monotonic()
    declare(stack, address, certificates=rules)
    stack.fires("Certificate expiring", since, 60)
    since = time.monotonic()
    declare(stack, address)
    stack.clears("Certificate expiring", since, 60)


def test_loki_that_is_down_is_seen(stack):
    with stack.scaled("statefulset", "loki", "monitoring") as since:
        stack.fires("Loki does not answer", since)
        stack.fires("Log agent lagging", since)
    repaired = time.monotonic()
    stack.clears("Loki does not answer", repaired)
    stack.clears("Log agent lagging", repaired, 240)


def test_agents_that_are_gone_are_seen(stack):
    with stack.banned("otel-agent", "monitoring") as since:
        stack.fires("Log ingestion stopped", since, 180)
    stack.clears("Log ingestion stopped", time.monotonic())


def test_prometheus_that_is_down_is_seen(stack):
    with stack.scaled("deployment", "prometheus-server", "monitoring") as since:
        stack.fires("Prometheus does not answer", since)
    stack.clears("Prometheus does not answer", time.monotonic())


def test_the_end_of_an_alert_is_told(stack):
    stack.clears("Runtime event", time.monotonic(), 360)
    live.wait("the notification", lambda: stack.notified("Runtime event", "resolved"), 60)
