"""Container images as archives, from the programs of the other parts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from docker_archive import Content, layer_from_files, layer_from_tree, write_archive
from engine import Context, Part
from images import CONTROL_PLANE, STACK, Image

LAB = Path(__file__).parent
USERS = {"root": 0, "nobody": 65534, "grafana": 472, "loki": 10001}


def shared_libraries(program: Path) -> list[Path]:
    """The libraries a program loads, by the loader's own list; none for a static one."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", listed.stdout)]


def image_files(image: Image, needed: dict[str, Path]) -> dict[str, tuple[Content, int]]:
    """Paths of the image with their content and mode. Later entries override earlier ones: programs override trees."""
    users = "".join(f"{name}:x:{number}:{number}::/:/bin/false\n" for name, number in USERS.items())
    groups = "".join(f"{name}:x:{number}:\n" for name, number in USERS.items())
    files: dict[str, tuple[Content, int]] = {
        "etc/passwd": (users.encode(), 0o644),
        "etc/group": (groups.encode(), 0o644),
        "etc/nsswitch.conf": (b"hosts: files dns\n", 0o644),
        "etc/ssl/certs/ca-certificates.crt": (Path("/etc/ssl/certs/ca-certificates.crt"), 0o644),
        "tmp": (None, 0o1777),
    }
    files |= {folder: (None, 0o777) for folder in image.folders}
    files |= {link: (target, 0o777) for link, target in image.links.items()}
    for target, (part, folder) in image.trees.items():
        if target:
            root = needed[part] / folder
            files |= {f"{target}/{path.relative_to(root)}": (path, 0o644) for path in root.rglob("*") if path.is_file()}
    for target, (part, file) in image.programs.items():
        program = needed[part] / file
        files[target] = (program, 0o755)
        files |= {str(library): (library, 0o755) for library in shared_libraries(program)}
    return files


def write_image(image: Image, context: Context, output: Path) -> tuple[str, list[Path], dict[str, object]]:
    layers = []
    for number, (target, (part, folder)) in enumerate(image.trees.items()):
        if not target:
            layers.append(output.with_suffix(f".tree{number}"))
            layer_from_tree(context.needed[part] / folder, layers[-1])
    layers.append(output.with_suffix(".files"))
    layer_from_files(image_files(image, context.needed), layers[-1])
    return image.name, layers, image.config()


def control_plane_images() -> Part:
    """One archive an image, named as minikube's cache wants it (pkg/minikube/image, cache_images.go)."""

    def make(context: Context) -> None:
        for image in CONTROL_PLANE:
            archive = context.output / image.name.replace(":", "_")
            archive.parent.mkdir(parents=True, exist_ok=True)
            name, layers, config = write_image(image, context, archive)
            write_archive(archive, {name: (layers, config)})
            for layer in layers:
                layer.unlink()

    return image_part("control-plane-images", make, CONTROL_PLANE)


def stack_images() -> Part:
    """One archive an image of the charts, named as in a bundle of playbooks/bundle.yml."""

    def make(context: Context) -> None:
        for image in STACK:
            archive = context.output / archive_name(image.name)
            name, layers, config = write_image(image, context, archive)
            write_archive(archive, {name: (layers, config)})
            for layer in layers:
                layer.unlink()

    return image_part("stack-images", make, STACK)


def archive_name(image: str) -> str:
    return re.sub("[/:]", "_", image) + ".tar"


def image_part(name: str, make: Callable[[Context], None], images: list[Image]) -> Part:
    return Part(
        name,
        make,
        inputs=[Path(__file__), LAB / "images.py", LAB / "docker_archive.py"],
        facts=[repr(images)],
        needs=sorted(set().union(*(image.needs for image in images))),
    )


def image_parts() -> list[Part]:
    return [control_plane_images(), stack_images()]
