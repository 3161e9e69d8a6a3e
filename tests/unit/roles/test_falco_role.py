# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role falco_ebpf from nothing to its removal, on an API server that keeps objects and a Helm that keeps releases."""

from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.falco_ebpf import FINDINGS
from api_double import Cluster
from objects_double import made, mark, release
from plays import entry, run

MANIFESTS = """
{kind: DaemonSet, metadata: {name: falco}, spec: {template: {spec: {containers: [{name: falco}]}}}}
---
{kind: ConfigMap, metadata: {name: falco}, data: {falco.yaml: "rules_files: [/etc/falco/rules.d]"}}
"""
RULES = "/etc/falco/rules.d/000-runtime_security_rules.yaml"
LOG = json.dumps({"falco_load_results": [{"name": RULES, "successful": True, "errors": [], "warnings": []}]})
INPUTS = {"falco_ebpf_readiness": "machine", "falco_ebpf_accepted_findings": list(FINDINGS), "falco_ebpf_timeout": 5}
OURS = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes", "app.kubernetes.io/part-of": "falco"}
STATUS = {
    "DaemonSet": {"desiredNumberScheduled": 1, "numberReady": 1, "updatedNumberScheduled": 1, "numberAvailable": 1},
    "Deployment": {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
}


class Pods(Cluster):
    """What is created is ready at once; each Job has a pod that ended well, and Helm makes Falco's workloads."""

    def __init__(self, *objects):
        super().__init__(*objects)
        self.rendered = MANIFESTS

    def helm(self, words, values=None):
        if words[0] == "template":
            return 0, self.rendered, ""
        done = super().helm(words, values)
        if not {"install", "upgrade"} & set(words):
            return done
        if words[words.index("-") + 1] == "falco-exporter":
            self.workload("DaemonSet", "falco-exporter", {})
            return done
        self.workload("DaemonSet", "falco", values["podAnnotations"])
        if "falcosidekick" in values:
            self.workload("Deployment", "falco-falcosidekick", {})
        return done

    def workload(self, kind, name, annotations):
        template = {"metadata": {"annotations": annotations}, "spec": {}}
        labels = {"app.kubernetes.io/instance": "falco-exporter" if "exporter" in name else "falco"}
        found = self.ready(made(kind, name, labels, "falco", spec={"template": template, "replicas": 1}))
        place = ("apps/v1", "falco", f"{kind.lower()}s", name)
        # What the role has set stays, as Helm leaves it.
        before = self.objects.get(place, {})
        kept = before.get("spec", {}) | {
            "template": template | {"spec": before.get("spec", {}).get("template", {}).get("spec", {})}
        }
        self.objects[place] = found | {"spec": found["spec"] | (kept if before else {})}

    def ready(self, found):
        return found | {
            "metadata": found["metadata"] | {"generation": 1},
            "status": STATUS[found["kind"]] | {"observedGeneration": 1},
        }

    def reply(self, method, path, words, body, known):
        if path.endswith("/log"):
            return 200, LOG.encode()
        return super().reply(method, path, words, body, known)

    def answer(self, method, path, words, body):
        status, found = super().answer(method, path, words, body)
        if method == "POST" and "dryRun" not in words and status == 200:
            if found["kind"] == "Job":
                labels = {"batch.kubernetes.io/controller-uid": found["metadata"]["uid"]}
                pod = made("Pod", "p", labels, "falco", status={"phase": "Succeeded"})
                # It goes with its Job.
                self.objects["v1", "falco", "pods", "p"] = pod
            elif found["kind"] in STATUS:
                place = (
                    "apps/v1",
                    found["metadata"]["namespace"],
                    f"{found['kind'].lower()}s",
                    found["metadata"]["name"],
                )
                self.objects[place] = self.ready(found)
        if method == "DELETE" and "/jobs/" in path:
            self.objects.pop(("v1", "falco", "pods", "p"), None)
        return status, found


def play(cluster, *names, check=False, **inputs):
    done = run(
        cluster, [entry("falco_ebpf", name) for name in names], *(["--check"] if check else []), **INPUTS, **inputs
    )
    assert done.returncode == 0, done.stdout
    return " ".join(done.stdout.replace("''", "'").split())


def test_from_nothing_to_its_removal():
    cluster = Pods()
    said = play(cluster, "main", check=True)
    assert "changed=0" not in said and cluster.changes == []
    play(cluster, "main")
    assert {
        "Secret/falco-ca",
        "Secret/falco-receiver-tls",
        "Secret/falco-client-tls",
        "DaemonSet/falco-witness",
    } <= cluster.names()
    assert {"NetworkPolicy/falco", "NetworkPolicy/falco-falcosidekick"} <= cluster.names()
    (job,) = [change for change in cluster.changes if change.startswith("POST jobs/")]
    assert cluster.changes.index(job) < cluster.changes.index("HELM install falco")
    falco = cluster.objects["apps/v1", "falco", "daemonsets", "falco"]
    assert falco["spec"]["minReadySeconds"] == 10
    cluster.changes.clear()
    assert "changed=0" in play(cluster, "main") and cluster.changes == []
    assert "changed=0" in play(cluster, "main", check=True) and cluster.changes == []
    said = play(cluster, "rotate", check=True)
    assert "changed=0" not in said and cluster.changes == []
    play(cluster, "rotate")
    assert "HELM upgrade falco" in cluster.changes
    play(cluster, "remove")
    assert cluster.names() == set()
    assert "changed=0" in play(cluster, "remove")


def test_earlier_inputs_leave_nothing():
    cluster = Pods()
    play(cluster, "main", falco_ebpf_outputs={"slack": {"webhookurl": "https://hooks.example.org/a"}})
    assert "Secret/falco-receiver-outputs" in cluster.names()
    policy = cluster.objects["networking.k8s.io/v1", "falco", "networkpolicies", "falco-falcosidekick"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"][1:] == [{"ports": [{"port": 443, "protocol": "TCP"}]}]
    play(cluster, "main", falco_ebpf_network_policy=False)
    assert not cluster.names() & {"Secret/falco-receiver-outputs", "NetworkPolicy/falco"}


@pytest.mark.parametrize(
    ("first", "then", "gone"),
    [
        ("current", "classic", {"Secret/falco-receiver-tls", "NetworkPolicy/falco-falcosidekick"}),
        ("classic", "current", {"Secret/falco-grpc-tls", "Service/falco-grpc-local", "DaemonSet/falco-exporter"}),
    ],
)
def test_a_change_of_the_variant_leaves_nothing_of_the_other(first, then, gone):
    cluster = Pods()
    play(cluster, "main", falco_ebpf_variant=first)
    assert gone <= cluster.names()
    said = play(cluster, "main", falco_ebpf_variant=then)
    assert f"falco_ebpf_variant is '{then}', and the other variant ran here before" in said
    assert not gone & cluster.names() and "NetworkPolicy/falco" in cluster.names()
    cluster.changes.clear()
    assert "changed=0" in play(cluster, "main", falco_ebpf_variant=then) and cluster.changes == []


def test_a_falco_of_somebody_else_stays_with_all_around_it():
    theirs = release("falco")
    theirs["metadata"]["namespace"] = "falco"
    cluster = Pods(made("Namespace", "falco"), theirs, made("Secret", "falco-ca", OURS, "falco"))
    done = run(cluster, [entry("falco_ebpf", "apply")], **INPUTS)
    assert done.returncode == 2 and "Release falco in namespace falco was not installed by this collection" in " ".join(
        done.stdout.split()
    )
    play(cluster, "remove")
    assert cluster.changes == [] and "Secret/falco-ca" in cluster.names()
    assert mark("falco")["metadata"]["name"] not in cluster.names()


def test_monitors_without_an_operator_are_refused_before_anything_changes():
    cluster = Pods()
    done = run(cluster, [entry("falco_ebpf", "apply")], falco_ebpf_metrics="monitors", **INPUTS)
    assert done.returncode == 2 and cluster.changes == []
    assert "falco_ebpf_metrics: the cluster does not serve ServiceMonitor (monitoring.coreos.com/v1)" in " ".join(
        done.stdout.split()
    )
