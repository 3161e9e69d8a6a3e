# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in image archives, and which of them a node or an engine still needs."""

from __future__ import annotations

import json
import os
import re
import tarfile


class ArchiveError(Exception):
    """An archive that cannot be read or loaded, and why."""


def images_of(path):
    """Images of a docker-archive: {name: configuration digest}.

    The file C(manifest.json) names both (github.com/moby/docker-image-spec).
    """
    try:
        with tarfile.open(path) as archive:
            manifest = json.load(archive.extractfile("manifest.json"))
        return {
            tag: os.path.basename(entry["Config"]).rsplit(".", 1)[0]
            for entry in manifest
            for tag in entry.get("RepoTags") or []
        }
    except (OSError, tarfile.TarError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArchiveError(
            "The image archive '%s' cannot be read: %s. Give the path of a docker-archive, as 'docker save' writes one."
            % (path, error)
        ) from error


def node_images(stdout):
    """Images of a node from C(minikube image ls --format json): {name: configuration digest}.

    A node that runs has images; an empty list, or what is none, does not tell which. Raises ArchiveError then.
    """
    try:
        images = json.loads(stdout)
        found = {tag: image["id"].replace("sha256:", "") for image in images for tag in image["repoTags"] or []}
    except (AttributeError, KeyError, TypeError, ValueError):
        found = {}
    if not found:
        raise ArchiveError(
            "The node's images cannot be determined: 'minikube image ls' printed '%s'. Nothing was loaded. Expected is a list with the "
            "node's own images. Fix: look at the node ('minikube ssh'), and run again." % " ".join(stdout.split())[:100]
        )
    return found


def engine_images(stdout, complete):
    """Images from lines of names and, last, the id: {name: configuration digest}.

    O(complete) is whether the engine has all that it was asked for. Raises ArchiveError for lines that are none of this.
    """
    images = {}
    lines = [line.split() for line in stdout.splitlines() if line.strip()]
    for words in lines:
        for tag in words[:-1]:
            images[tag] = words[-1].replace("sha256:", "")
    if not all(re.fullmatch("(sha256:)?[0-9a-f]+", words[-1]) for words in lines) or (complete and not lines):
        raise ArchiveError(
            "The engine's images cannot be determined: it printed '%s'. Nothing was loaded. Expected are names and ids. Fix: look at "
            "'docker image ls', and run again." % " ".join(stdout.split())[:100]
        )
    return images


def to_load(archives, present):
    """Of {path: {name: digest}} the paths that hold an image the target lacks or has another build of."""
    return [
        path for path, images in archives.items() if any(present.get(name) != digest for name, digest in images.items())
    ]


def batches(paths):
    """The paths in lists in which each file name comes once."""
    remaining = list(paths)
    while remaining:
        together = {}
        for path in remaining:
            together.setdefault(os.path.basename(path), path)
        remaining = [path for path in remaining if path not in together.values()]
        yield list(together.values())
