# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the states of helm_releases share: parameters, cluster, program, and what is returned. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import evidence, ownership, program
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.comparison import changed_paths
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.operations import Helm
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.request import Request, requests
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError


class Task:
    """One task of helm_releases on a cluster that answers."""

    def __init__(
        self, params: dict, mode: Mode, client: t.Any, environment: dict[str, str], descriptors: tuple[int, ...] = ()
    ) -> None:
        """client asks the API server; environment and descriptors let Helm do so."""
        self.mode = mode
        self.namespace: str = params["namespace"]
        self.requests: list[Request] = requests(params["releases"], params["state"] == "absent")
        self.takes = ownership.taken(params["take_ownership"])
        self.variables: dict[str, str] = params["variables"] or {}
        self.binary: str = params["binary_path"]
        self.reader = Reader(client)
        self.helm = Helm(self.binary, self.namespace, environment, descriptors=descriptors)
        self.warnings: list[str] = []

    def look(self, contents: bool = True, everywhere: bool = False) -> evidence.Evidence:
        """What the cluster states now."""
        names = [request.name for request in self.requests]
        return evidence.read(self.reader, self.namespace, names, self.takes, contents, everywhere)

    def refuse(self, problems: list[str]) -> None:
        """Fail where there is one."""
        if problems:
            raise WorkError(" ".join(problems))

    def require_helm(self) -> None:
        """Fail where the program cannot be used; in check mode that is a warning, since a run may install it before."""
        variable = self.variables.get("binary_path") or "binary_path"
        problem = program.refusal(*program.version(self.binary), self.binary, variable)
        if problem and self.mode.check:
            self.warnings.append(f"A run would refuse Helm. {problem}")
        elif problem:
            raise WorkError(f"{problem} Nothing was changed.")

    def know_cluster(self) -> None:
        """Learn what tells the cluster and the namespace from others; fails where the namespace does not exist."""
        found = self.reader.one("Namespace", "v1", self.namespace)
        if found is None:
            name = self.variables.get("namespace") or "namespace"
            raise WorkError(
                f"{name}: no such namespace ({self.namespace}). Expected one that exists. Nothing was changed. Fix: create it "
                f"(kubectl create namespace {self.namespace})."
            )
        self.helm.cluster = found["metadata"].get("uid") or ""

    def result(self, releases: dict[str, dict], changed: bool = False, **more: t.Any) -> dict:
        return {"changed": changed, "releases": releases, **self._warned(), **more}

    def _warned(self) -> dict:
        return {"warnings": self.warnings} if self.warnings else {}


def described(found: Found, action: str = "unchanged", **more: t.Any) -> dict:
    """What is returned of a release as it is."""
    return {
        "action": action,
        "status": found.status or ("" if found.owner is Owner.HIDDEN else "absent"),
        "revision": found.revision,
        "chart": found.content.chart if found.content else "",
        "version": found.content.version if found.content else "",
        "managed": None if found.owner is Owner.HIDDEN else found.marked,
        **more,
    }


def difference(releases: list[Found], after: dict[str, dict]) -> dict:
    """Before and after, as Ansible prints them: charts, and of the values only where they change."""
    before = {
        found.name: {"chart": _chart(found.content.chart, found.content.version) if found.content else ""}
        for found in releases
        if found.exists
    }
    return {"diff": {"before": before, "after": after}}


def after_install(request: Request, found: Found) -> dict:
    """The second half of a difference."""
    values = found.content.values if found.content else {}
    return {
        "chart": _chart(request.chart, request.version),
        "changed values": changed_paths(values, request.next_values(found)),
    }


def _chart(name: str, version: str) -> str:
    return f"{name} {version}".strip()
