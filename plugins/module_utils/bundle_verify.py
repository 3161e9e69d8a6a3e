# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of bundle_verify: a bundle's files against its list of checksums. Private to the collection."""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

SUMS = "SHA256SUMS"
BLOCK = 1 << 20
REMEDY = "Build the bundle or copy it again; nothing of it was used."
ARGUMENTS = {"path": {"type": "path", "required": True}}


def read_sums(folder):
    """{relative path: digest} of a list in the form C(sha256sum) writes and reads."""
    sums = {}
    with open(os.path.join(folder, SUMS), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = re.match(r"^([0-9a-f]{64}) [ *](.+)$", line.rstrip("\n"))
            if not match or os.path.isabs(match.group(2)) or ".." in match.group(2).split("/"):
                raise ValueError("line %d of %s is not a SHA-256 and a path inside the bundle" % (number, SUMS))
            sums[match.group(2)] = match.group(1)
    if not sums:
        raise ValueError("%s is empty" % SUMS)
    return sums


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def unlisted(folder, sums):
    """Files that the list does not know. What has a dot before its name in the bundle's own folder is its maker's."""
    for top, folders, files in os.walk(folder):
        # A linked folder is not walked, and could lead anywhere.
        linked = [name for name in folders if os.path.islink(os.path.join(top, name))]
        for name in files + linked:
            path = os.path.relpath(os.path.join(top, name), folder)
            if path not in sums and path != SUMS and not (top == folder and name.startswith(".")):
                yield path


def fault(folder, name, digest):
    """What is wrong with a file, or None."""
    try:
        found = digest_of(os.path.join(folder, name))
    except OSError as error:
        return "%s: %s" % (name, error.strerror)
    return None if found == digest else "%s: SHA-256 is %s, %s says %s" % (name, found, SUMS, digest)


def run(params: dict, mode: Mode) -> dict:
    """Compare each file with the list; raises WorkError where one differs, is missing or is not listed."""
    folder = params["path"]
    try:
        sums = read_sums(folder)
    except (OSError, ValueError) as error:
        where = "Is runtime_security_bundle its folder?"
        raise WorkError("The bundle '%s' cannot be verified: %s. %s %s" % (folder, error, where, REMEDY)) from error
    extra = ["%s: %s does not know it" % (path, SUMS) for path in sorted(unlisted(folder, sums))]
    # hashlib lets go of the interpreter's lock, so threads use all CPUs.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [text for text in pool.map(lambda item: fault(folder, *item), sorted(sums.items())) if text]
    faults += extra
    if faults:
        raise WorkError("The bundle '%s' is not what its %s says. %s. %s" % (folder, SUMS, "; ".join(faults), REMEDY))
    return {"files": len(sums), "bytes": sum(os.path.getsize(os.path.join(folder, name)) for name in sums)}
