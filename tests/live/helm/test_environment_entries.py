# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two entries of one name in a container's environment, through upgrades by a real Helm on a real API server; make helm runs it.

As chart falco has them: its own HOST_ROOT comes first, and a value adds another one.
"""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import releases
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode

from ..audit import apiserver

PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
HELM = os.environ["HELM"]
CHART = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: falco}
spec:
  selector: {matchLabels: {app: falco}}
  template:
    metadata: {labels: {app: falco}}
    spec:
      containers:
        - name: falco
          image: falco
          env:
            - {name: HOST_ROOT, value: /host}
            - {name: FALCO_HOSTNAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
            {{- with .Values.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
"""
# What the values say in each upgrade; "" where they say nothing.
HISTORIES = [
    ("/hostroot", "/user"),
    ("/user", "/hostroot"),
    ("", "/hostroot", "/user", ""),
    ("/hostroot", "", "/hostroot", "/host"),
]


class Release:
    """The release falco in a namespace of its own, and what its container would get."""

    def __init__(self, api: apiserver.Api, chart: Path, kubeconfig: Path, namespace: str) -> None:
        api.ok("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        self._api, self._chart, self._kubeconfig, self._namespace = api, chart, kubeconfig, namespace

    def by_module(self, host_root: str) -> dict:
        # As chart falco takes it, which tells Helm 4 how to apply.
        values = self._values(host_root) | {"extra": self._values(host_root)}
        release = {"name": "falco", "chart": str(self._chart), "values": values}
        given = {"namespace": self._namespace, "kubeconfig": str(self._kubeconfig), "binary_path": HELM}
        checked = ArgumentSpecValidator(releases.ARGUMENTS).validate(given | {"releases": [release]})
        assert checked.error_messages == []
        return releases.run(checked.validated_parameters, Mode(False, False))

    def by_helm(self, host_root: str) -> None:
        values = yaml.safe_dump(self._values(host_root))
        command = [HELM, "--kubeconfig", str(self._kubeconfig), "--namespace", self._namespace, "upgrade", "--install"]
        said = subprocess.run([HELM, "version", "--short"], capture_output=True, text=True, check=True).stdout
        command += ["--server-side=false"] if said.startswith("v4") else []
        subprocess.run([*command, "falco", str(self._chart), "--values", "-"], input=values, text=True, check=True)

    def host_root(self) -> str | None:
        found = self._api.ok("GET", f"/apis/apps/v1/namespaces/{self._namespace}/daemonsets/falco")
        environment = found["spec"]["template"]["spec"]["containers"][0]["env"]
        assert "FALCO_HOSTNAME" in {entry["name"] for entry in environment}
        # The last one holds.
        return {entry["name"]: entry.get("value") for entry in environment}.get("HOST_ROOT")

    @staticmethod
    def _values(host_root: str) -> dict:
        return {"env": [{"name": "HOST_ROOT", "value": host_root}] if host_root else []}


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> t.Iterator[t.Callable[[str], Release]]:
    folder = tmp_path_factory.mktemp("api")
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: falco, version: 1.0.0}\n", encoding="utf-8")
    (chart / "templates" / "daemonset.yaml").write_text(CHART, encoding="utf-8")
    with apiserver.cluster(PARTS, folder / "server", [{"level": "None"}], {}) as api:
        server = {"server": f"https://127.0.0.1:{api.port}", "insecure-skip-tls-verify": True}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "one",
            "clusters": [{"name": "one", "cluster": server}],
            "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
            "users": [{"name": "one", "user": {"token": f"token-of-{apiserver.ADMIN}"}}],
        }
        (folder / "kubeconfig").write_text(yaml.safe_dump(content), encoding="utf-8")
        yield lambda namespace: Release(api, chart, folder / "kubeconfig", namespace)


@pytest.mark.parametrize("history", HISTORIES, ids="-".join)
def test_after_each_upgrade_the_entry_holds_that_the_release_has(release, history):
    falco = release(f"module-{HISTORIES.index(history)}")
    for host_root in history:
        assert falco.by_module(host_root)["changed"]
        assert falco.host_root() == (host_root or "/host")
        assert falco.by_module(host_root)["changed"] is False


def test_helm_alone_leaves_another_one(release):
    """Else nothing of this is needed any more."""
    falco = release("helm")
    for host_root, left in (("/hostroot", "/hostroot"), ("/user", "/hostroot"), ("", None), ("/hostroot", "/host")):
        falco.by_helm(host_root)
        assert falco.host_root() == left
