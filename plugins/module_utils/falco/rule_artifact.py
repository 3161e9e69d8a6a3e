# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules file in an OCI archive of an artifact of falcoctl, verified from its digest down to its last byte.

An artifact has one layer, a tar archive with the rules file. The media types are those of falcosecurity/falcoctl,
pkg/oci/constants.go; the archive is an OCI image layout (opencontainers/image-spec, image-layout.md) in a tar file.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib

CONFIG_TYPE = "application/vnd.cncf.falco.rulesfile.config.v1+json"
LAYER_TYPE = "application/vnd.cncf.falco.rulesfile.layer.v1+tar.gz"
# What is unpacked is read into memory: more than fits into a ConfigMap is of no use.
MOST_BYTES = 1024 * 1024
# Bytes that a tar archive has beyond its file.
_ROOM = 64 * 1024


class ArtifactError(Exception):
    """An archive that does not hold the rules file, and why."""


def rules_of(path: str, digest: str) -> str:
    """The text of the rules file in an archive.

    digest: ``sha256:`` and the hash of the artifact's manifest, which names the hashes of all else. Raises ArtifactError where a
    byte differs, something is missing, or the artifact is not a rules file of falcoctl.
    """
    try:
        with tarfile.open(path) as archive:
            manifest = json.loads(_blob(archive, digest))
            config, layers = manifest["config"], manifest["layers"]
            if config["mediaType"] != CONFIG_TYPE:
                raise ArtifactError("it is not a rules file of falcoctl but has the type %s" % config["mediaType"])
            if [layer["mediaType"] for layer in layers] != [LAYER_TYPE]:
                raise ArtifactError("it does not have exactly one layer of type %s" % LAYER_TYPE)
            _blob(archive, config["digest"])
            return _rules_file(_blob(archive, layers[0]["digest"]))
    except (OSError, EOFError, zlib.error, tarfile.TarError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError("it cannot be read: %s" % error) from error


def _blob(archive: tarfile.TarFile, digest: str) -> bytes:
    """The content that has a digest."""
    content = archive.extractfile("blobs/" + digest.replace(":", "/", 1)).read()
    found = "sha256:" + hashlib.sha256(content).hexdigest()
    if found != digest:
        raise ArtifactError("it has %s instead of %s" % (found, digest))
    return content


def _rules_file(layer: bytes) -> str:
    """The text of the one file in a layer, compressed or not."""
    if layer.startswith(b"\x1f\x8b"):
        with gzip.open(io.BytesIO(layer)) as opened:
            layer = opened.read(MOST_BYTES + _ROOM + 1)
    if len(layer) > MOST_BYTES + _ROOM:
        raise ArtifactError("its layer has more than %d bytes" % MOST_BYTES)
    with tarfile.open(fileobj=io.BytesIO(layer)) as files:
        members = [member for member in files.getmembers() if member.isfile()]
        if len(members) != 1:
            names = ", ".join(member.name for member in members)
            raise ArtifactError("it has %d files instead of one%s" % (len(members), names and " (%s)" % names))
        return files.extractfile(members[0]).read().decode("utf-8")
