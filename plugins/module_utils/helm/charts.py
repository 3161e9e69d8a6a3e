# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of helm_charts. Private to the collection."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import tempfile
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import chart_source, program
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.images import images
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.operations import side_by_side
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.template import rendered
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_values import (
    UnreadableValue,
    helm_values,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

_RELEASE = {
    "name": {"type": "str", "required": True},
    "chart": {"type": "str", "required": True},
    "repository": {"type": "str", "default": ""},
    "version": {"type": "str", "default": ""},
    "values": {"type": "dict", "default": {}},
    # Of a release as helm_releases takes it.
    "variables": {"type": "dict", "default": {}},
    "remedies": {"type": "list", "elements": "dict", "default": []},
    "one_per_cluster": {"type": "str", "default": ""},
}
ARGUMENTS = {
    "releases": {"type": "list", "elements": "dict", "required": True, "options": _RELEASE, "no_log": True},
    "folder": {"type": "path", "required": True},
    "checksums": {"type": "dict", "default": {}},
    "binary_path": {"type": "path", "default": "helm"},
}
CLEAN_RESULT = True


class _Archive(t.NamedTuple):
    """A chart's archive: its path, its checksum now and before; "" where it is not there."""

    path: str
    checksum: str
    before: str


def masked(params: dict) -> dict:
    """The parameters without values."""
    return {**params, "releases": [{**release, "values": {}} for release in params["releases"]]}


def run(params: dict, mode: Mode) -> dict:
    """Each chart's archive, and the images that it runs with its values."""
    if chart_source.YAML_ERROR:
        raise WorkError(missing_required_lib("PyYAML"))
    releases = {release["name"]: release for release in params["releases"]}
    archives = {name: _archive(release, params, mode) for name, release in releases.items()}
    there = {name: (releases[name], archive.path, params["binary_path"]) for name, archive in archives.items()}
    found = side_by_side(_images, {name: task for name, task in there.items() if task[1]})
    changed = [one for one in archives.values() if one.checksum != one.before or not one.path]
    return {
        "changed": bool(changed),
        "charts": [
            {
                "name": name,
                "chart": releases[name]["chart"],
                "version": releases[name]["version"],
                "path": archive.path,
                "checksum": archive.checksum,
                "images": found.get(name, []),
            }
            for name, archive in archives.items()
        ],
        "checksums": {_key(releases[name]): archive.checksum for name, archive in archives.items() if archive.path},
        "images": sorted({image for one in found.values() for image in one}),
        "diff": {
            "before": {one.path: one.before or "absent" for one in changed if one.path},
            "after": {one.path: one.checksum for one in changed if one.path},
        },
    }


def _key(release: dict) -> str:
    """What tells the archives that releases had over time apart."""
    return f"{release['name']} {release['version']}"


def _images(release: dict, path: str, binary: str) -> list[str]:
    name = release["name"]
    try:
        return images(rendered(name, path, values=helm_values(release["values"]), binary=binary))
    except (UnreadableValue, WorkError, ValueError) as error:
        raise WorkError(f"Release {name}: {error} Fix: correct the chart, or the values given for it.") from error


def _archive(release: dict, params: dict, mode: Mode) -> _Archive:
    """The archive in the folder, fetched where it lacks or is another one."""
    source = chart_source.Source(release["chart"], release["repository"], release["version"])
    wanted = params["checksums"].get(_key(release)) or ""
    path = os.path.join(params["folder"], source.file_name)
    before = _sha256(path)
    if before and before == wanted:
        return _Archive(path, before, before)
    if mode.check:
        return _Archive("", "", "")
    try:
        os.makedirs(params["folder"], exist_ok=True)
        return fetched(source, params["folder"], wanted, params["binary_path"])
    except (OSError, chart_source.ChartError) as error:
        raise WorkError(
            f"Release {release['name']}: chart '{release['chart']}' {release['version']} cannot be had from '{source.address}': "
            f"{error}. Nothing of it was kept. Fix: check the repository's address and the version."
        ) from error


def fetched(source: chart_source.Source, folder: str, wanted: str, binary: str) -> _Archive:
    """Put the archive into the folder, once it has the checksums that the repository's index and the caller know."""
    # Beside its place, so that the last step is a rename.
    work = tempfile.mkdtemp(dir=folder, prefix=".")
    try:
        archive = _pulled(source, work, binary)
        found = _sha256(archive)
        for who, known in (("the repository's index", source.index_checksum()), ("checksums", wanted)):
            if known and known != found:
                raise chart_source.ChartError(f"its SHA-256 is {found}, {who} says {known}")
        path = os.path.join(folder, os.path.basename(archive))
        before = _sha256(path)
        if found != before:
            os.replace(archive, path)
        return _Archive(path, found, before)
    finally:
        shutil.rmtree(work)


def _pulled(source: chart_source.Source, folder: str, binary: str) -> str:
    """Path of the archive that Helm puts into an empty folder."""
    if source.path:
        return shutil.copy(source.path, folder)
    code, _printed, said = program.run(program.path_of(binary), ["pull", "--destination", folder, *source.arguments])
    if code != 0:
        raise chart_source.ChartError(said.strip())
    return glob.glob(os.path.join(glob.escape(folder), "*.tgz"))[0]


def _sha256(path: str) -> str:
    """The checksum of a file, "" where there is none."""
    if not os.path.exists(path):
        return ""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            found.update(block)
    return found.hexdigest()
