# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the pod in which Falco validates rules, as far as its status and events tell. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.rollout import HOPELESS_ONCE


def has_ended(pod: dict) -> bool:
    """Whether all of its containers have ended, well or not."""
    return _status(pod).get("phase") in ("Succeeded", "Failed")


def hopeless(pod: dict) -> list[str]:
    """Why a container of the pod does not start, where that does not change by itself."""
    waiting = [(one.get("state") or {}).get("waiting") or {} for one in _states(pod)]
    return [one.get("message") or "no reason is given" for one in waiting if one.get("reason") in HOPELESS_ONCE]


def refused(pod: dict, events: list[dict], job: str) -> list[str]:
    """Why there is no pod of a Job, or no node for it; room on a node and a quota may come back within half a minute."""
    unscheduled = [
        one.get("message") or "no node is found for it"
        for one in _status(pod).get("conditions") or []
        if (one.get("type"), one.get("status")) == ("PodScheduled", "False")
    ]
    uncreated = [
        one.get("message") or "it was not created"
        for one in events
        if one.get("reason") == "FailedCreate" and (one.get("involvedObject") or {}).get("name") == job
    ]
    return unscheduled + ([] if pod else uncreated[-1:])


def failed_filler(pod: dict) -> str:
    """The first init container that ended with an error, "" for none: the files that it brings are missing."""
    for one in _status(pod).get("initContainerStatuses") or []:
        ended = (one.get("state") or {}).get("terminated")
        if ended and ended.get("exitCode") != 0:
            return one["name"]
    return ""


def unstarted(pod: dict) -> str:
    """Why a container's program could not be started, "" where all were: of such a one there is no log."""
    ended = [(one.get("state") or {}).get("terminated") or {} for one in _status(pod).get("containerStatuses") or []]
    return " ".join(one["message"] for one in ended if one.get("message"))


def _states(pod: dict) -> list[dict]:
    status = _status(pod)
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _status(pod: dict) -> dict[str, t.Any]:
    return pod.get("status") or {}
