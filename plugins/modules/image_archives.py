#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_archives
short_description: Load image archives into a minikube profile or the local Docker engine
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Loads the archives whose images the target lacks, or has another build of.
  - Names and digests are read from the archives; an image counts as present when its configuration digest is the same. A load
    moves the image's name to the archive's image. So nothing is loaded where the target does not say clearly what it has.
options:
  archives:
    description: Paths of docker-archives, as C(docker save) writes them. One may hold several images.
    type: list
    elements: path
    required: true
  target:
    description: Where the images go.
    type: str
    choices: [minikube, docker]
    default: minikube
  profile:
    description: Name of the minikube profile. It has to run, except in check mode.
    type: str
    default: minikube
  binary:
    description: The program that loads, C(minikube) or C(docker); a path or a name in E(PATH). The default is O(target).
    type: path
  home:
    description: Folder of minikube's state, E(MINIKUBE_HOME). Not given, minikube's own default holds.
    type: path
attributes:
  check_mode:
    description: Can run in check mode and tell what would change.
    support: full
  diff_mode:
    description: Returns the images that are added or replaced.
    support: full
"""

EXAMPLES = r"""
- name: Load what the charts need into the node
  runtime_security.kubernetes.image_archives:
    archives:
      - /srv/bundle/images/stack.tar

- name: Load the image that nodes are started from
  runtime_security.kubernetes.image_archives:
    target: docker
    archives:
      - /srv/bundle/node.tar
"""

RETURN = r"""
images:
  description: Names of all images in the archives.
  returned: success
  type: list
  elements: str
  sample: ["docker.io/grafana/loki:3.6.3"]
loaded:
  description: Archives that were loaded, or would be in check mode.
  returned: success
  type: list
  elements: path
  sample: [/srv/bundle/images/stack.tar]
"""

import contextlib

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    image_archive,
    minikube,
    minikube_commands,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_lock import ProfileLock


class Docker:
    """The local engine, Docker or Podman, which understands the same."""

    def __init__(self, module):
        self.module = module
        self.binary = find(module, "docker")
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
            if self.module.check_mode:
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

    def __init__(self, module):
        self.module = module
        self.binary = find(module, "minikube")
        self.lock = ProfileLock(module.params["home"], module.params["profile"])

    def run(self, arguments, seconds, question=False):
        return minikube_commands.run(
            [self.binary, *arguments, "--profile", self.module.params["profile"]],
            seconds,
            minikube.environment(self.module.params["home"]),
            () if question else self.lock.descriptors(),
            question,
        )

    def present(self, names):
        if not self.binary or minikube.read_config(self.module.params["home"], self.module.params["profile"]) is None:
            return {}
        answer = self.run(["image", "ls", "--format", "json"], minikube_commands.STATUS_SECONDS, True)
        if self.module.check_mode and (answer.rc != 0 or not answer.stdout.strip("[] \n")):
            # The node may be yet to start.
            return {}
        if answer.rc == 0:
            return image_archive.node_images(answer.stdout)
        raise image_archive.ArchiveError(
            "The images of minikube's profile '%s' cannot be listed: %s"
            % (self.module.params["profile"], answer.words())
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


def find(module, default):
    """The loading program. In check mode it may be yet to come; without it the target holds nothing either."""
    binary = module.params["binary"] or default
    return module.get_bin_path(binary, required=not module.check_mode)


def load(target, pending, archives, wanted):
    said = target.load(pending)
    missing = image_archive.to_load({path: archives[path] for path in pending}, target.present(sorted(wanted)))
    if missing:
        raise image_archive.ArchiveError(
            "'%s' was not loaded, or not all of it: %s" % ("', '".join(missing), said or "nobody says why")
        )


def main():
    module = AnsibleModule(
        argument_spec=dict(
            archives=dict(type="list", elements="path", required=True),
            target=dict(type="str", choices=["minikube", "docker"], default="minikube"),
            profile=dict(type="str", default="minikube"),
            binary=dict(type="path"),
            home=dict(type="path"),
        ),
        supports_check_mode=True,
    )
    target = {"minikube": Minikube, "docker": Docker}[module.params["target"]](module)
    try:
        archives = {path: image_archive.images_of(path) for path in module.params["archives"]}
        wanted = {name: digest for images in archives.values() for name, digest in images.items()}
        present = target.present(sorted(wanted))
        pending = image_archive.to_load(archives, present)
        if pending and not module.check_mode:
            with target.lock:
                # Who had the lock before may have loaded them.
                pending = image_archive.to_load(archives, target.present(sorted(wanted)))
                load(target, pending, archives, wanted)
    except (image_archive.ArchiveError, minikube.MinikubeError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=bool(pending),
        images=sorted(wanted),
        loaded=pending,
        diff={
            "before": {name: present.get(name, "absent") for name in sorted(wanted)},
            "after": {name: wanted[name] for name in sorted(wanted)},
        },
    )


if __name__ == "__main__":
    main()
