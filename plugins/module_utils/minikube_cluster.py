# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of minikube_cluster: a profile as a state. Finds out what there is, plans, and does what was planned."""

from __future__ import annotations

import contextlib

from ansible.module_utils.common.process import get_bin_path
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube, minikube_settings
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_nodes as nodes_
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_lock import CHANGED, MADE, REMOVAL
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_observer import Observer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_plan import (
    MISSING,
    UNASKED,
    Allowed,
    plan,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_profile import Profile
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_result import result_of
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "profile": {"type": "str", "default": "minikube"},
    "binary": {"type": "path", "default": "minikube"},
    "home": {"type": "path"},
    "kubeconfig": {"type": "path"},
    "driver": {"type": "str", "choices": ["docker", "kvm2", "none", "podman", "qemu2", "ssh", "virtualbox"]},
    "container_runtime": {"type": "str", "choices": ["containerd", "cri-o", "docker"]},
    "kubernetes_version": {"type": "str"},
    "cni": {"type": "str"},
    "cpus": {"type": "int"},
    "memory": {"type": "str"},
    "base_image": {"type": "str"},
    "extra_config": {"type": "list", "elements": "str", "default": []},
    "start_options": {"type": "list", "elements": "str", "default": []},
    "cache": {"type": "path"},
    "files": {"type": "dict", "default": {}},
    "host_proc": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 300},
    "restart": {"type": "bool", "default": False},
    "recreate": {"type": "bool", "default": False},
}
# The node has a part of a machine's memory and CPUs.
SIZED_DRIVERS = ("docker", "podman", "kvm2", "qemu2", "virtualbox")
SETTINGS = ("driver", "container_runtime", "kubernetes_version", "cni", "cpus", "base_image", "extra_config")
LOST = "lost"


def wanted_settings(profile):
    """The settings that are asked for, in the words of the module's options; raises MinikubeError for what cannot be."""
    params = profile.params
    wanted = {name: params[name] for name in SETTINGS}
    if params["memory"] is not None:
        wanted["memory"] = minikube.memory_mib(params["memory"])
    if params["files"]:
        wanted["files"] = params["files"]
    if params["kubernetes_version"] is not None:
        minikube.version_key(params["kubernetes_version"])
    if params["driver"] in SIZED_DRIVERS:
        _check_size(profile, wanted)
    return wanted


def _check_size(profile, wanted):
    """The node of an engine in a virtual machine, or on another one, has that machine's limits: asked where this one's do not do."""
    try:
        memory, cpus = minikube.machine_size()
        minikube.check_size(wanted, memory, cpus)
        known = memory is not None
    except MinikubeError:
        known = False
    if not known:
        engine = profile.engine()
        found = engine.size() if engine else (None, None)
        limits = minikube.machine_size() if found == (None, None) else found
        minikube.check_size(wanted, *limits)


def keep(profile, wanted, warn):
    """Bring a profile to the settings that are wanted; returns the module's result. O(warn) takes sentences for the user.

    Raises MinikubeError, before anything was changed, where that is not allowed or where it cannot be determined what there is.
    """
    before = profile.settings()
    steps = _restore(profile)
    state = LOST if steps else None
    if not (steps and profile.check_mode):
        seen = Observer(profile).observe()
        state = state or seen.name()
        steps += _plan(profile, seen, wanted, steps)
        _warn(profile, seen, steps, warn)
    if not profile.check_mode:
        _do(profile, wanted, steps)
    return result_of(profile, state, steps, before, wanted)


def _restore(profile):
    """Write back minikube's record of a cluster that was started from here and exists."""
    if not Observer(profile).can_be_restored():
        return []
    if not profile.check_mode:
        profile.restore()
    return ["restore"]


def _plan(profile, seen, wanted, before):
    allowed = Allowed(profile.params["recreate"], profile.params["restart"])
    orphans = Observer(profile).orphans() if seen.state == MISSING else []
    if orphans:
        return _orphans(profile, orphans, allowed)
    current = profile.settings() or {}
    differing = minikube_settings.drift(current, wanted, profile.record, bool(profile.lock.noted())) if current else []
    steps = plan(profile.name, seen, current, wanted, differing, allowed)
    if before and "start" not in steps and not profile.has_credentials():
        if not allowed.restart:
            raise MinikubeError(
                "minikube_profile: minikube's folder of '%s' was lost, and with it the client certificate; the record was written "
                "back from a copy. Expected is the whole folder. Fix: put it back, or let the node be stopped and started, which "
                "makes the certificate again, with minikube_restart=true (each pod restarts, docs/safety.md#cluster has what minikube may do)."
                % profile.name
            )
        return ["stop", "start"]
    return steps


def _orphans(profile, orphans, allowed):
    """A node or a volume without a profile goes only where that is allowed, or where its removal had begun."""
    only_volumes = all(kind == "volume" for kind, _node in orphans)
    if allowed.recreate or (only_volumes and profile.lock.noted() == REMOVAL):
        return ["delete", "start"]
    raise MinikubeError(
        "There is no profile '%s' in %s, and yet its %s: made from another folder, or its profile was deleted. Nothing was changed. "
        "Set minikube_home to the folder it was made from, choose another minikube_profile, or allow a new cluster with "
        "minikube_recreate=true (what runs in the old one is lost)."
        % (
            profile.name,
            minikube.profile_folder(profile.home),
            " and its ".join("%s %s" % (kind, node.name) for kind, node in orphans),
        )
    )


def _warn(profile, seen, steps, warn):
    if seen.state == UNASKED and not steps:
        warn(
            "minikube_profile: minikube cannot ask the node of '%s' (%s). Expected is that it can. The cluster is healthy and nothing "
            "has to be changed, so the run goes on. Fix: look at ssh and at the load in the node, for example with 'docker exec %s "
            "systemctl status ssh'." % (profile.name, seen.words, profile.name)
        )
    settings = profile.settings()
    if not settings or not profile.params["host_proc"] or "delete" in steps or seen.state == MISSING:
        return
    if settings.get("driver") in minikube.CONTAINER_DRIVERS and not minikube.has_host_proc(settings):
        warn(
            "minikube_host_proc: profile '%s' was created without the machine's /proc at %s (mounts: %s). Expected is that mount: "
            "without it Falco does not know processes that started before it. Fix: where what runs in the cluster can be lost, "
            "remove it (playbooks/teardown.yml) and run again; minikube mounts only into a node that it creates."
            % (profile.name, minikube.HOST_PROC, ", ".join(settings["mounts"]) or "none")
        )


def _do(profile, wanted, steps):
    first = "delete" in steps or profile.config() is None
    if "start" in steps:
        # A cache that cannot be used is refused while the cluster of before exists.
        profile.supply()
        profile.wait_for_engine()
        if not first:
            profile.lock.note(CHANGED)
    for step in steps:
        if step == "start":
            profile.start(wanted, first)
        elif step != "restore":
            {"delete": profile.delete, "stop": profile.stop, "link": profile.link}[step]()
    profile.lock.note(MADE)
    profile.note_facts(wanted)


def remove(profile):
    """Remove a profile, and the folder where it goes with it; returns the module's result.

    A node without a profile is removed where it is one that was started from here.
    """
    before, state = profile.settings(), Observer(profile).look().name()
    names, engine = profile.names(), profile.engine()
    orphans = Observer(profile).orphans() if before is None and profile.lock.noted() else []
    if any(kind == "container" for kind, _node in orphans) and not Observer(profile).is_ours(orphans):
        raise MinikubeError(
            "minikube_profile: there is no profile '%s' in %s, and yet its container, of which it is not known that it was started from "
            "there. Nothing was changed. Expected is the profile's record. Fix: if it is yours, remove it with 'minikube delete "
            "--profile %s', and run again." % (profile.name, minikube.profile_folder(profile.home), profile.name)
        )
    steps = ["delete"] if before is not None or orphans else []
    if profile.folder.goes_with(profile.name, names) or profile.folder.holds_any(profile.files):
        steps.append("clean")
    if not profile.check_mode:
        if "delete" in steps:
            profile.wait_for_engine()
            profile.delete()
            _is_removed(profile, engine, names)
        if "clean" in steps:
            profile.folder.clean(profile.name, names, profile.files)
    return result_of(profile, state, steps, before, None)


def _is_removed(profile, engine, names):
    left = [node for node in map(engine.node, names) if node.state != nodes_.ABSENT] if engine else []
    if left:
        raise MinikubeError(
            "minikube delete of profile '%s' ended, and its node is there still, or that cannot be determined (%s). Expected is no such "
            "container. Fix: look at '%s ps --all', and run again."
            % (profile.name, nodes_.words_of(left), engine.program)
        )


def program(name):
    """The path of a program, or nothing."""
    try:
        return get_bin_path(name)
    except ValueError:
        return None


def run(params: dict, mode: Mode) -> dict:
    """Bring the profile to the state that is asked for, while its lock is held."""
    warnings = []
    try:
        profile = Profile(params, mode.check, program)
        with profile.lock if profile.to_be_locked() else contextlib.nullcontext():
            result = bring(profile, warnings.append)
    except (MinikubeError, OSError) as error:
        raise WorkError(str(error), warnings=warnings) from error
    return {**result, "warnings": warnings}


def bring(profile, warn):
    """Bring the profile to the state that is asked for; its lock is held."""
    if profile.params["state"] == "present":
        wanted = wanted_settings(profile)
        if not profile.check_mode:
            profile.folder.make()
        return keep(profile, wanted, warn)
    result = remove(profile)
    if profile.lock.descriptors():
        profile.lock.remove()
    return result
