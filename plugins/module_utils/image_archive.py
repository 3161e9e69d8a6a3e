# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in image archives, and which of them a node or an engine still needs."""

from __future__ import annotations

import json
import os
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
    """Images of a node from C(minikube image ls --format json): {name: configuration digest}."""
    return {
        tag: str(image.get("id", "")).replace("sha256:", "")
        for image in json.loads(stdout or "null") or []
        for tag in image.get("repoTags") or []
    }


def engine_images(stdout):
    """Images from lines of names and, last, the id: {name: configuration digest}."""
    images = {}
    for line in stdout.splitlines():
        words = line.split()
        for tag in words[:-1]:
            images[tag] = words[-1].replace("sha256:", "")
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
