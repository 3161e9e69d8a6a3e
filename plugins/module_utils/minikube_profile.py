# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One minikube profile: its records, and the commands that ask and change it."""

from __future__ import annotations

import json
import os
import time

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    minikube,
    minikube_commands,
    minikube_settings,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_nodes as nodes_
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_state as state_
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import MinikubeError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_home import StateFolder
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_lock import (
    BEGUN,
    REMOVAL,
    ProfileLock,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_record import Record

_EVERY_SECONDS = 3


class Profile:
    """A profile through minikube's command line, its engine's, and the files of both.

    O(find) is a function that returns the path of a program, or nothing; O(params) are the options of the module.
    """

    def __init__(self, params, check_mode, find):
        self.params = params
        self.check_mode = check_mode
        self.name = params["profile"]
        self.home = params["home"]
        # The program may be yet to come; without it there is no cluster of it either.
        self.binary = find(params["binary"])
        self.files = params["files"]
        self.lock = ProfileLock(self.home, self.name)
        self.record = Record(self.home, self.name)
        self.folder = StateFolder(self.home, self.record)
        self._find = find

    def run(self, arguments, seconds, question=False):
        return minikube_commands.run(
            [self.binary, *arguments],
            seconds,
            minikube.environment(self.home, self.params["kubeconfig"]),
            () if question else self.lock.descriptors(),
            question,
        )

    def to_be_locked(self):
        """Whether something may change; where there is no folder, nothing can be removed."""
        if self.check_mode:
            return False
        return self.params["state"] == "present" or os.path.isdir(minikube.profile_folder(self.home))

    def config(self):
        return minikube.read_config(self.home, self.name)

    def settings(self):
        """The profile's settings with the node's files, None without a profile, {} where they cannot be understood."""
        config = self.config()
        if not config:
            return config
        found = minikube.settings_of(config)
        if self.files:
            found["files"] = self.folder.read(self.files)
        return found

    def engine(self):
        """The engine whose containers the nodes are, by the profile's own record or else what is asked for."""
        driver = (self.config() or self.record.profile).get("Driver") or self.params["driver"]
        # A program that is not there answers nothing, and nothing is concluded from that.
        return nodes_.Engine(self._find(driver) or driver) if driver in minikube.CONTAINER_DRIVERS else None

    def names(self):
        return minikube.node_names(self.config() or self.record.profile, self.name)

    def status(self):
        """What minikube says of it, a State."""
        answer = self.run(
            ["status", "--profile", self.name, "--output", "json"], minikube_commands.STATUS_SECONDS, True
        )
        return state_.read_status(answer, self.names())

    def machine_file(self, name):
        """Path of minikube's own record of a machine, beside that of the profile."""
        return os.path.join(minikube.profile_folder(self.home), "machines", name, "config.json")

    def restore(self):
        """Write minikube's record back from the copy."""
        path = minikube.profile_file(self.home, self.name)
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        beside = path + ".new"
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.record.profile, file, indent=1)
        os.replace(beside, path)

    def has_credentials(self):
        """Whether minikube's client certificate of the profile is there; a start makes it."""
        return os.path.exists(os.path.join(os.path.dirname(minikube.profile_file(self.home, self.name)), "client.crt"))

    def wait_for_engine(self):
        """Refuse to change anything while the engine is so slow that minikube would take its nodes for gone."""
        engine = self.engine()
        if engine is None:
            return
        end = time.monotonic() + self.params["timeout"]
        while not all(engine.is_prompt(name) for name in self.names()):
            if time.monotonic() >= end:
                raise MinikubeError(
                    "minikube_driver: %s does not answer within %d seconds. Nothing was changed. Expected is a prompt answer: "
                    "minikube takes a node that it cannot ask for one that is gone, and replaces it. Fix: look at the machine's "
                    "load and at '%s info', and run again." % (engine.program, nodes_.PROMPT_SECONDS, engine.program)
                )
            time.sleep(_EVERY_SECONDS)

    def supply(self):
        self.folder.supply(self.params["cache"], self.files)

    def delete(self):
        self.lock.note(REMOVAL)
        self._must(["delete", "--profile", self.name], minikube_commands.STOP_SECONDS)

    def stop(self):
        self._must(["stop", "--profile", self.name], minikube_commands.STOP_SECONDS)

    def link(self):
        self._must(["update-context", "--profile", self.name], minikube_commands.STATUS_SECONDS)

    def start(self, wanted, first):
        """Start it; a first start creates the node, with the mounts that it will have."""
        options = list(self.params["start_options"])
        current = {} if first else self.settings() or {}
        if first:
            self.lock.note(BEGUN)
            self.record.remove()
        if first and self.params["host_proc"]:
            options = minikube.host_proc_options(wanted.get("driver"), options) + options
        if os.geteuid() == 0 and wanted.get("driver") in minikube.CONTAINER_DRIVERS:
            options.append("--force")
        ours = minikube_settings.set_here(self.record, current, bool(self.lock.noted()))
        asked = minikube_settings.to_start(current.get("extra_config"), wanted["extra_config"], ours)
        engine = self.engine()
        self.record.begin(
            dict(ours, **minikube_settings.options(wanted["extra_config"])),
            self.files,
            engine.identity() if engine else "",
        )
        self._must(
            minikube.start_arguments(self.name, dict(wanted, extra_config=asked), options),
            minikube_commands.START_SECONDS,
        )

    def note_facts(self, wanted):
        """Record what is set now, and what later tells the cluster from another one."""
        engine, config = self.engine(), self.config()
        nodes = {node.name: node.id for node in map(engine.node, self.names()) if node.id} if engine else {}
        self.record.end(
            minikube_settings.options(wanted["extra_config"]),
            self.files,
            nodes=nodes,
            engine=engine.identity() if engine else "",
            profile=config or {},
        )

    def _must(self, arguments, seconds):
        if not self.binary:
            raise MinikubeError(
                "minikube_binary is '%s', and no such program is there. Set it to where minikube is."
                % self.params["binary"]
            )
        answer = self.run(arguments, seconds)
        if answer.rc != 0:
            raise MinikubeError(
                "minikube %s of profile '%s' %s: %s"
                % (
                    arguments[0],
                    self.name,
                    "did not end within %d seconds" % seconds
                    if answer.rc is None
                    else "failed with exit code %d" % answer.rc,
                    minikube.failure_reason(answer.stdout, answer.stderr),
                )
            )
