# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that lead to the cluster asked for, each with the evidence that it needs.

A step that removes or stops something is only planned where minikube and the engine reported clearly what exists. What is
not clear ends the task with their words; docs/safety.md has the table.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_nodes as nodes_
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_state as state_
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import (
    FIXED,
    MinikubeError,
    version_key,
)

MISSING, GONE, UNREADABLE, BEGUN, UNASKED = "missing", "gone", "unreadable", "begun", "unasked"


class Seen(NamedTuple):
    """What was found out about a profile.

    C(state) is one of minikube_state's, or C(missing) (no record), C(unreadable) (a record that cannot be understood),
    C(gone) (a record, and no node), C(unasked) (healthy by its API server, while minikube cannot ask it). C(begun) is whether
    its last start was not seen to end, C(empty) whether the engine says that nothing was ever put into it, C(kept) whether
    a node that is gone has its volume still, with all that was in it.
    """

    state: str
    words: str = ""
    nodes: tuple = ()
    begun: bool = False
    empty: bool = False
    kept: bool = False

    def name(self):
        """The state as the module returns it."""
        return BEGUN if self.begun and self.state in (state_.RUNNING, state_.UNLINKED) else self.state


class Allowed(NamedTuple):
    """What the user allows beyond what is safe: a new cluster, a restart of the node."""

    recreate: bool = False
    restart: bool = False


def plan(profile, seen, current, wanted, differing, allowed):
    """Some of C(delete), C(stop), C(start) and C(link), in order, or none.

    minikube restarts the container runtime of a node that runs, under the pods that have its socket mounted: they would
    talk to nobody from then on. So such a node is stopped first, which restarts the pods too.

    Raises MinikubeError where nothing that is allowed leads there, or where the current state cannot be determined.
    """
    if seen.state == MISSING:
        return ["start"]
    if seen.state == UNREADABLE:
        return _unreadable(profile, seen, allowed)
    if seen.state == GONE and seen.kept and not allowed.recreate:
        # minikube creates the container again, around the volume that has the cluster's state.
        return ["start"]
    if seen.state == GONE or (seen.begun and seen.empty):
        # The engine says that there is nothing that could be lost.
        return ["delete", "start"]
    fixed = _fixed(current, wanted, differing)
    if fixed and not allowed.recreate:
        raise MinikubeError(
            "The existing cluster has other settings than declared, which minikube cannot change: %s. "
            "Nothing was changed. Fix: declare the current values, or allow a new cluster with minikube_recreate=true (what runs "
            "in the old one is lost)."
            % ", ".join(
                "minikube_%s is '%s', declared is '%s'" % (name, current.get(name), wanted[name]) for name in fixed
            )
        )
    if fixed and (seen.state not in state_.PASSING or nodes_.all_are(seen.nodes, nodes_.STOPPED, nodes_.RUNNING)):
        return ["delete", "start"]
    if seen.begun and seen.state == state_.DEGRADED:
        # Another start does what the last one did not come to.
        return ["stop", "start"]
    if seen.state in state_.PASSING or (seen.state == UNASKED and differing):
        return _restart(profile, seen, allowed)
    if seen.state == state_.STOPPED:
        return ["start"]
    if differing or seen.begun:
        return ["stop", "start"]
    return ["link"] if seen.state == state_.UNLINKED else []


def _fixed(current, wanted, differing):
    fixed = [name for name in differing if name in FIXED]
    if "kubernetes_version" in differing:
        have = current.get("kubernetes_version")
        if not have or version_key(wanted["kubernetes_version"]) < version_key(have):
            fixed.append("kubernetes_version")
    return fixed


def _unreadable(profile, seen, allowed):
    if allowed.recreate and nodes_.all_are(seen.nodes, nodes_.ABSENT, nodes_.STOPPED, nodes_.RUNNING):
        return ["delete", "start"]
    raise MinikubeError(
        "minikube_profile: minikube's record of '%s' cannot be understood, and its node is there, or that cannot be determined (%s). "
        "Nothing was changed. Expected is a record that minikube wrote. Fix: put profiles/%s/config.json back from a copy, or "
        "remove the cluster (playbooks/teardown.yml), or allow a new one with minikube_recreate=true (what runs in the old one "
        "is lost)." % (profile, nodes_.words_of(seen.nodes), profile)
    )


def _restart(profile, seen, allowed):
    if allowed.restart and nodes_.all_are(seen.nodes, nodes_.STOPPED, nodes_.RUNNING):
        return ["stop", "start"]
    raise MinikubeError(
        "minikube_profile: '%s' is there, and %s (%s; the engine: %s). Nothing was changed. Expected is a cluster that minikube "
        "can ask and that is healthy within minikube_timeout. Fix: look at the engine (is it the one that has the cluster: "
        "DOCKER_HOST, context? its load?) and at the node ('minikube logs --profile %s'; 'docker exec %s systemctl status ssh "
        "kubelet' for the driver docker); or let the node be stopped and started with minikube_restart=true (each pod restarts, "
        "docs/safety.md#cluster has what minikube may do then); or remove what is left of it with playbooks/teardown.yml."
        % (
            profile,
            "not healthy" if seen.state == state_.DEGRADED else "what it is like cannot be determined",
            seen.words,
            nodes_.words_of(seen.nodes),
            profile,
            profile,
        )
    )
