from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube

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
    with pytest.raises(minikube.MinikubeError, match=r"^minikube_memory: invalid value \('%s'\)" % text):
        minikube.memory_mib(text)


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
    assert minikube.settings_of(minikube.read_config(str(tmp_path), "p")) == SETTINGS
    assert minikube.read_config(str(tmp_path), "other") is None


def test_a_record_that_was_cut_off_counts_as_empty(tmp_path):
    folder = tmp_path / ".minikube" / "profiles" / "p"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"Driver": "doc')
    assert minikube.read_config(str(tmp_path), "p") == {}


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"memory": 512}, "^minikube_memory: out of range .512 MiB.. Expected 1800"),
        ({"memory": 99999}, "^minikube_memory: out of range .99999 MiB."),
        ({"cpus": 1}, "^minikube_cpus: out of range .1."),
        ({"cpus": 64}, "^minikube_cpus: out of range .64."),
    ],
)
def test_a_node_that_does_not_fit_is_refused(size, message):
    with pytest.raises(minikube.MinikubeError, match=message):
        minikube.check_size(size, 8192, 4)


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


def test_a_machine_that_does_not_tell_its_size_refuses_only_what_minikube_refuses():
    minikube.check_size({"memory": 99999, "cpus": 64}, None, None)
    with pytest.raises(minikube.MinikubeError, match="^minikube_memory: out of range .512 MiB."):
        minikube.check_size({"memory": 512}, None, None)


def test_a_system_without_the_name_for_its_memory_is_no_error(monkeypatch):
    def refuse(name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr("os.sysconf", refuse)
    assert minikube.machine_size()[0] is None


def test_machines_have_minikubes_names():
    assert minikube.node_names({}, "p") == ["p"]
    assert minikube.node_names({"Nodes": [{"Name": "x"}]}, "p") == ["p"]
    assert minikube.node_names({"Nodes": [{"Name": ""}, {"Name": "m02"}]}, "p") == ["p", "p-m02"]
