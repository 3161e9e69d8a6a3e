"""What a stop or a neighbour can leave behind, made on purpose: the next run repairs it, or reports what prevents that."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from live.lab_cluster import BUNDLE, CONTEXT, FALCO, INPUTS, KUBECONFIG, kubectl, run

from . import site

HELM = [
    str(BUNDLE / "bin" / "helm"),
    "--kubeconfig",
    KUBECONFIG,
    "--kube-context",
    CONTEXT,
    "--namespace",
    "monitoring",
]
# A Deployment: on one node Helm waits for no pod of a DaemonSet.
RELEASE = "grafana"
PROFILE = Path(INPUTS["minikube_home"], ".minikube", "profiles", CONTEXT)
MANIFESTS = "/etc/kubernetes/manifests"
INGEST = "/var/lib/containerd/io.containerd.content.v1.content/ingest"


@pytest.fixture(scope="module", autouse=True)
def existing():
    site.proven()
    yield
    site.remove(cluster=True)


def node(*command):
    return run(["docker", "exec", CONTEXT, *command])


def one_line(text):
    return " ".join(text.replace("''", "'").split())


def status_of(release):
    found = json.loads(run([*HELM, "list", "--all", "--filter", f"^{release}$", "--output", "json"]))
    return found[0]["status"] if found else "absent"


def cut_off(status, *words):
    """A Helm that waits for what does not come, or not yet, and is killed once the release is in this state."""
    helm = subprocess.Popen([*HELM, *words, "--wait", "--timeout", "5m"], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while status_of(RELEASE) != status and time.monotonic() < end:
        time.sleep(0.2)
    helm.send_signal(signal.SIGKILL)
    helm.wait()


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_release_that_was_cut_off(status, tmp_path):
    (chart,) = map(str, (BUNDLE / "charts").glob(f"{RELEASE}-*.tgz"))
    values = tmp_path / "values.yml"
    values.write_text(run([*HELM, "get", "values", RELEASE, "--output", "yaml"]), encoding="utf-8")
    # Pods of an image that is not there never get ready.
    stuck = [chart, "--values", str(values), "--set", "image.tag=none"]
    if status == "pending-install":
        run([*HELM, "uninstall", RELEASE, "--wait"])
        cut_off(status, "install", RELEASE, *stuck)
    elif status == "pending-upgrade":
        cut_off(status, "upgrade", RELEASE, *stuck)
    elif status == "pending-rollback":
        run([*HELM, "upgrade", RELEASE, *stuck])
        run([*HELM, "upgrade", RELEASE, *stuck, "--set", "image.tag=neither"])
        cut_off(status, "rollback", RELEASE)
    else:
        # The pods' end is waited for.
        cut_off(status, "uninstall", RELEASE, "--cascade", "foreground")
    assert status_of(RELEASE) == status
    site.proven()
    assert status_of(RELEASE) == "deployed"


def container_gone():
    run(["docker", "rm", "--force", "--volumes", CONTEXT])


def container_stopped():
    run(["docker", "stop", "--time", "2", CONTEXT])


def configuration_gone():
    (PROFILE / "config.json").unlink()


def configuration_cut_short():
    text = (PROFILE / "config.json").read_text(encoding="utf-8")
    (PROFILE / "config.json").write_text(text[: len(text) // 2], encoding="utf-8")


def profile_gone():
    shutil.rmtree(PROFILE)


def kubeconfig_gone():
    Path(KUBECONFIG).unlink()


def kubeconfig_emptied():
    # minikube truncates the file before it writes.
    os.truncate(KUBECONFIG, 0)


PROFILE_FAULTS = (
    container_gone,
    container_stopped,
    configuration_gone,
    configuration_cut_short,
    profile_gone,
    kubeconfig_gone,
    kubeconfig_emptied,
)


@pytest.mark.parametrize("fault", PROFILE_FAULTS, ids=lambda fault: fault.__name__)
def test_half_a_profile(fault):
    born = kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
    fault()
    # Without minikube's client certificate the node has to be started again, which is asked for first.
    site.proven(None, *(["-e", "minikube_restart=true"] if fault is profile_gone else []))
    # Whatever was lost, it was not the cluster.
    assert kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}") == born


@pytest.mark.parametrize(
    ("namespace", "name", "key"),
    [
        (FALCO, "falco-client-tls", "client.key"),
        (FALCO, "falco-receiver-tls", "ca.crt"),
        (FALCO, "falco-ca", "ca.key"),
        ("monitoring", "grafana-admin", "admin-password"),
    ],
)
def test_half_a_secret(namespace, name, key):
    assert key in json.loads(kubectl("get", "secret", name, "--namespace", namespace, "-o", "json"))["data"]
    patch = json.dumps([{"op": "remove", "path": f"/data/{key}"}])
    kubectl("patch", "secret", name, "--namespace", namespace, "--type", "json", "--patch", patch)
    site.proven()
    assert key in json.loads(kubectl("get", "secret", name, "--namespace", namespace, "-o", "json"))["data"]


def test_full_disk_while_images_are_loaded():
    site.remove(cluster=False)
    image = node("ctr", "--namespace", "k8s.io", "images", "list", "--quiet").split()
    (loki,) = (name for name in image if "/loki:" in name)
    node("ctr", "--namespace", "k8s.io", "images", "remove", "--sync", loki)
    node("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", INGEST)
    try:
        code, _seconds, text = site.Run().end()
    finally:
        node("umount", INGEST)
    assert code != 0
    assert "no space left on device" in one_line(text), text[-3000:]
    assert "Install the releases]" not in text
    site.proven()


def test_port_that_is_taken():
    site.remove(cluster=False)
    kubectl("create", "namespace", "neighbour")
    try:
        port = str(INPUTS.get("metrics_stack_grafana_node_port", 30300))
        kubectl("create", "service", "nodeport", "taken", "--namespace", "neighbour", "--tcp=80", f"--node-port={port}")
        code, _seconds, text = site.Run().end()
        assert code != 0
        assert (
            f"metrics_stack_grafana_node_port: Service neighbour/taken has that port on the nodes already ({port})"
            in one_line(text)
        )
    finally:
        kubectl("delete", "namespace", "neighbour")
    site.proven()


def test_api_server_that_goes_away():
    run_on = site.Run()
    while not any(site.ON_THE_CLUSTER in line for _second, line in run_on.lines):
        time.sleep(0.1)
    node("mv", f"{MANIFESTS}/kube-apiserver.yaml", "/tmp/kube-apiserver.yaml")
    try:
        code, seconds, text = run_on.end()
    finally:
        node("mv", "/tmp/kube-apiserver.yaml", f"{MANIFESTS}/kube-apiserver.yaml")
    assert code != 0
    assert "Traceback" not in text
    assert seconds < 400
    site.proven()
