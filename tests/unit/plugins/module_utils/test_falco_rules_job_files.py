"""Which rules files the Job's Falco reads: those that the sensor reads, in its order."""

from __future__ import annotations

import copy
import subprocess

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_job import job
from falco_job_pods import RENDERED, made, mount


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
        job(manifests, "falco", "ns", {}, 300, "j")


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
