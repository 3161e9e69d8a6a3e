# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What minikube says of a profile, what is asked for, and what it takes to get from one to the other.

Facts about minikube's files and exit codes: cmd/minikube/cmd/status.go, cmd/minikube/cmd/start_flags.go and
pkg/minikube/config/types.go at v1.38.1.
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
            "minikube_memory is '%s'; allowed is a whole number with an optional unit m or g. Set it to for example '6g'."
            % text
        )
    number, unit = int(match.group(1)), match.group(2)
    return number * 1024 if unit.startswith("g") else number


def check_size(wanted, machine_memory, machine_cpus):
    """Refuse a node that minikube would refuse, or that this machine cannot hold. Memory is in MiB."""
    memory, cpus = wanted.get("memory"), wanted.get("cpus")
    if memory is not None and not MINIMUM_MEMORY <= memory <= machine_memory:
        raise MinikubeError(
            "minikube_memory is %d MiB; allowed is %d (minikube's minimum) to %d (this machine's memory). Set it in between."
            % (memory, MINIMUM_MEMORY, machine_memory)
        )
    if cpus is not None and not MINIMUM_CPUS <= cpus <= machine_cpus:
        raise MinikubeError(
            "minikube_cpus is %d; allowed is %d (minikube's minimum) to %d (this machine's CPUs). Set it in between."
            % (cpus, MINIMUM_CPUS, machine_cpus)
        )


def version_key(version):
    """Order of Kubernetes versions: v1.34.4 -> (1, 34, 4)."""
    match = re.match(r"^v?(\d+)\.(\d+)\.(\d+)", version)
    if not match:
        raise MinikubeError(
            "minikube_kubernetes_version is '%s'; allowed is the form v1.34.4. Set it to a version this minikube knows."
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


def read_profile(home, profile):
    """The settings of a profile in this module's words, or None when there is none."""
    path = os.path.join(profile_folder(home), "profiles", profile, "config.json")
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except FileNotFoundError:
        return None
    except ValueError:
        # A run that was cut off while it wrote: nothing in it can be relied on.
        return {}
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


def parse_status(rc, stdout):
    """The state of a profile: C(missing), C(broken), C(stopped), C(degraded), C(unlinked) or C(running).

    The exit code of `minikube status` is a sum (1 host, 2 cluster, 4 kubeconfig) or 85 for a profile that is not there.
    """
    if rc == 85:
        return "missing"
    try:
        status = json.loads(stdout)
    except ValueError:
        return "broken"
    nodes = status if isinstance(status, list) else [status]
    # A node whose container is gone is null.
    if any(not node or node.get("Host") in (None, "", "Nonexistent", "Error") for node in nodes):
        return "broken"
    if any(node["Host"] != "Running" for node in nodes):
        return "stopped"
    servers = [node for node in nodes if not node.get("Worker")]
    if any(node.get("Kubelet") != "Running" for node in nodes) or any(
        node.get("APIServer") != "Running" for node in servers
    ):
        return "degraded"
    return "running" if all(node.get("Kubeconfig") == "Configured" for node in servers) else "unlinked"


def drift(current, wanted):
    """Names of the settings that are asked for and differ. Settings that are not asked for stay as they are."""
    names = []
    for name, value in wanted.items():
        if value is None:
            continue
        have = current.get(name)
        if name == "extra_config":
            value = sorted(value)
        if name == "base_image" and have:
            # minikube adds the digest it found to the name it was given.
            have = have.split("@", 1)[0]
            # It takes the second colon of HOST:PORT/NAME:TAG for that of a digest, and forgets the tag.
            if value.count(":") == 2 and "@" not in value:
                value = value.rpartition(":")[0]
                have = have if have.count(":") == 1 else have.rpartition(":")[0]
        if have != value:
            names.append(name)
    return names


def plan(state, current, wanted, recreate):
    """The steps that lead to the cluster asked for: some of C(delete), C(stop), C(start) and C(link), or none.

    minikube restarts the container runtime of a node that runs, under the pods that have its socket mounted: they would
    talk to nobody from then on. So such a node is stopped first, which restarts the pods too.

    Raises MinikubeError when only a new cluster can have what is asked for and O(recreate) does not allow one.
    """
    if state == "missing":
        return ["start"]
    if state == "broken" or not current:
        return ["delete", "start"]
    differing = drift(current, wanted)
    fixed = [name for name in differing if name in FIXED]
    if "kubernetes_version" in differing and version_key(wanted["kubernetes_version"]) < version_key(
        current["kubernetes_version"]
    ):
        fixed.append("kubernetes_version")
    if fixed:
        if not recreate:
            raise MinikubeError(
                "The cluster differs from what is asked for in what minikube cannot change on a cluster that exists: %s. "
                "Nothing was changed. Ask for what is there, or allow a new cluster with minikube_recreate=true (what runs in "
                "the old one is lost)."
                % ", ".join(
                    "minikube_%s is '%s', asked for is '%s'" % (name, current.get(name), wanted[name]) for name in fixed
                )
            )
        return ["delete", "start"]
    # A second start does what the first one did not come to.
    if (differing and state != "stopped") or state in ("degraded", "begun"):
        return ["stop", "start"]
    if state == "stopped":
        return ["start"]
    return ["link"] if state == "unlinked" else []


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
    """Whether a profile's nodes have the machine's /proc at HOST_PROC, by its settings from C(read_profile)."""
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
