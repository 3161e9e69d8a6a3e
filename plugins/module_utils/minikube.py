# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minikube's folders, its record of a profile, and its command line.

Facts about minikube's files: cmd/minikube/cmd/start_flags.go and pkg/minikube/config/types.go at v1.38.1.
"""

from __future__ import annotations

import json
import os
import re

MINIMUM_MEMORY = 1800  # MiB, cmd/minikube/cmd/start.go, minUsableMem
MINIMUM_CPUS = 2  # cmd/minikube/cmd/start.go, minimumCPUS
# Settings that minikube cannot change on a profile that exists: it refuses, or warns and goes on with the old value.
FIXED = ("driver", "container_runtime", "cni", "cpus", "memory", "base_image")
# The node is a container, with a volume beside it.
CONTAINER_DRIVERS = ("docker", "podman")
# Where a node that is a container has the machine's /proc: Falco needs the process numbers of the kernel's root namespace.
HOST_PROC = "/procHost"


class MinikubeError(Exception):
    """Something minikube said, or did not say, that ends the task."""


def memory_mib(text):
    """Megabytes in C(8g), C(6144m) or C(6144); minikube counts 1024 kB as one."""
    match = re.match(r"^(\d+)\s*(|m|mb|mi|g|gb|gi)$", str(text).strip().lower())
    if not match:
        raise MinikubeError(
            "minikube_memory: invalid value ('%s'). Expected a whole number with an optional unit m or g. Fix: set it to, for example, '6g'."
            % text
        )
    number, unit = int(match.group(1)), match.group(2)
    return number * 1024 if unit.startswith("g") else number


def check_size(wanted, memory_limit, cpus_limit):
    """Refuse a node that minikube would refuse, or that the machine cannot hold; memory is in MiB, a limit of None is unknown."""
    for name, unit, minimum, limit in (
        ("memory", " MiB", MINIMUM_MEMORY, memory_limit),
        ("cpus", "", MINIMUM_CPUS, cpus_limit),
    ):
        value = wanted.get(name)
        if value is not None and not minimum <= value <= (limit or value):
            raise MinikubeError(
                "minikube_%s: out of range (%d%s). Expected %d (minikube's minimum) to %s (the machine's %s). Fix: set it in between."
                % (name, value, unit, minimum, limit or "what the machine has", "CPUs" if name == "cpus" else "memory")
            )


def machine_size():
    """Memory in MiB and CPUs of this machine, each None where the system does not tell (not every system has SC_PHYS_PAGES)."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    except (AttributeError, OSError, ValueError):
        memory = None
    return memory, os.cpu_count()


def version_key(version):
    """Order of Kubernetes versions: v1.35.1 -> (1, 34, 4)."""
    match = re.match(r"^v?(\d+)\.(\d+)\.(\d+)", version)
    if not match:
        raise MinikubeError(
            "minikube_kubernetes_version: invalid value ('%s'). Expected the form v1.35.1. Fix: set it to a version that this minikube knows."
            % version
        )
    return tuple(int(part) for part in match.groups())


def environment(home, kubeconfig=None):
    """Variables for minikube's process: plain output, and the folders that were asked for."""
    variables = {"MINIKUBE_IN_STYLE": "false", "LANG": "C"}
    if home:
        variables["MINIKUBE_HOME"] = home
    if kubeconfig:
        variables["KUBECONFIG"] = kubeconfig
    return variables


def profile_folder(home):
    """minikube appends .minikube unless the folder already has that name (pkg/minikube/localpath)."""
    home = os.path.expanduser(home or os.environ.get("MINIKUBE_HOME") or "~")
    return home if os.path.basename(home) == ".minikube" else os.path.join(home, ".minikube")


def profile_file(home, profile):
    """Path of minikube's own record of a profile."""
    return os.path.join(profile_folder(home), "profiles", profile, "config.json")


def read_config(home, profile):
    """minikube's own record of a profile: None when there is none, {} for one that cannot be understood.

    Raises MinikubeError when it cannot be read: then nothing is known of the profile.
    """
    path = profile_file(home, profile)
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        # A run that was killed while it wrote: nothing in it can be relied on.
        return {}
    except OSError as error:
        raise MinikubeError(
            "minikube_profile: the record of '%s' cannot be read (%s). Nothing was changed. Expected is a file that this user "
            "may read. Fix: run as the user who made the cluster, or look at the folder's permissions."
            % (profile, error)
        ) from error
    return config if isinstance(config, dict) else {}


def node_names(config, profile):
    """Names of the profile's machines (pkg/minikube/config/profile.go, MachineName)."""
    nodes = config.get("Nodes") or [{}]
    if len(nodes) == 1:
        return [profile]
    return ["%s-%s" % (profile, node["Name"]) if node.get("Name") else profile for node in nodes]


def settings_of(config):
    """The settings in a record of minikube's, in the words of the module's options."""
    kubernetes = config.get("KubernetesConfig") or {}
    return {
        "driver": config.get("Driver"),
        "container_runtime": kubernetes.get("ContainerRuntime"),
        "kubernetes_version": kubernetes.get("KubernetesVersion"),
        "cni": kubernetes.get("CNI"),
        "cpus": config.get("CPUs"),
        "memory": config.get("Memory"),
        "base_image": config.get("KicBaseImage"),
        "mounts": config.get("ContainerVolumeMounts") or [],
        "extra_config": sorted(
            "%s.%s=%s" % (option["Component"], option["Key"], option["Value"])
            for option in kubernetes.get("ExtraOptions") or []
        ),
    }


def start_arguments(profile, wanted, options):
    """Arguments of `minikube start`."""
    arguments = ["start", "--profile", profile]
    flags = {
        "driver": "--driver",
        "container_runtime": "--container-runtime",
        "kubernetes_version": "--kubernetes-version",
        "cni": "--cni",
        "cpus": "--cpus",
        "base_image": "--base-image",
    }
    for name, flag in flags.items():
        if wanted.get(name) is not None:
            arguments.append("%s=%s" % (flag, wanted[name]))
    if wanted.get("memory") is not None:
        arguments.append("--memory=%dmb" % wanted["memory"])
    arguments.extend("--extra-config=%s" % option for option in wanted.get("extra_config") or [])
    return arguments + list(options)


def host_proc_options(driver, options):
    """Options of a first `minikube start` that mount the machine's /proc, read-only, at HOST_PROC in the node.

    minikube creates mounts of a container with the container only, and takes one C(--mount-string), the last (start.go and
    pkg/drivers/kic/oci/types.go, ParseMountString). So one in O(options) wins: then the result is empty, as it is for
    drivers whose nodes are no containers.
    """
    if driver not in CONTAINER_DRIVERS or any(option.startswith("--mount-string") for option in options):
        return []
    return ["--mount-string=/proc:%s:ro" % HOST_PROC]


def has_host_proc(settings):
    """Whether a profile's nodes have the machine's /proc at HOST_PROC, by its settings from C(settings_of)."""
    return any(mount.split(":")[:2] == ["/proc", HOST_PROC] for mount in settings.get("mounts") or [])


def failure_reason(stdout, stderr):
    """The lines of minikube's output that say why it stopped, without its advice on filing an issue."""
    text = "\n".join(part for part in (stdout, stderr) if part)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if re.search(r"Exiting due to|X Exiting|error:", line):
            return " ".join(lines[number : number + 6])
    return " ".join(lines[-6:])


def load_failure(log):
    """Why a node did not take images, from the log of `minikube image load`."""
    match = re.search(r"Failed to load cached images[^\n]*(\n(?![IWEF]\d{4} )[^\n]*)*", log)
    if match:
        return " ".join(match.group(0).split())
    return "minikube does not say why. Look at the space on the node's disk ('minikube ssh df')."
