"""Small images, and the way of an archive into a registry."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "lab"))
import docker_archive

LAYER_BYTES = 1 << 20


def make(folder: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """An archive for each name, with an image of two layers that no compression makes small."""
    archives = {}
    for name in names:
        layers = []
        for number in (1, 2):
            layer = folder / f"{name}-{number}.layer"
            docker_archive.layer_from_files({f"{name}/{number}": (os.urandom(LAYER_BYTES), 0o644)}, layer)
            layers.append(layer)
        archives[name] = folder / f"{name}.image"
        docker_archive.write_archive(archives[name], {f"docker.io/images/{name}:1": (layers, {"Cmd": ["/one"]})})
    return archives


def push(archive: Path, reference: str, environment: Mapping[str, str], name: str = "") -> None:
    """Puts an archive's image into a registry."""
    source = f"docker-archive:{archive}" + (f":{name}" if name else "")
    subprocess.run(
        ["skopeo", "copy", "--quiet", source, f"docker://{reference}"],
        env=environment,
        check=True,
        capture_output=True,
    )
