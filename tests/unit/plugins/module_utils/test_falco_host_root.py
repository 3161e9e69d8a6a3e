# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that give Falco the machine's /proc."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.host_root import host_root_values

MOUNTED = {"proc": "/procHost", "init": ""}
OURS = {
    "extra": {"env": [{"name": "A", "value": "1"}], "args": ["-x"]},
    "mounts": {"volumes": [{"name": "v"}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
}


def places(values):
    paths = {
        volume["name"]: volume["hostPath"]["path"] for volume in values["mounts"]["volumes"] if "hostPath" in volume
    }
    return {mount["mountPath"]: paths.get(mount["name"]) for mount in values["mounts"]["volumeMounts"]}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (OURS, {"proc": "/proc", "init": ""}),
        # Somebody has decided.
        ({"extra": {"env": [{"name": "HOST_ROOT", "value": "/theirs"}]}}, MOUNTED),
    ],
)
def test_nothing_is_added(values, found):
    assert host_root_values(values, found.get("proc", "/proc"), found.get("init", "")) == {}


def test_what_falco_reads_lies_below_another_root():
    before = copy.deepcopy(OURS)
    values = host_root_values(OURS, "/procHost", "/procHost/2")
    assert before == OURS
    assert values["extra"] == {"env": [{"name": "HOST_ROOT", "value": "/hostroot"}]}
    assert places(values) == {
        "/hostroot/proc": "/procHost",
        "/hostroot/proc/1": "/procHost/2",
        "/hostroot/etc": "/etc",
        "/hostroot/var/run/docker.sock": "/var/run/docker.sock",
        "/hostroot/run/podman/podman.sock": "/run/podman/podman.sock",
        "/hostroot/run/host-containerd/containerd.sock": "/run/host-containerd/containerd.sock",
        "/hostroot/run/containerd/containerd.sock": "/run/containerd/containerd.sock",
        "/hostroot/run/crio/crio.sock": "/run/crio/crio.sock",
        "/hostroot/run/k3s/containerd/containerd.sock": "/run/k3s/containerd/containerd.sock",
    }
    names = [volume["name"] for volume in values["mounts"]["volumes"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("collectors", "sockets"),
    [
        ({"enabled": False}, set()),
        ({"containerEngine": {"enabled": False}}, set()),
        (
            {
                "containerEngine": {
                    "engines": {name: {"enabled": False} for name in ("docker", "podman", "containerd")}
                    | {"cri": {"sockets": ["/s"]}}
                }
            },
            {"/hostroot/s"},
        ),
    ],
)
def test_sockets_are_those_of_the_values(collectors, sockets):
    values = host_root_values({"collectors": collectors}, **MOUNTED)
    assert set(places(values)) - {"/hostroot/proc", "/hostroot/etc"} == sockets
