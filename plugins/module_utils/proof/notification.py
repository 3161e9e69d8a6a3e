# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks: the shell's event becomes a notification, by Grafana's own rule, notification policies and contact points.

It ends in the sink of the marked pod. A test of the notifications also goes the way of every other alert; whether its contact points
delivered it is what Grafana reports of them, since nobody can look into a person's chat.
"""

from __future__ import annotations

import time
import typing as t

from ..grafana_client import path
from ..grafana_proof_route import RULE
from .grafana import Reader, Refused
from .pod import MarkedPod
from .shell import Shells
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 1
NAME = "a shell's Falco event becomes a notification"
DELIVERED = "the contact points deliver a test notification"
# What Grafana reports of a contact point that has sent nothing.
_NEVER = "0001-01-01T00:00:00.000Z"
_TAKEN_UP_SECONDS = 70
_RULES = "its alert rule 'Runtime event'"


def _alerts(grafana: Reader, pod: MarkedPod) -> list[dict]:
    """What Grafana's Alertmanager has of the pod."""
    matcher = f'k8s_pod_name="{pod.name}"'
    return grafana.get(path("alertmanager", "grafana", "api", "v2", "alerts", filter=matcher)) or []


def _receivers(alerts: list[dict]) -> list[str]:
    """The contact points that the notification policies chose."""
    return sorted({receiver["name"] for alert in alerts for receiver in alert.get("receivers") or []})


def _attempts(grafana: Reader) -> dict[str, list[dict]]:
    """What became of the last notification of each contact point, by its name, for each of its integrations."""
    found = grafana.get(path("alertmanager", "grafana", "config", "api", "v1", "receivers")) or []
    return {receiver["name"]: receiver.get("integrations") or [] for receiver in found}


def _last_errors(grafana: Reader, names: list[str]) -> str:
    try:
        attempts = _attempts(grafana)
    except Refused as exc:
        return f"; {exc}"
    errors = [one.get("lastNotifyAttemptError") for name in names for one in attempts.get(name, [])]
    return "".join(f"; the last attempt failed: {error}" for error in errors if error)


def settle(watch: Watch, grafana: Reader, sink: str) -> None:
    """Wait until Grafana's Alertmanager has the way to the sink: by default it reads once a minute what was written.

    Before that an event would be told to people. Where Grafana does not tell, or has no such contact point, the line says so.
    """
    began = time.monotonic()

    def probe() -> None:
        try:
            known = sink in _attempts(grafana)
        except Refused:
            return
        if not known and time.monotonic() - began < _TAKEN_UP_SECONDS:
            raise NotYet(f"Grafana does not use the contact point {sink} yet")

    watch.until(probe, _EVERY_SECONDS)


def notification(watch: Watch, grafana: Reader, shells: Shells) -> t.Iterator[dict]:
    """Follow the event to the sink; the line names the hop where it stopped."""
    shells.start()
    pod = shells.pod

    def received() -> list[dict]:
        try:
            return pod.notified()
        except Exception as exc:  # the next question may be answered; the line has the reason if none was
            raise shells.not_yet(str(exc)) from exc

    def probe() -> list[dict]:
        told = [
            alert
            for alert in received()
            if alert.get("status") == "firing"
            and (alert.get("labels") or {}).get("k8s_pod_name") == pod.name
            and alert["labels"].get("rule") == RULE
        ]
        if told:
            return told
        alerts = _alerts(grafana, pod)
        if not alerts:
            raise shells.not_yet(f"Grafana has no alert of pod {pod.name} from {_RULES}")
        names = _receivers(alerts)
        raise shells.not_yet(
            f"Grafana has the alert of pod {pod.name} for the contact points {', '.join(names)}, and the sink "
            f"{pod.namespace}/{pod.name} got no notification{_last_errors(grafana, names)}"
        )

    def describe(told: list[dict]) -> str:
        name = (told[0].get("labels") or {}).get("alertname", "unknown")
        return f"alert rule {name!r}, {len(told)} notification{'' if len(told) == 1 else 's'} of pod {pod.name} in its sink"

    yield observe(watch, NAME, probe, _EVERY_SECONDS, describe, since=lambda told: shells.started[0])


def delivered(watch: Watch, grafana: Reader, shells: Shells, sink: str) -> t.Iterator[dict]:
    """Whether each contact point but the sink's reports a notification newer than its last one of before."""
    before = {name: _times(found) for name, found in watch.until(lambda: _attempts(grafana), 1).value.items()}
    shells.start()
    pod = shells.pod

    def probe() -> list[str]:
        names = [name for name in _receivers(_alerts(grafana, pod)) if name != sink]
        if not names:
            raise shells.not_yet(f"Grafana has no alert of pod {pod.name} for another contact point than {sink}")
        attempts = _attempts(grafana)
        for name in names:
            found = attempts.get(name, [])
            # A contact point that was changed meanwhile has sent nothing yet, which is a time long ago.
            last = max(before.get(name, []), default="")
            if not found or min(_times(found)) <= max(last, _NEVER):
                raise NotYet(f"contact point {name} has sent no notification yet")
            errors = [one["lastNotifyAttemptError"] for one in found if one.get("lastNotifyAttemptError")]
            if errors:
                raise NotYet(f"contact point {name}: {'; '.join(errors)}")
        return names

    yield observe(
        watch,
        DELIVERED,
        probe,
        _EVERY_SECONDS,
        lambda names: f"{', '.join(names)}: sent, no error; whether it was read is for you to see",
        since=lambda names: shells.started[0],
    )


def _times(integrations: list[dict]) -> list[str]:
    return [one.get("lastNotifyAttempt") or "" for one in integrations]
