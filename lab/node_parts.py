"""The node of the cluster: its file system, the image that minikube starts it from, and what two images take from it."""

from __future__ import annotations

from pathlib import Path

import versions
from docker_archive import layer_from_tree, write_archive
from engine import Context, Part

LAB = Path(__file__).parent


def pause() -> Part:
    source = LAB / "pause" / "pause.c"
    command = ["gcc", "-Os", "-static", "-s", "-Wall", "-Werror"]
    return Part(
        "pause",
        lambda context: context.run([*command, "-o", context.output / "pause", source]),
        inputs=[source],
        facts=command,
    )


def node_root() -> Part:
    def make(context: Context) -> None:
        programs = [context.needed[part] / part for part in parts]
        context.run([LAB / "node" / "rootfs.sh", context.output / "rootfs", *programs])

    parts = ["crictl", "runc-shim", "local-path-provisioner"]
    return Part("node-root", make, inputs=[LAB / "node"], facts=parts, needs=parts)


def node_image() -> Part:
    """The image minikube's docker driver starts the node from; its settings are kicbase's (deploy/kicbase/Dockerfile)."""
    config = {
        "Entrypoint": ["/usr/local/bin/entrypoint", "/sbin/init"],
        "Env": ["container=docker", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "StopSignal": "SIGRTMIN+3",
        "ExposedPorts": {"22/tcp": {}},
    }

    def make(context: Context) -> None:
        layer = context.output / "layer"
        layer_from_tree(context.needed["node-root"] / "rootfs", layer)
        write_archive(context.output / "node.tar", {versions.NODE_IMAGE: ([layer], config)})
        layer.unlink()

    return Part(
        "node-image",
        make,
        inputs=[LAB / "docker_archive.py"],
        facts=[versions.NODE_IMAGE, repr(config)],
        needs=["node-root"],
    )


def kube_proxy_root() -> Part:
    script = LAB / "node" / "kube_proxy_rootfs.sh"
    return Part(
        "kube-proxy-root",
        lambda context: context.run([script, context.needed["node-root"] / "rootfs", context.output / "rootfs"]),
        inputs=[script],
        needs=["node-root"],
    )


def node_parts() -> list[Part]:
    return [pause(), node_root(), node_image(), kube_proxy_root()]
