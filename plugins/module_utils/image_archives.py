# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of image_archives: images of archives into an engine or a node. Private to the collection."""

from __future__ import annotations

import contextlib

from ansible.module_utils.common.process import get_bin_path
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    image_archive,
    minikube,
    minikube_commands,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_lock import ProfileLock
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    "archives": {"type": "list", "elements": "path", "required": True},
    "target": {"type": "str", "choices": ["minikube", "docker"], "default": "minikube"},
    "profile": {"type": "str", "default": "minikube"},
    "binary": {"type": "path"},
    "home": {"type": "path"},
}


class Docker:
    """The local engine, Docker or Podman, which understands the same."""

    def __init__(self, params, check):
        self.params, self.check = params, check
        self.binary = find(params["binary"] or "docker", check)
        # The engine itself takes one at a time.
        self.lock = contextlib.nullcontext()

    def present(self, names):
        """Digests of those images that the engine has. An image that is not there is no error here."""
        if not self.binary:
            return {}
        answer = minikube_commands.run(
            [self.binary, "image", "inspect", "--format", "{{range .RepoTags}}{{.}} {{end}}{{.Id}}", *names],
            minikube_commands.STATUS_SECONDS,
        )
        # Docker's words, and Podman's.
        missing = any(words in answer.stderr.lower() for words in ("no such image", "image not known"))
        if answer.rc != 0 and not missing:
            if self.check:
                return {}
            raise image_archive.ArchiveError("The engine's images cannot be listed: %s" % answer.words())
        return image_archive.engine_images(answer.stdout, complete=not missing)

    def load(self, paths):
        for path in paths:
            answer = minikube_commands.run([self.binary, "load", "--input", path], minikube_commands.LOAD_SECONDS)
            if answer.rc != 0:
                raise image_archive.ArchiveError("'%s' cannot be loaded: %s" % (path, answer.words()))
        return ""


class Minikube:
    """The node of a minikube profile."""

    def __init__(self, params, check):
        self.params, self.check = params, check
        self.binary = find(params["binary"] or "minikube", check)
        self.lock = ProfileLock(params["home"], params["profile"])

    def run(self, arguments, seconds, question=False):
        return minikube_commands.run(
            [self.binary, *arguments, "--profile", self.params["profile"]],
            seconds,
            minikube.environment(self.params["home"]),
            () if question else self.lock.descriptors(),
            question,
        )

    def present(self, names):
        if not self.binary or minikube.read_config(self.params["home"], self.params["profile"]) is None:
            return {}
        answer = self.run(["image", "ls", "--format", "json"], minikube_commands.STATUS_SECONDS, True)
        if self.check and (answer.rc != 0 or not answer.stdout.strip("[] \n")):
            # The node may be yet to start.
            return {}
        if answer.rc == 0:
            return image_archive.node_images(answer.stdout)
        raise image_archive.ArchiveError(
            "The images of minikube's profile '%s' cannot be listed: %s" % (self.params["profile"], answer.words())
        )

    def load(self, paths):
        # minikube copies the next while the node takes one. In the node they all lie in one folder.
        log = []
        for together in image_archive.batches(paths):
            answer = self.run(["image", "load", *together, "--alsologtostderr"], minikube_commands.LOAD_SECONDS)
            if answer.rc != 0:
                raise image_archive.ArchiveError(
                    "'%s' cannot be loaded: %s"
                    % ("', '".join(together), minikube.failure_reason(answer.stdout, answer.stderr) or answer.words())
                )
            log.append(answer.stderr)
        # minikube ends well when its node could not take the images; only its log tells why (cache_images.go, DoLoadImages).
        return minikube.load_failure("\n".join(log))


def find(name, check):
    """The loading program. In check mode it may be yet to come; without it the target holds nothing either."""
    try:
        return get_bin_path(name)
    except ValueError as error:
        if check:
            return None
        raise WorkError(str(error)) from error


def load(target, pending, archives, wanted):
    said = target.load(pending)
    missing = image_archive.to_load({path: archives[path] for path in pending}, target.present(sorted(wanted)))
    if missing:
        raise image_archive.ArchiveError(
            "'%s' was not loaded, or not all of it: %s" % ("', '".join(missing), said or "nobody says why")
        )


def run(params: dict, mode: Mode) -> dict:
    """Load the archives of which the target lacks an image."""
    target = {"minikube": Minikube, "docker": Docker}[params["target"]](params, mode.check)
    try:
        archives = {path: image_archive.images_of(path) for path in params["archives"]}
        wanted = {name: digest for images in archives.values() for name, digest in images.items()}
        present = target.present(sorted(wanted))
        pending = image_archive.to_load(archives, present)
        if pending and not mode.check:
            with target.lock:
                # Who had the lock before may have loaded them.
                pending = image_archive.to_load(archives, target.present(sorted(wanted)))
                load(target, pending, archives, wanted)
    except (image_archive.ArchiveError, minikube.MinikubeError) as error:
        raise WorkError(str(error)) from error
    return {
        "changed": bool(pending),
        "images": sorted(wanted),
        "loaded": pending,
        "diff": {
            "before": {name: present.get(name, "absent") for name in sorted(wanted)},
            "after": {name: wanted[name] for name in sorted(wanted)},
        },
    }
