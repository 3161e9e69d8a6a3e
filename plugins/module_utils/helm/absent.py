# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uninstalls releases that this collection manages. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import marks, ownership
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.operations import clear, side_by_side
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.task import Task, described, difference
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


def absent(task: Task) -> dict:
    """Helm removes them, also where an earlier removal was interrupted; then their marks go.

    What is not known to be managed stays. Until its mark has gone the next run knows a release.
    """
    evidence = task.look(contents=task.mode.diff)
    task.refuse(ownership.hidden(evidence, task.namespace, task.variables))
    found = evidence.releases
    ours = {name: one for name, one in found.items() if _removable(task, one)}
    result = {name: described(one) for name, one in found.items()}
    result |= {name: _removed(one) for name, one in ours.items()}
    shown = difference(list(ours.values()), {}) if task.mode.diff else {}
    if not ours or task.mode.check:
        return task.result(result, changed=bool(ours), **shown)
    task.know_cluster()
    outcomes = side_by_side(clear(task.helm.uninstall), {name: (one,) for name, one in ours.items()})
    refused = {name: outcome.reason for name, outcome in outcomes.items() if outcome.reason}
    marks.remove(task.reader, task.namespace, [name for name in ours if name not in refused])
    if refused:
        words = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        result |= {name: described(ours[name]) for name in refused}
        raise WorkError(
            f"Helm cannot uninstall {words}. What is left is known to the next run. Fix: make sure that the API server answers, "
            "and run again.",
            **task.result(result, changed=len(refused) < len(ours)),
        )
    return task.result(result, changed=True, **shown)


def _removable(task: Task, found: Found) -> bool:
    return found.marked or (found.owner is Owner.FOREIGN and task.takes(found.name))


def _removed(found: Found) -> dict:
    gone = Found(found.name, Owner.NOBODY)
    return described(gone, "uninstalled" if found.exists else "unchanged")
