# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workloads that use the certificates: a pod starts again where its template has another fingerprint. Private to the collection."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import STRATEGIC, Api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.rollout import progress
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

RESOURCES = {"Deployment": "deployments", "DaemonSet": "daemonsets", "StatefulSet": "statefulsets"}
_EVERY_SECONDS = 2


class Workload(t.NamedTuple):
    """A workload, and which annotation of its pods has the fingerprint of which certificate."""

    kind: str
    namespace: str
    name: str
    # Annotation to certificate. Of those in shown only the certificate itself counts, and of those in trusted the CAs beside it.
    annotations: dict[str, str]
    shown: dict[str, str]
    trusted: dict[str, str]

    @property
    def path(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/{RESOURCES[self.kind]}/{self.name}"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def fingerprints(self, certificates: dict[str, dict]) -> dict[str, str]:
        """The annotations that its pods are to have."""
        kinds = {
            "fingerprint": self.annotations,
            "certificate_fingerprint": self.shown,
            "trust_fingerprint": self.trusted,
        }
        return {key: certificates[name][kind] for kind, found in kinds.items() for key, name in found.items()}


def outdated(api: Api, workloads: list[Workload], certificates: dict[str, dict]) -> list[Workload]:
    """Those whose pods have other certificates; raises WorkError for one that does not exist."""
    return [one for one in workloads if one.fingerprints(certificates).items() - _annotations(_read(api, one)).items()]


def restart(api: Api, workloads: list[Workload], certificates: dict[str, dict]) -> None:
    """Give their pods these certificates, all side by side."""
    for one in workloads:
        template = {"metadata": {"annotations": one.fingerprints(certificates)}}
        api.call("PATCH", one.path, {"spec": {"template": template}}, STRATEGIC)


def wait(
    api: Api,
    workloads: list[Workload],
    seconds: float,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> None:
    """Until all are rolled out; raises WorkError where one is not in time."""
    deadline = clock() + seconds
    while True:
        unready = [one for one in workloads if not progress(_read(api, one)).done]
        if not unready:
            return
        if clock() > deadline:
            raise WorkError(f"{unready[0]}: it is not rolled out after {seconds:.0f} s. The change goes on once it is.")
        sleep(_EVERY_SECONDS)


def _read(api: Api, one: Workload) -> dict:
    found = api.get(one.path)
    if found is None:
        raise WorkError(f"{one}: it does not exist. Fix: run the playbook that installed it again.")
    return found


def _annotations(workload: dict) -> dict[str, str]:
    return (workload["spec"]["template"].get("metadata") or {}).get("annotations") or {}
