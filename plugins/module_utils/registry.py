# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry says of an image, asked by skopeo."""

from __future__ import annotations

import hashlib
import json
import re

from ansible.module_utils.common.process import get_bin_path
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")


class RegistryError(Exception):
    """An image that cannot be had, and why."""


def skopeo():
    """The path of the program that asks."""
    try:
        return get_bin_path("skopeo")
    except ValueError as error:
        raise WorkError(str(error)) from error


def reason(stderr):
    """The message of skopeo's last line of log."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else "skopeo gave no reason"
    match = re.search(r'msg="(.*)"$', last)
    return match.group(1).replace('\\"', '"') if match else last


def at_digest(source, digest):
    """The reference of the same repository with a digest in the place of the tag."""
    repository, slash, last = source.partition("@")[0].rpartition("/")
    return "%s%s%s@%s" % (repository, slash, last.partition(":")[0], digest)


def platform_digest(manifest, architecture):
    """Of a manifest list the digest of the manifest for Linux on an architecture; None where it is no list."""
    if "manifests" not in manifest:
        return None
    found = [
        entry["digest"]
        for entry in manifest["manifests"]
        if entry.get("platform", {}).get("os") == "linux" and entry["platform"].get("architecture") == architecture
    ]
    if not found:
        raise RegistryError("it has no image for linux/%s" % architecture)
    return found[0]


class Registry:
    """Reads manifests. ``run`` takes arguments and returns exit code, standard output (bytes) and error (text)."""

    def __init__(self, run):
        self.run = run

    def raw_manifest(self, reference):
        """Digest and content of a manifest. What was asked for by digest has to have it."""
        rc, stdout, stderr = self.run(["inspect", "--raw", "--retry-times", "3", "docker://" + reference])
        if rc != 0:
            raise RegistryError(reason(stderr))
        found = "sha256:" + hashlib.sha256(stdout).hexdigest()
        wanted = reference.partition("@")[2]
        if wanted and wanted != found:
            raise RegistryError("the registry's manifest is %s" % found)
        return found, json.loads(stdout)

    def pins(self, source, architecture):
        """What holds an image for ever: digests of what the tag names, of the platform's manifest, and the image's id."""
        digest, manifest = self.raw_manifest(source)
        platform = platform_digest(manifest, architecture)
        if platform:
            _same, manifest = self.raw_manifest(at_digest(source, platform))
        image_id = manifest.get("config", {}).get("digest", "")
        if not DIGEST.match(image_id):
            raise RegistryError("its manifest is of an unknown kind (%s)" % manifest.get("mediaType", "no media type"))
        return {"digest": digest, "manifest": platform or digest, "id": image_id}
