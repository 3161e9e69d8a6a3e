# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of image_fetch: one image of a registry as a file. Private to the collection."""

from __future__ import annotations

import os
import subprocess

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import image_content, registry
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "source": {"type": "str", "required": True},
    "manifest": {"type": "str", "required": True},
    "id": {"type": "str", "required": True},
}


def fetch(params: dict) -> None:
    """Copies the image beside its place, looks at all of it, and moves it there."""
    path = params["path"]
    # A run that was killed may have left a process that still writes: each has a file of its own.
    partial = "%s.%d.partial" % (path, os.getpid())
    os.makedirs(os.path.dirname(path), exist_ok=True)
    source = registry.at_digest(params["source"], params["manifest"])
    # run_command is a method of AnsibleModule, which the work does not know.
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        [
            registry.skopeo(),
            "copy",
            "--quiet",
            "--retry-times",
            "3",
            "docker://" + source,
            "docker-archive:%s:%s" % (partial, params["name"]),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        wrong = registry.reason(done.stderr.decode("utf-8", "replace"))
    else:
        wrong = image_content.fault(partial, params["name"], params["id"])
    if wrong:
        if os.path.exists(partial):
            os.remove(partial)
        raise WorkError(
            "Image '%s' cannot be had from '%s': %s. Nothing of it was kept; what was fetched before stays. Run again, "
            "or look at the registry." % (params["name"], source, wrong)
        )
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)


def run(params: dict, mode: Mode) -> dict:
    """Have the image at its path, fetched again where the file is not it."""
    for key in ("manifest", "id"):
        if not registry.DIGEST.match(params[key]):
            raise WorkError(
                "%s: invalid value ('%s'). Expected sha256: and 64 hexadecimal digits." % (key, params[key])
            )
    path = params["path"]
    if ":" in path:
        raise WorkError("path: invalid value ('%s'). Expected a path without a colon." % path)
    there = os.path.exists(path)
    wrong = image_content.fault(path, params["name"], params["id"]) if there else "absent"
    if wrong and not mode.check:
        fetch(params)
    return {
        "changed": bool(wrong),
        "path": path,
        "size": os.path.getsize(path) if os.path.exists(path) else 0,
        "diff": {"before": {params["name"]: wrong or params["id"]}, "after": {params["name"]: params["id"]}},
    }
