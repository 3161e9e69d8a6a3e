# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a profile's nodes exist and run, asked of the container engine itself: evidence before anything is removed.

A node is absent only where two different questions say so. What an answer does not say clearly is C(unknown).
Facts: pkg/drivers/kic/oci/oci.go and types.go of minikube v1.38.1 (labels, a volume of the node's name beside it).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_commands

ABSENT, STOPPED, RUNNING, UNKNOWN = "absent", "stopped", "running", "unknown"
# minikube takes a node whose engine needs longer than 19 seconds for one that is gone, and replaces it.
PROMPT_SECONDS = 10
# Where etcd keeps what was ever put into a cluster.
ETCD = "/var/lib/minikube/etcd/member"
_STATES = {"running": RUNNING, "exited": STOPPED, "created": STOPPED, "configured": STOPPED, "stopped": STOPPED}
_PROBE = "if [ -e %s ]; then echo held; else echo empty; fi" % ETCD


class Node(NamedTuple):
    """One node: its name, one of the states above, the engine's words, and the container's id."""

    name: str
    state: str
    words: str = ""
    id: str = ""


class Engine:
    """Docker or Podman, whose containers the nodes are."""

    def __init__(self, program):
        self.program = program

    def ask(self, *arguments, seconds=None):
        """What it answers, an Answer, within O(seconds) or the time of a question."""
        return minikube_commands.run([self.program, *arguments], seconds or minikube_commands.ASK_SECONDS)

    def node(self, name):
        """Its Node; absent needs an engine that does not know the name and a list of all containers without it."""
        answer = self.ask("container", "inspect", "--format", "{{.State.Status}} {{.Id}}", name)
        if answer.rc == 0:
            words = answer.stdout.split()
            if len(words) == 2 and re.fullmatch("[0-9a-f]{12,64}", words[1]) and words[0] in _STATES:
                return Node(name, _STATES[words[0]], "%s is %s" % (name, words[0]), words[1])
            return Node(name, UNKNOWN, "of %s it says '%s'" % (name, " ".join(answer.stdout.split())[:100]))
        if answer.rc is None or "no such c" not in answer.stderr.lower():
            return Node(name, UNKNOWN, "of %s: %s" % (name, answer.words()))
        listed = self.ask("ps", "--all", "--format", "{{.Names}}")
        if listed.rc != 0:
            return Node(name, UNKNOWN, "no list of containers: %s" % listed.words())
        if name in re.split(r"[\s,]+", listed.stdout):
            return Node(name, UNKNOWN, "it lists %s and does not find it" % name)
        return Node(name, ABSENT, "there is no container %s" % name)

    def volume(self, name):
        """Whether the volume of a node is there: a Node without an id."""
        answer = self.ask("volume", "inspect", "--format", "{{.Name}}", name)
        if answer.rc == 0:
            return Node(name, STOPPED if answer.stdout.strip() == name else UNKNOWN, "of volume %s" % name)
        if answer.rc is None or "no such volume" not in answer.stderr.lower():
            return Node(name, UNKNOWN, "of volume %s: %s" % (name, answer.words()))
        return Node(name, ABSENT)

    def identity(self):
        """What tells this engine from another one that the same program may ask, or an empty string."""
        is_podman = "podman" in self.program
        form = "{{.Host.Hostname}} {{.Store.GraphRoot}}" if is_podman else "{{.ID}}"
        answer = self.ask("info", "--format", form)
        return " ".join(answer.stdout.split()) if answer.rc == 0 else ""

    def size(self):
        """Memory in MiB and CPUs of the machine that it runs on, which need not be this one; None where it does not tell."""
        form = "{{.Host.MemTotal}} {{.Host.CPUs}}" if "podman" in self.program else "{{.MemTotal}} {{.NCPU}}"
        words = self.ask("info", "--format", form).stdout.split()
        if len(words) != 2 or not all(word.isdigit() for word in words):
            return None, None
        return int(words[0]) // 2**20, int(words[1])

    def is_prompt(self, name):
        """Whether it answers fast enough for minikube to believe it."""
        answer = self.ask("container", "inspect", "--format", "{{.Id}}", name, seconds=PROMPT_SECONDS)
        return answer.rc == 0 or "no such c" in answer.stderr.lower()

    def is_empty(self, node):
        """Whether nothing was ever put into a node's cluster: True, or False where that cannot be determined, too."""
        if node.state == RUNNING:
            answer = self.ask("exec", node.name, "sh", "-c", _PROBE)
            return answer.rc == 0 and answer.stdout.strip() == "empty"
        if node.state == STOPPED:
            answer = self.ask("cp", "%s:%s" % (node.name, ETCD), "-")
            missing = re.search("could not find the file|could not be found|no such file", answer.stderr.lower())
            return answer.rc not in (0, None) and bool(missing)
        return False


def words_of(nodes):
    """The engine's words about nodes, for an error message."""
    return "; ".join(node.words for node in nodes) or "no engine can be asked"


def all_are(nodes, *states):
    """Whether there are nodes and each is in one of these states."""
    return bool(nodes) and all(node.state in states for node in nodes)
