"""What has to hold on a pipeline that runs; molecule's default scenario says where it is."""

from __future__ import annotations

import json
import re

import pytest
from playbooks.output import one_line

from live.lab_cluster import AS_JSON, CONTEXT, KUBECONFIG, changed, kubectl, run, staying_pods


def test_a_wrong_password_is_said_and_nothing_changes(playbook, arguments):
    done = playbook(
        "site.yml", *arguments, "-e", "grafana_wiring_user=admin", "-e", "grafana_wiring_password=wrong-one"
    )
    assert done.returncode != 0
    said = one_line(done.stdout)
    assert re.search(r"admin.*http://[0-9.]+:30300|http://[0-9.]+:30300.*admin", said)
    assert "wrong-one" not in said
    assert "changed=0" in done.stdout


def test_a_cluster_that_cannot_become_what_is_asked_for_is_refused(playbook, arguments):
    done = playbook("site.yml", *arguments, "-e", "minikube_memory=7g")
    assert done.returncode != 0
    assert "memory is '6144', declared is '7168'" in one_line(done.stdout)
    assert "changed=0" in done.stdout


def changes(done):
    """What a run that went well changed, or would."""
    assert done.returncode == 0, done.stdout[-3000:]
    return changed(done.stdout)


def test_check_mode_announces_what_the_run_then_does(playbook, arguments, bundle):
    """On a pipeline of which parts are missing."""
    helm = [bundle / "bin" / "helm", "--kubeconfig", KUBECONFIG, "--kube-context", CONTEXT]
    run([*helm, "uninstall", "otel-agent", "--namespace", "monitoring", "--wait"])
    kubectl("delete", "secret", "falco-client-tls", "--namespace", "falco")
    kubectl("delete", "networkpolicy", "--all", "--namespace", "falco")
    announced = changes(playbook("site.yml", *arguments, "--check", "--diff", **AS_JSON))
    done = changes(playbook("site.yml", *arguments, **AS_JSON))
    assert announced == done
    assert len(done) >= 3
    assert changes(playbook("site.yml", *arguments, **AS_JSON)) == set()


def test_check_mode_announces_no_change(playbook, arguments):
    done = playbook("site.yml", *arguments, "--check")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "changed=0" in done.stdout


def test_check_mode_passes_where_two_roles_share_a_namespace_that_is_not_there(playbook, arguments):
    place = {
        "metrics_stack_namespace": "elsewhere",
        "loki_stack_namespace": "elsewhere",
        "metrics_stack_grafana_node_port": 0,
    }
    tags = ["--tags", "metrics_stack,loki_stack"]
    announced = changes(
        playbook("site.yml", *arguments, "-e", json.dumps(place), *tags, "--check", "--diff", **AS_JSON)
    )
    assert {name.rpartition(" : ")[2] for name, _item in announced} >= {"releases | Install the releases"}
    assert "elsewhere" not in kubectl("get", "namespaces", "--output", "name")


# In CI that of falco_ebpf alone, in tests/live/falco.
@pytest.mark.rare
def test_a_lost_certificate_comes_back_and_only_its_pod_restarts(playbook, arguments):
    def pods():
        staying = [pod["metadata"] for pod in staying_pods("falco")]
        return {metadata["labels"]["app.kubernetes.io/name"]: metadata["name"] for metadata in staying}

    before = pods()
    kubectl("delete", "secret", "falco-client-tls", "--namespace", "falco")
    done = playbook("site.yml", *arguments)
    assert done.returncode == 0, done.stdout[-3000:]
    kubectl("rollout", "status", "daemonset/falco", "--namespace", "falco", "--timeout", "60s")
    after = pods()
    assert after["falco"] != before["falco"]
    assert after["falcosidekick"] == before["falcosidekick"]
