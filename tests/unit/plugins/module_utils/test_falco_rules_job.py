from __future__ import annotations

import copy
import subprocess

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_job import job

RENDERED = yaml.safe_load("""
- kind: ConfigMap
  metadata: {name: falco}
  data: {falco.yaml: "rules_files: [/etc/falco/falco_rules.yaml, /etc/falco/rules.d]"}
- kind: ConfigMap
  metadata: {name: falco-rules}
  data: {002-b.yaml: B, 001-a.yaml: A}
- kind: DaemonSet
  metadata: {name: falco}
  spec:
    template:
      spec:
        tolerations: [{operator: Exists}]
        initContainers:
          - {name: driver, image: d, securityContext: {privileged: true}}
          - {name: artifacts, image: i, volumeMounts: [{name: plugins, mountPath: /plugins}]}
        containers:
          - name: falco
            image: falco:1
            securityContext: {privileged: true}
            volumeMounts:
              - {name: proc, mountPath: /host/proc}
              - {name: secret, mountPath: /etc/falco/certs}
              - {name: config, mountPath: /etc/falco/falco.yaml, subPath: falco.yaml}
              - {name: rules, mountPath: /etc/falco/rules.d}
              - {name: plugins, mountPath: /plugins}
          - {name: sidecar, image: s}
        volumes:
          - {name: proc, hostPath: {path: /proc}}
          - {name: secret, secret: {secretName: s}}
          - {name: config, configMap: {name: falco, items: [{key: falco.yaml, path: falco.yaml}]}}
          - {name: rules, configMap: {name: falco-rules}}
          - {name: plugins, emptyDir: {}}
""")


def made(change=lambda pod, config: None):
    """The pod of the Job for a sensor that was changed."""
    manifests = copy.deepcopy(RENDERED)
    config = yaml.safe_load(manifests[0]["data"]["falco.yaml"])
    change(manifests[2]["spec"]["template"]["spec"], config)
    manifests[0]["data"]["falco.yaml"] = yaml.safe_dump(config)
    return job(manifests, "falco", "ns", {"a": "b"}, 300)["spec"]["template"]["spec"]


def mount(pod, path, **volume):
    """Add a volume to the sensor."""
    name = f"extra-{len(pod['volumes'])}"
    pod["volumes"].append({"name": name} | volume)
    pod["containers"][0]["volumeMounts"].append({"name": name, "mountPath": path})
    return name


def names(pod):
    return [volume["name"] for volume in pod["volumes"]]


def test_the_job_is_the_sensor_without_rights():
    made = job(RENDERED, "falco", "ns", {"a": "b"}, 300)
    template = made["spec"]["template"]
    pod = template["spec"]
    assert made["metadata"] == {"generateName": "falco-rules-", "namespace": "ns", "labels": {"a": "b"}}
    assert names(pod) == ["config", "rules", "plugins", "validation-tmp"]
    assert sorted(template["metadata"]["annotations"].values()) == ["A", "B", RENDERED[0]["data"]["falco.yaml"]]
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert [container["name"] for container in pod["initContainers"]] == ["artifacts"]
    (falco,) = pod["containers"]
    assert falco["image"] == "falco:1"
    assert [each["name"] for each in falco["volumeMounts"]] == ["config", "rules", "plugins", "validation-tmp"]
    assert falco["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in falco["securityContext"]
    assert falco["command"][3:] == ["falco", "/etc/falco/falco_rules.yaml", "/etc/falco/rules.d"]


def test_the_job_vanishes_by_itself():
    spec = job(RENDERED, "falco", "ns", {}, 300)["spec"]
    assert spec["ttlSecondsAfterFinished"] <= 120
    assert spec["activeDeadlineSeconds"] == 300
    assert spec["backoffLimit"] == 0


def test_a_chart_without_the_daemon_set():
    with pytest.raises(ValueError, match="no DaemonSet falco"):
        job([], "falco", "ns", {}, 300)


def test_what_falcoctl_brings():
    """Its container can write and has its environment; the driver's loader and what fills nothing for the sensor do not run."""

    def change(pod, config):
        pod["volumes"] += [{"name": "dir", "emptyDir": {}}, {"name": "token", "secret": {"secretName": "t"}}]
        pod["containers"][0]["volumeMounts"].append({"name": "dir", "mountPath": "/etc/falco"})
        security = {"runAsUser": 7, "privileged": False}
        pod["initContainers"] = [
            {"name": "falcoctl", "image": "c", "args": ["artifact", "install"], "envFrom": [{"secretRef": {"name": "e"}}],
             "securityContext": security, "volumeMounts": [{"name": "dir", "mountPath": "/rulesfiles"}, {"name": "token", "mountPath": "/t"}]},
            {"name": "other", "image": "o"},
        ]  # fmt: skip

    pod = made(change)
    (falcoctl,) = pod["initContainers"]
    assert falcoctl["args"] == ["artifact", "install"] and falcoctl["envFrom"] == [{"secretRef": {"name": "e"}}]
    assert "readOnlyRootFilesystem" not in falcoctl["securityContext"]
    assert falcoctl["securityContext"]["runAsUser"] == 7 and "privileged" not in falcoctl["securityContext"]
    assert [each["mountPath"] for each in falcoctl["volumeMounts"]] == ["/rulesfiles", "/t", "/tmp"]
    assert {"dir", "token"} <= set(names(pod)) and "secret" not in names(pod)
    assert "/etc/falco" in [each["mountPath"] for each in pod["containers"][0]["volumeMounts"]]


def test_files_that_come_after_the_start_are_refused():
    def change(pod, config):
        pod["volumes"].append({"name": "dir", "emptyDir": {}})
        for container in (pod["containers"][0], pod["containers"][1]):
            container.setdefault("volumeMounts", []).append({"name": "dir", "mountPath": "/etc/falco"})

    with pytest.raises(
        ValueError, match="come from the container sidecar after the sensor's start.*Set falcoctl.artifact.install"
    ):
        made(change)


@pytest.mark.parametrize(
    ("volume", "path", "there"),
    [
        ({"configMap": {"name": "theirs"}}, "/etc/falco/more", True),
        ({"secret": {"secretName": "theirs"}}, "/etc/falco/more/secret", True),
        ({"hostPath": {"path": "/rules"}}, "/etc/falco/more", True),
        ({"persistentVolumeClaim": {"claimName": "c"}}, "/etc/falco", True),
        ({"hostPath": {"path": "/rules"}}, "/other", False),
        ({"secret": {"secretName": "theirs"}}, "/etc/falco/certs", False),
    ],
)
def test_mounts_with_rules_are_the_sensors(volume, path, there):
    def change(pod, config):
        config["rules_files"].append("/etc/falco/more")
        mount(pod, path, **volume)

    assert any(volume.items() <= each.items() for each in made(change)["volumes"]) is there


def test_a_projected_volume_of_the_charts_texts():
    pod = made(lambda pod, config: mount(pod, "/p", projected={"sources": [{"configMap": {"name": "falco-rules"}}]}))
    (volume,) = [each for each in pod["volumes"] if "projected" in each]
    assert [item["path"] for item in volume["projected"]["sources"][0]["downwardAPI"]["items"]] == [
        "002-b.yaml",
        "001-a.yaml",
    ]


@pytest.mark.parametrize(
    ("arguments", "kept", "paths"),
    [
        (
            ["-o", "engine.kind=modern_ebpf"],
            "-o engine.kind=modern_ebpf",
            ["/etc/falco/falco_rules.yaml", "/etc/falco/rules.d"],
        ),
        (["-r", "/a.yaml", "-r/b", "-U"], "-U", ["/a.yaml", "/b"]),
    ],
)
def test_the_sensors_arguments(arguments, kept, paths):
    def change(pod, config):
        pod["containers"][0]["args"] = ["/usr/bin/falco", *arguments]

    (falco,) = made(change)["containers"]
    assert f"exec /usr/bin/falco {kept} -o json_output=true " in falco["command"][2]
    assert falco["command"][4:] == paths


def test_files_that_nobody_can_tell_are_refused():
    def by_argument(pod, config):
        pod["containers"][0]["args"] = ["/usr/bin/falco", "-o", "rules_files=/a.yaml"]

    def by_file(pod, config):
        config["config_files"] = ["/etc/falco/config.d"]
        mount(pod, "/etc/falco/config.d", configMap={"name": "more"})

    with pytest.raises(ValueError, match="Set falco.rules_files"):
        made(by_argument)
    manifests = [
        *RENDERED,
        {"kind": "ConfigMap", "metadata": {"name": "more"}, "data": {"a.yaml": "rules_files: [/b.yaml]"}},
    ]
    with pytest.raises(ValueError, match="falco.rules_files is empty"):
        made(lambda pod, config: config.pop("rules_files"))
    manifests = copy.deepcopy(manifests)
    config = yaml.safe_load(manifests[0]["data"]["falco.yaml"])
    by_file(manifests[2]["spec"]["template"]["spec"], config)
    manifests[0]["data"]["falco.yaml"] = yaml.safe_dump(config)
    with pytest.raises(ValueError, match="/etc/falco/config.d .config_files. sets rules_files"):
        job(manifests, "falco", "ns", {}, 300)


def test_an_account_that_is_there_pulls_the_images():
    assert made(lambda pod, config: pod.update(serviceAccountName="ours"))["serviceAccountName"] == "ours"
    manifests = copy.deepcopy(RENDERED) + [{"kind": "ServiceAccount", "metadata": {"name": "falco"}}]
    manifests[2]["spec"]["template"]["spec"]["serviceAccountName"] = "falco"
    assert "serviceAccountName" not in job(manifests, "falco", "ns", {}, 300)["spec"]["template"]["spec"]


def test_files_are_read_as_falco_reads_them(tmp_path):
    """What there is no path of is passed over; of a folder *.yaml and *.yml, by name; a link is what it leads to."""
    folder = tmp_path / "rules d"
    (folder / "sub.yaml").mkdir(parents=True)
    for name in ("b.yml", "a.yaml", "B.yaml", "c.txt", "..data"):
        (folder / name).touch()
    (folder / "d.yaml").symlink_to(folder / "a.yaml")
    (tmp_path / "empty").mkdir()
    (tmp_path / "plain.txt").touch()
    paths = [str(tmp_path / name) for name in ("nowhere.yaml", "rules d", "empty", "plain.txt", "rules d/a.yaml")]

    def change(pod, config):
        config["rules_files"] = paths

    command = made(change)["containers"][0]["command"]
    command[2] = command[2].replace("exec /usr/bin/falco", "printf '%s\\n'")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[:3] == [
        f"runtime-security: skipped {paths[0]} (it does not exist)",
        f"runtime-security: skipped {folder}/c.txt (only *.yaml and *.yml are read)",
        f"runtime-security: skipped {paths[3]} (only *.yaml and *.yml are read)",
    ]
    read = [line for line in said[3:] if line.startswith("/")]
    assert read == [f"{folder}/{name}" for name in ("B.yaml", "a.yaml", "b.yml", "d.yaml", "a.yaml")]


def test_without_a_file_falco_is_not_started(tmp_path):
    def change(pod, config):
        config["rules_files"] = [str(tmp_path)]

    done = subprocess.run(made(change)["containers"][0]["command"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == "no rules file is there\n"
