# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A double of a cluster in which Falco validates rules in a Job: its pod's state, and its log as Falco prints it."""

from __future__ import annotations

import json

from api_double import Cluster
from objects_double import made

WORD = "planted-word"
MANIFESTS = f"""
{{kind: DaemonSet, metadata: {{name: falco}}, spec: {{template: {{spec: {{containers: [{{name: falco, env: [{WORD}]}}]}}}}}}}}
---
{{kind: ConfigMap, metadata: {{name: falco}}, data: {{falco.yaml: "rules_files: [/etc/falco/falco_rules.yaml]"}}}}
"""
JOB = "falco-rules-0123456789ab"
OURS = "/etc/falco/rules.d/001-ours.yaml"


def said(code: str, message: str) -> dict:
    """An error or a warning as Falco prints it."""
    position = {"name": OURS, "line": 2, "column": 13, "offset": 0}
    place = {"item_type": "rule", "item_name": "A", "position": position}
    return {
        "code": code,
        "codedesc": "Words",
        "message": message,
        "context": {"locations": [place], "snippet": "evt.type = x"},
    }


def log(*, errors=(), warnings=()) -> str:
    found = {"name": OURS, "successful": not errors, "errors": list(errors), "warnings": list(warnings)}
    return json.dumps({"falco_load_results": [found]}) + "\n"


class Falco(Cluster):
    """A cluster in which each Job has a pod in a state, and a log."""

    def __init__(self, *objects: dict, status: dict | None = None, log: str = log()):
        super().__init__(*objects)
        self.rendered = MANIFESTS
        self.status = {"phase": "Succeeded"} if status is None else status
        self.log = log
        self.jobs: list[dict] = []
        self.asked: list = []

    def helm(self, words, values=None):
        assert words[:2] == ["template", "falco"]
        self.asked.append(values)
        return 0, self.rendered, ""

    def reply(self, method, path, words, body, known):
        if path.endswith("/log"):
            assert words["container"] == "falco"
            return 200, self.log.encode()
        return super().reply(method, path, words, body, known)

    def answer(self, method, path, words, body):
        status, found = super().answer(method, path, words, body)
        if path.endswith("/jobs") and method == "POST" and status == 200:
            self.jobs.append(found)
            self.pod_of(found)
        return status, found

    def pod_of(self, job: dict) -> None:
        if self.status:
            labels = {"batch.kubernetes.io/controller-uid": job["metadata"]["uid"]}
            pod = made("Pod", "p", labels, "falco", spec={"env": [WORD]}, status=self.status)
            self.objects["v1", "falco", "pods", "p"] = pod
