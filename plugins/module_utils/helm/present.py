# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates, installs and upgrades releases. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import (
    environment_entries,
    marks,
    ownership,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Evidence, Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.operations import (
    Outcome,
    clear,
    side_by_side,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.request import Request
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.task import (
    Task,
    after_install,
    described,
    difference,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


def validated(task: Task) -> dict:
    """Fail where a run with the same parameters would refuse; change nothing."""
    evidence = looked(task)
    outdated = _outdated(task, evidence)
    task.require_helm()
    _refuse_what_cannot_change(task, evidence, outdated)
    names = {request.name for request in outdated}
    return task.result({name: described(found, outdated=name in names) for name, found in evidence.releases.items()})


def present(task: Task) -> dict:
    """Install what is missing and upgrade what differs, side by side."""
    _require_charts(task)
    evidence = looked(task)
    outdated = _outdated(task, evidence)
    result = {name: described(found, outdated=False) for name, found in evidence.releases.items()}
    wrong = _wrong_entries(task, evidence, {one.name for one in task.requests} - {one.name for one in outdated})
    result |= {name: described(evidence.releases[name], "corrected", outdated=False) for name in wrong}
    if not outdated:
        return _corrected(task, result, wrong)
    task.require_helm()
    _refuse_what_cannot_change(task, evidence, outdated)
    result |= {request.name: _installed(request, evidence.releases[request.name]) for request in outdated}
    shown = _difference(outdated, evidence) if task.mode.diff else {}
    if task.mode.check:
        return task.result(result, changed=True, **shown)
    task.know_cluster()
    # Before Helm begins, so that a stop in between leaves no doubt whose the releases are.
    marks.write(
        task.reader,
        task.namespace,
        {request.name: request.paths(evidence.releases[request.name]) for request in outdated},
    )
    evidence = _recovered(task, evidence, outdated)
    evidence, refused = _installed_by_helm(task, evidence, outdated)
    # A retry may have made another revision.
    result |= {request.name: _installed(request, evidence.releases[request.name]) for request in outdated}
    if refused:
        result |= {name: described(evidence.releases[name], outdated=True) for name in refused}
        changed = len(refused) < len(outdated)
        raise WorkError(_reasons(task, outdated, refused), **task.result(result, changed=changed))
    names = {request.name for request in outdated}
    result = _corrected(task, result, wrong | _wrong_entries(task, task.look(), names, evidence))
    return result | {"changed": True, **shown}


def looked(task: Task) -> Evidence:
    """What is there, once nothing of it forbids to write."""
    everywhere = any(request.one_per_cluster for request in task.requests)
    evidence = task.look(everywhere=everywhere)
    if everywhere and not evidence.everywhere:
        task.warnings.append(
            "Without the right to list secrets and configmaps in all namespaces, releases elsewhere are not seen."
        )
    here = (evidence, task.namespace, task.variables)
    task.refuse(
        ownership.hidden(*here, task.takes)
        + ownership.foreign(*here, task.takes)
        + ownership.elsewhere(evidence, task.requests, task.namespace, task.variables)
    )
    task.refuse(ownership.unrecorded(task.reader, *here))
    return evidence


def _wrong_entries(
    task: Task, now: Evidence, names: set[str], before: Evidence | None = None
) -> dict[str, environment_entries.Revisions]:
    """The releases whose workloads have another environment than they say, as Helm's patch leaves it."""
    found = {}
    for name in sorted(names):
        content = now.releases[name].content
        revisions = content and environment_entries.Revisions(content, before and before.releases[name].content)
        if revisions and environment_entries.wrong(task.reader, task.namespace, revisions):
            found[name] = revisions
    return found


def _corrected(task: Task, result: dict, wrong: dict[str, environment_entries.Revisions]) -> dict:
    """The result once these workloads are corrected; in check mode as if they were."""
    for revisions in wrong.values() if not task.mode.check else ():
        environment_entries.correct(task.reader, task.namespace, revisions)
    return task.result(result, changed=bool(wrong))


def _require_charts(task: Task) -> None:
    names = [request.name for request in task.requests if request.source is None]
    if names:
        raise WorkError(
            f"chart: missing for release {' and '.join(names)}. Expected a chart for each release. Fix: set releases[].chart."
        )


def _outdated(task: Task, evidence: Evidence) -> list[Request]:
    return [one for one in task.requests if one.source is not None and one.outdated(evidence.releases[one.name])]


def _refuse_what_cannot_change(task: Task, evidence: Evidence, outdated: list[Request]) -> None:
    """Refuse what Kubernetes would not let an upgrade change; an interrupted release is recovered first."""
    existing = {
        request.name: (request, evidence.releases[request.name])
        for request in outdated
        if evidence.releases[request.name].exists and not evidence.releases[request.name].interrupted
    }
    found = side_by_side(task.helm.refused_changes, existing)
    task.refuse([sentence for sentences in found.values() for sentence in sentences])


def _recovered(task: Task, evidence: Evidence, outdated: list[Request]) -> Evidence:
    """What is there once the operations that were interrupted have ended."""
    broken = {
        request.name: (evidence.releases[request.name],)
        for request in outdated
        if evidence.releases[request.name].interrupted
    }
    if not broken:
        return evidence
    refused = {
        name: outcome.reason
        for name, outcome in side_by_side(clear(task.helm.recover), broken).items()
        if not outcome.done
    }
    if refused:
        words = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise WorkError(
            f"Helm cannot recover what was interrupted in namespace {task.namespace}: {words}. Fix: see helm history "
            f"{next(iter(refused))} --namespace {task.namespace}, and run again."
        )
    return task.look()


def _installed_by_helm(task: Task, evidence: Evidence, outdated: list[Request]) -> tuple[Evidence, dict[str, Outcome]]:
    """What was there before Helm's last try, and the releases that it refuses.

    Those of another operation, of a Helm that an earlier run left at work, are recovered and tried once more.
    """
    refused = _try(task, evidence, outdated)
    if not refused:
        return evidence, {}
    done = {request.name: evidence.releases[request.name] for request in outdated if request.name not in refused}
    again = [request for request in outdated if request.name in refused]
    try:
        now = task.look()
    except UnclearAnswer as error:
        raise WorkError(f"{_reasons(task, outdated, refused)} What exists now is not clear: {error}") from error
    # One that failed just now failed for Helm's reason.
    if any(found.interrupted and found.status != "failed" for found in now.releases.values()):
        now = _recovered(task, now, again)
        refused = _try(task, now, again)
    return now._replace(releases=now.releases | done), refused


def _try(task: Task, evidence: Evidence, requests: list[Request]) -> dict[str, Outcome]:
    tasks = {request.name: (request, evidence.releases[request.name]) for request in requests}
    return {
        name: outcome for name, outcome in side_by_side(clear(task.helm.install), tasks).items() if not outcome.done
    }


def _installed(request: Request, before: Found) -> dict:
    """What is returned of a release that Helm has installed or upgraded, or would."""
    made = before.owner is Owner.NOBODY
    return {
        "action": "installed" if made else "upgraded",
        "status": "deployed",
        "revision": 0 if before.owner is Owner.HIDDEN else before.revision + 1,
        "chart": request.chart,
        "version": request.version,
        "managed": True,
        "outdated": False,
    }


def _difference(outdated: list[Request], evidence: Evidence) -> dict:
    found = {request.name: evidence.releases[request.name] for request in outdated}
    after = {request.name: after_install(request, found[request.name]) for request in outdated}
    return difference(list(found.values()), after)


def _reasons(task: Task, outdated: list[Request], refused: dict[str, Outcome]) -> str:
    """Helm's reasons, each with what to do about it where that is known."""
    words = []
    for request in outdated:
        if request.name in refused:
            reason = refused[request.name].reason
            remedies = [one["remedy"] for one in request.remedies if one["said"] in reason]
            words.append(" ".join([f"{request.name}: {reason}", *remedies]))
    return f"Helm cannot install or upgrade in namespace {task.namespace}: {' '.join(words)}"
