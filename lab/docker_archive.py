"""Container images without a container engine.

Writes the format of ``docker save``, which ``docker load``, ``ctr image import`` and
minikube's image cache read. The same input gives the same bytes: entries are sorted,
times are fixed, and owners are given or taken from the tree, never from the caller.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import stat
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

# 2020-01-01. Not 0: some programs take the year 1970 for "no date".
TIMESTAMP = 1577836800
CREATED = "2020-01-01T00:00:00Z"

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

Owner = tuple[int, int]
# What a path of an image is: a file on this machine, bytes, a link's target, or (None) a folder.
Content = Path | bytes | str | None


def layer_from_files(
    files: Mapping[str, tuple[Content, int]],
    output: Path,
    owners: Mapping[str, Owner] | None = None,
) -> None:
    """Write a layer of the given paths, each with its content and mode.

    Folders above a path are added with mode 0755. ``owners`` maps a path to the user and
    group id of it and of all below it; everything else belongs to root.
    """
    entries: dict[str, tuple[Content, int]] = {}
    for name, entry in files.items():
        path = name.strip("/")
        for parent in _parents(path):
            entries.setdefault(parent, (None, 0o755))
        entries[path] = entry
    with _open_layer(output) as layer:
        for path in sorted(entries):
            content, mode = entries[path]
            info = _new_info(path, mode, _owner(path, owners or {}, (0, 0)))
            if content is None:
                info.type = tarfile.DIRTYPE
                layer.addfile(info)
            elif isinstance(content, str):
                info.type = tarfile.SYMTYPE
                info.linkname = content
                layer.addfile(info)
            elif isinstance(content, bytes):
                info.size = len(content)
                layer.addfile(info, io.BytesIO(content))
            else:
                _add_file(layer, info, content)


def layer_from_tree(tree: Path, output: Path, owners: Mapping[str, Owner] | None = None) -> None:
    """Write a layer of a folder's content, with its modes, links and owners.

    ``owners`` maps a path to the user and group id of it and of all below it ("" is the
    whole tree). Devices and sockets are excluded: the container runtime creates them.
    """
    linked: dict[tuple[int, int], str] = {}
    with _open_layer(output) as layer:
        for path in _walk(tree):
            source = tree / path
            status = source.lstat()
            owner = _owner(path, owners or {}, (status.st_uid, status.st_gid))
            info = _new_info(path, stat.S_IMODE(status.st_mode), owner)
            if stat.S_ISDIR(status.st_mode):
                info.type = tarfile.DIRTYPE
                layer.addfile(info)
            elif stat.S_ISLNK(status.st_mode):
                info.type = tarfile.SYMTYPE
                info.linkname = os.readlink(source)
                layer.addfile(info)
            elif stat.S_ISREG(status.st_mode):
                inode = (status.st_dev, status.st_ino)
                if inode in linked:
                    info.type = tarfile.LNKTYPE
                    info.linkname = linked[inode]
                    layer.addfile(info)
                    continue
                if status.st_nlink > 1:
                    linked[inode] = path
                _add_file(layer, info, source)


Image = tuple[list[Path], Mapping[str, object]]


def write_archive(output: Path, images: Mapping[str, Image]) -> None:
    """Write images, by name and tag, each of its layers (lowest first) and its configuration.

    The configuration holds what a container of it starts with: Entrypoint, Cmd, Env, User,
    WorkingDir, ExposedPorts, StopSignal.
    """
    manifest = []
    files: dict[str, bytes | Path] = {}
    for repo_tag, (layers, config) in images.items():
        diff_ids = [_sha256(layer) for layer in layers]
        description = _json(
            {
                "architecture": ARCHITECTURES[platform.machine()],
                "os": "linux",
                "created": CREATED,
                "config": config,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{d}" for d in diff_ids]},
                "history": [{"created": CREATED} for _ in layers],
            }
        )
        name = f"{hashlib.sha256(description).hexdigest()}.json"
        files[name] = description
        # A layer that occurs twice is one file in the archive.
        files |= {f"{d}.tar": layer for d, layer in zip(diff_ids, layers)}
        manifest.append({"Config": name, "RepoTags": [repo_tag], "Layers": [f"{d}.tar" for d in diff_ids]})

    # Whoever looks for the archive sees all of it or none.
    partial = output.with_name(output.name + ".partial")
    with tarfile.open(partial, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in {"manifest.json": _json(manifest), **files}.items():
            info = _new_info(name, 0o644, (0, 0))
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                _add_file(archive, info, content)
    partial.replace(output)


def _open_layer(output: Path) -> tarfile.TarFile:
    return tarfile.open(output, "w", format=tarfile.PAX_FORMAT)


def _new_info(path: str, mode: int, owner: Owner) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.mode = mode
    info.mtime = TIMESTAMP
    info.uid, info.gid = owner
    return info


def _add_file(archive: tarfile.TarFile, info: tarfile.TarInfo, source: Path) -> None:
    with source.open("rb") as content:
        info.size = os.fstat(content.fileno()).st_size
        archive.addfile(info, content)


def _owner(path: str, owners: Mapping[str, Owner], otherwise: Owner) -> Owner:
    for candidate in [path, *reversed(_parents(path)), ""]:
        for key in (candidate, f"/{candidate}"):
            if key in owners:
                return owners[key]
    return otherwise


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _walk(tree: Path) -> Iterator[str]:
    """Paths below the tree, a folder before what is in it."""
    for entry in sorted(os.scandir(tree), key=lambda entry: entry.name):
        yield entry.name
        if entry.is_dir(follow_symlinks=False):
            for below in _walk(Path(entry.path)):
                yield f"{entry.name}/{below}"


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
