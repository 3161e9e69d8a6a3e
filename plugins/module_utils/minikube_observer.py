# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of a minikube profile, asked of minikube, of its engine, and of its API server."""

from __future__ import annotations

import os
import time

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_nodes as nodes_
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_state as state_
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_lock import BEGUN, CHANGED, REMOVAL
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_plan import (
    GONE,
    MISSING,
    UNASKED,
    UNREADABLE,
    Seen,
)

_EVERY_SECONDS = 3


class Observer:
    """Looks at a Profile, and changes nothing."""

    def __init__(self, profile):
        self.profile = profile

    def observe(self):
        """Find out what there is (a Seen). What may pass by itself is waited for within O(timeout)."""
        end = time.monotonic() + self.profile.params["timeout"]
        while True:
            seen = self.look()
            settled = seen.state not in state_.PASSING or (seen.begun and (seen.empty or seen.state == state_.DEGRADED))
            if settled or time.monotonic() >= end:
                return seen
            time.sleep(_EVERY_SECONDS)

    def look(self):
        """What there is at this moment (a Seen)."""
        config, noted = self.profile.config(), self.profile.lock.noted()
        begun = noted in (BEGUN, CHANGED)
        if config is None:
            return Seen(MISSING)
        if not self.profile.binary:
            # Only a dry run goes on from here: the role downloads it.
            return Seen(MISSING if self.profile.check_mode else state_.UNKNOWN, "minikube_binary is not there")
        if not config:
            return self._unreadable()
        state = self.profile.status()
        if state.name in (state_.RUNNING, state_.UNLINKED):
            return Seen(*state, begun=begun)
        nodes = self._nodes(state)
        empty = noted == BEGUN and self._is_empty(nodes)
        if state.name == state_.STOPPED and not nodes_.all_are(nodes, nodes_.STOPPED):
            state = state_.State(state_.UNKNOWN, state.words)
        elif state.name == state_.UNKNOWN:
            state = self._conclude(state, nodes)
        kept = (
            state.name == GONE and not begun and self.profile.lock.noted() != REMOVAL and self._volumes(nodes_.STOPPED)
        )
        return Seen(*state, nodes=nodes, begun=begun, empty=empty, kept=kept)

    def _unreadable(self):
        """A record that cannot be understood; nothing is lost only where the engine has neither nodes nor volumes."""
        nodes = self._nodes(None)
        gone = nodes_.all_are(nodes, nodes_.ABSENT) and self._volumes(nodes_.ABSENT) and self._is_same_engine()
        return Seen(GONE if gone else UNREADABLE, "its record cannot be understood", nodes)

    def _volumes(self, state):
        """Whether the volume of each node is in this state."""
        engine = self.profile.engine()
        return engine is not None and all(engine.volume(name).state == state for name in self.profile.names())

    def _nodes(self, state):
        """What the engine says of the nodes; without an engine to ask, what follows from minikube's clear words."""
        engine = self.profile.engine()
        if engine:
            return tuple(engine.node(name) for name in self.profile.names())
        clear = {state_.STOPPED: nodes_.STOPPED, state_.DEGRADED: nodes_.RUNNING}
        found = clear.get(state.name, nodes_.UNKNOWN) if state else nodes_.UNKNOWN
        words = "there is no container engine to ask"
        return tuple(nodes_.Node(name, self._machine(name, found, state), words) for name in self.profile.names())

    def _machine(self, name, found, state):
        """A machine without a record of its own that minikube does not know either is absent."""
        said = state is not None and 'the "%s" host does not exist' % name in state.words
        return nodes_.ABSENT if said and not os.path.lexists(self.profile.machine_file(name)) else found

    def _is_empty(self, nodes):
        engine = self.profile.engine()
        return engine is not None and bool(nodes) and all(engine.is_empty(node) for node in nodes)

    def _conclude(self, state, nodes):
        """What the engine and the API server say where minikube cannot tell."""
        if nodes_.all_are(nodes, nodes_.ABSENT):
            return state_.State(GONE, state.words) if self._is_same_engine() else state
        if nodes_.all_are(nodes, nodes_.STOPPED):
            return state_.State(state_.STOPPED, state.words)
        if any(node.state in (nodes_.ABSENT, nodes_.STOPPED) for node in nodes):
            return state
        healthy, words = minikube_api.health(
            self.profile.home, self.profile.params["kubeconfig"], self.profile.name, self.profile.names()
        )
        return state_.State(UNASKED if healthy else state_.UNKNOWN, "%s; %s" % (state.words, words))

    def _is_same_engine(self):
        """Whether the engine that has no node is the one that the cluster was made in: it has its volume, or its identity."""
        engine = self.profile.engine()
        if engine is None:
            return True
        if self._volumes(nodes_.STOPPED):
            return True
        return bool(self.profile.record.engine) and self.profile.record.engine == engine.identity()

    def orphans(self):
        """Nodes and volumes of this name without a profile: a first start of minikube's would replace or reuse them.

        Raises MinikubeError where the engine cannot tell; a dry run may come before the engine.
        """
        engine = self.profile.engine()
        if engine is None:
            return []
        found = []
        for name in sorted({self.profile.name, *self.profile.record.nodes}):
            found += [("container", engine.node(name)), ("volume", engine.volume(name))]
        unclear = [node for _kind, node in found if node.state == nodes_.UNKNOWN]
        if unclear and not self.profile.check_mode:
            raise MinikubeError(
                "minikube_driver: %s cannot say whether there is a node of profile '%s' (%s). Nothing was changed. Expected is an "
                "engine that answers. Fix: look at '%s ps --all', and run again."
                % (engine.program, self.profile.name, nodes_.words_of(unclear), engine.program)
            )
        return [(kind, node) for kind, node in found if node.state in (nodes_.STOPPED, nodes_.RUNNING)]

    def is_ours(self, orphans):
        """Whether each container among them is one that was started from here."""
        containers = [node for kind, node in orphans if kind == "container"]
        return bool(self.profile.lock.noted()) and all(
            node.id and node.id == self.profile.record.nodes.get(node.name) for node in containers
        )

    def can_be_restored(self):
        """Whether minikube's record is lost or broken, while the containers that were started from here are there."""
        engine = self.profile.engine()
        if self.profile.config() or not self.profile.record.profile or engine is None:
            return False
        found = [engine.node(name) for name in self.profile.names()]
        return nodes_.all_are(found, nodes_.STOPPED, nodes_.RUNNING) and all(
            node.id == self.profile.record.nodes.get(node.name) for node in found
        )
