from __future__ import annotations

import copy

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_job import job
from falco_job_pods import RENDERED, made, mount, names


def test_the_job_is_the_sensor_without_rights():
    made, files = job(RENDERED, "falco", "ns", {"a": "b"}, 300, "j")
    template = made["spec"]["template"]
    pod = template["spec"]
    assert made["metadata"] == files["metadata"] == {"name": "j", "namespace": "ns", "labels": {"a": "b"}}
    assert names(pod) == ["config", "rules", "plugins", "validation-tmp"]
    assert sorted(files["data"].values()) == ["A", "B", RENDERED[0]["data"]["falco.yaml"]]
    (volume,) = [each for each in pod["volumes"] if each["name"] == "rules"]
    paths = {item["path"]: files["data"][item["key"]] for item in volume["configMap"]["items"]}
    assert (volume["configMap"]["name"], paths) == ("j", {"002-b.yaml": "B", "001-a.yaml": "A"})
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert [container["name"] for container in pod["initContainers"]] == ["artifacts"]
    (falco,) = pod["containers"]
    assert falco["image"] == "falco:1"
    assert [each["name"] for each in falco["volumeMounts"]] == ["config", "rules", "plugins", "validation-tmp"]
    assert falco["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in falco["securityContext"]
    assert falco["command"][3:] == ["falco", "/etc/falco/falco_rules.yaml", "/etc/falco/rules.d"]


def test_the_job_vanishes_by_itself():
    spec = job(RENDERED, "falco", "ns", {}, 300, "j")[0]["spec"]
    assert spec["ttlSecondsAfterFinished"] <= 120
    assert spec["activeDeadlineSeconds"] == 300
    assert spec["backoffLimit"] == 0


def test_a_chart_without_the_daemon_set():
    with pytest.raises(ValueError, match="no DaemonSet falco"):
        job([], "falco", "ns", {}, 300, "j")


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
    assert [item["path"] for item in volume["projected"]["sources"][0]["configMap"]["items"]] == [
        "002-b.yaml",
        "001-a.yaml",
    ]


def test_a_config_map_without_a_text_is_an_empty_folder():
    manifests = copy.deepcopy(RENDERED)
    manifests[1]["data"] = None
    made, files = job(manifests, "falco", "ns", {}, 300, "j")
    (volume,) = [each for each in made["spec"]["template"]["spec"]["volumes"] if each["name"] == "rules"]
    assert volume == {"name": "rules", "downwardAPI": {"items": []}} and len(files["data"]) == 1


def test_an_account_that_is_there_pulls_the_images():
    assert made(lambda pod, config: pod.update(serviceAccountName="ours"))["serviceAccountName"] == "ours"
    manifests = copy.deepcopy(RENDERED) + [{"kind": "ServiceAccount", "metadata": {"name": "falco"}}]
    manifests[2]["spec"]["template"]["spec"]["serviceAccountName"] = "falco"
    assert "serviceAccountName" not in job(manifests, "falco", "ns", {}, 300, "j")[0]["spec"]["template"]["spec"]
