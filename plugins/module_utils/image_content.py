# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a docker-archive holds an image down to the last byte of its layers."""

from __future__ import annotations

import hashlib
import json
import tarfile

BLOCK = 1 << 20


def digest_of(file):
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(BLOCK), b""):
        digest.update(block)
    return "sha256:" + digest.hexdigest()


def fault(path, name, image_id):
    """What is wrong with the archive of one image, or None.

    The image's id is the digest of its configuration, which names the digest of each layer's content:
    whoever knows the id can tell whether all of it is there and unchanged.
    """
    try:
        with tarfile.open(path) as archive:
            (entry,) = json.load(archive.extractfile("manifest.json"))
            if entry["RepoTags"] != [name]:
                return "it holds %s instead of %s" % (", ".join(entry["RepoTags"] or ["no name"]), name)
            found = digest_of(archive.extractfile(entry["Config"]))
            if found != image_id:
                return "its configuration is %s instead of %s" % (found, image_id)
            wanted = json.load(archive.extractfile(entry["Config"]))["rootfs"]["diff_ids"]
            if len(wanted) != len(entry["Layers"]):
                return "it has %d layers instead of %d" % (len(entry["Layers"]), len(wanted))
            for layer, diff_id in zip(entry["Layers"], wanted):
                found = digest_of(archive.extractfile(layer))
                if found != diff_id:
                    return "its layer %s is %s instead of %s" % (layer, found, diff_id)
    except (OSError, tarfile.TarError, AttributeError, KeyError, TypeError, ValueError) as error:
        return "it cannot be read: %s" % error
    return None
