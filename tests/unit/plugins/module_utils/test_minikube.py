from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube

RUNNING = {"Name": "m", "Host": "Running", "Kubelet": "Running", "APIServer": "Running", "Kubeconfig": "Configured"}
SETTINGS = {
    "driver": "docker",
    "container_runtime": "containerd",
    "kubernetes_version": "v1.34.4",
    "cni": "bridge",
    "cpus": 2,
    "memory": 6144,
    "base_image": "runtime-security.invalid/lab/node:1",
    "mounts": ["/proc:/procHost:ro"],
    "extra_config": ["apiserver.audit-log-path=-"],
}


@pytest.mark.parametrize(
    ("text", "mib"), [("6144", 6144), ("6144m", 6144), ("6g", 6144), ("6 GB", 6144), ("6Gi", 6144)]
)
def test_memory_is_read_in_minikubes_units(text, mib):
    assert minikube.memory_mib(text) == mib


@pytest.mark.parametrize("text", ["", "lots", "6t", "-1g", "6.5g"])
def test_memory_that_is_none_is_named(text):
    with pytest.raises(minikube.MinikubeError, match="^minikube_memory is '%s'; allowed is" % text):
        minikube.memory_mib(text)


@pytest.mark.parametrize(
    ("rc", "changes", "state"),
    [
        (0, {}, "running"),
        (85, {}, "missing"),
        (2, {"APIServer": "Stopped"}, "degraded"),
        (2, {"Kubelet": "Stopped"}, "degraded"),
        (7, {"Host": "Stopped", "Kubelet": "Stopped", "APIServer": "Stopped"}, "stopped"),
        (4, {"Kubeconfig": "Misconfigured"}, "unlinked"),
        (6, {"Kubeconfig": "Misconfigured", "APIServer": "Stopped"}, "degraded"),
        (7, {"Host": "Nonexistent", "Kubelet": "Nonexistent", "APIServer": "Nonexistent"}, "broken"),
    ],
)
def test_status_becomes_a_state(rc, changes, state):
    assert minikube.parse_status(rc, json.dumps(dict(RUNNING, **changes))) == state


def test_a_cluster_of_several_nodes_runs_when_all_do():
    worker = {"Name": "m-m02", "Host": "Running", "Kubelet": "Running", "Worker": True}
    assert minikube.parse_status(0, json.dumps([RUNNING, worker])) == "running"
    assert minikube.parse_status(0, json.dumps([RUNNING, dict(worker, Kubelet="Stopped")])) == "degraded"


def test_status_that_is_no_json_is_a_broken_profile():
    assert minikube.parse_status(1, "panic: oh no") == "broken"
    # What minikube prints when the container of its only node is gone.
    assert minikube.parse_status(7, "null") == "broken"


def test_a_record_is_read_in_the_modules_words(tmp_path):
    folder = tmp_path / ".minikube" / "profiles" / "p"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(
        json.dumps(
            {
                "Driver": "docker",
                "CPUs": 2,
                "Memory": 6144,
                "KicBaseImage": "runtime-security.invalid/lab/node:1",
                "ContainerVolumeMounts": ["/proc:/procHost:ro"],
                "KubernetesConfig": {
                    "KubernetesVersion": "v1.34.4",
                    "ContainerRuntime": "containerd",
                    "CNI": "bridge",
                    "ExtraOptions": [{"Component": "apiserver", "Key": "audit-log-path", "Value": "-"}],
                },
            }
        )
    )
    assert minikube.read_profile(str(tmp_path), "p") == SETTINGS
    assert minikube.read_profile(str(tmp_path), "other") is None


def test_a_record_that_was_cut_off_counts_as_empty(tmp_path):
    folder = tmp_path / ".minikube" / "profiles" / "p"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"Driver": "doc')
    assert minikube.read_profile(str(tmp_path), "p") == {}


@pytest.mark.parametrize(
    ("state", "current", "steps"),
    [
        ("missing", None, ["start"]),
        ("broken", SETTINGS, ["delete", "start"]),
        ("stopped", {}, ["delete", "start"]),
        ("stopped", SETTINGS, ["start"]),
        ("stopped", dict(SETTINGS, extra_config=[]), ["start"]),
        ("degraded", SETTINGS, ["stop", "start"]),
        ("unlinked", SETTINGS, ["link"]),
        ("unlinked", dict(SETTINGS, extra_config=[]), ["stop", "start"]),
        ("begun", SETTINGS, ["stop", "start"]),
        ("running", SETTINGS, []),
    ],
)
def test_the_state_decides_the_steps(state, current, steps):
    assert minikube.plan(state, current, SETTINGS, recreate=False) == steps


def test_settings_that_are_not_asked_for_do_not_count():
    assert minikube.plan("running", SETTINGS, {"driver": "docker", "cni": None}, recreate=False) == []


@pytest.mark.parametrize("kept", ["mirror.example:5000/lab/node", "mirror.example:5000/lab/node:1"])
def test_the_tag_minikube_forgets_after_a_port_is_no_drift(kept):
    wanted = dict(SETTINGS, base_image="mirror.example:5000/lab/node:1")
    assert minikube.drift(dict(SETTINGS, base_image=kept), wanted) == []
    assert minikube.drift(dict(SETTINGS, base_image=kept.replace("node", "other")), wanted) == ["base_image"]


def test_the_digest_minikube_adds_to_a_base_image_is_no_drift():
    current = dict(SETTINGS, base_image=SETTINGS["base_image"] + "@sha256:0123")
    assert minikube.plan("running", current, SETTINGS, recreate=False) == []


def test_extra_config_and_a_newer_kubernetes_are_reconfigured_in_place():
    assert minikube.plan("running", SETTINGS, dict(SETTINGS, extra_config=[]), recreate=False) == ["stop", "start"]
    newer = dict(SETTINGS, kubernetes_version="v1.34.5")
    assert minikube.plan("running", SETTINGS, newer, recreate=False) == ["stop", "start"]


@pytest.mark.parametrize(
    ("name", "value"), [("driver", "kvm2"), ("cni", "calico"), ("memory", 4096), ("kubernetes_version", "v1.33.9")]
)
def test_what_minikube_cannot_change_is_refused_unless_allowed(name, value):
    wanted = dict(SETTINGS, **{name: value})
    with pytest.raises(minikube.MinikubeError, match="minikube_%s is '.*', asked for is '%s'" % (name, value)):
        minikube.plan("running", SETTINGS, wanted, recreate=False)
    assert minikube.plan("running", SETTINGS, wanted, recreate=True) == ["delete", "start"]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"memory": 512}, "^minikube_memory is 512 MiB; allowed is 1800"),
        ({"memory": 99999}, "^minikube_memory is 99999 MiB"),
        ({"cpus": 1}, "^minikube_cpus is 1"),
        ({"cpus": 64}, "^minikube_cpus is 64"),
    ],
)
def test_a_node_that_does_not_fit_is_refused(size, message):
    with pytest.raises(minikube.MinikubeError, match=message):
        minikube.check_size(size, machine_memory=8192, machine_cpus=4)


def test_start_is_told_what_was_asked_for():
    arguments = minikube.start_arguments("p", SETTINGS, ["--preload=false"])
    assert arguments[:3] == ["start", "--profile", "p"]
    assert "--memory=6144mb" in arguments
    assert "--extra-config=apiserver.audit-log-path=-" in arguments
    assert arguments[-1] == "--preload=false"


def test_the_reason_is_the_line_that_says_why():
    stderr = "* minikube v1.38.1\nX Exiting due to RSRC_INSUFFICIENT_CORES: has less than 2 CPUs\n* advice\n"
    assert minikube.failure_reason("* some progress\n", stderr).startswith("X Exiting due to RSRC_INSUFFICIENT_CORES")


@pytest.mark.parametrize("driver", ["docker", "podman"])
def test_the_machines_proc_is_mounted_into_containers(driver):
    options = minikube.host_proc_options(driver, ["--nodes=2"])
    assert options == ["--mount-string=/proc:/procHost:ro"]
    assert minikube.host_proc_options(driver, ["--mount-string", "/srv:/srv"]) == []


@pytest.mark.parametrize("driver", ["none", "kvm2", "ssh", None])
def test_the_machines_proc_is_not_mounted_into_other_nodes(driver):
    assert minikube.host_proc_options(driver, []) == []


@pytest.mark.parametrize(
    ("mounts", "has"),
    [
        (["/proc:/procHost"], True),
        (["/proc:/procHost:ro"], True),
        (["/proc:/other"], False),
        ([], False),
        (None, False),
    ],
)
def test_a_record_tells_whether_the_machines_proc_is_there(mounts, has):
    assert minikube.has_host_proc({"mounts": mounts}) is has
