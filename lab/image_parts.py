"""Container images: programs from the other parts, with the few files a program without a distribution needs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import versions
from docker_archive import Content, layer_from_files, layer_from_tree, write_archive
from engine import Context, Part

LAB = Path(__file__).parent
SHELL_TOOLS = (
    *("cat", "chmod", "date", "dd", "echo", "env", "false", "id", "ls", "mkdir"),
    *("nc", "rm", "rmdir", "seq", "sh", "sleep", "touch", "true", "wget"),
)
USERS = {"root": 0, "nobody": 65534, "grafana": 472, "loki": 10001}


@dataclass
class Image:
    """``programs`` maps a path in the image to part and file; ``trees`` a folder in the image to part and folder."""

    name: str
    programs: dict[str, tuple[str, str]]
    entrypoint: list[str]
    user: str = "0"
    env: list[str] = field(default_factory=list)
    trees: dict[str, tuple[str, str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    @property
    def needs(self) -> set[str]:
        return {part for part, _path in [*self.programs.values(), *self.trees.values()]}

    def config(self) -> dict[str, object]:
        paths = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"Entrypoint": self.entrypoint, "User": self.user, "Env": [f"PATH={paths}", *self.env]}


CONTROL_PLANE = [
    *(
        Image(
            f"registry.k8s.io/{program}:{versions.KUBERNETES}",
            {f"usr/local/bin/{program}": ("kubernetes", program)},
            [f"/usr/local/bin/{program}"],
        )
        for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    ),
    Image(
        f"registry.k8s.io/kube-proxy:{versions.KUBERNETES}",
        {"usr/local/bin/kube-proxy": ("kubernetes", "kube-proxy")},
        ["/usr/local/bin/kube-proxy"],
        trees={"": ("kube-proxy-root", "rootfs")},
    ),
    Image(f"registry.k8s.io/etcd:{versions.ETCD}", {"usr/local/bin/etcd": ("etcd", "etcd")}, ["/usr/local/bin/etcd"]),
    Image(
        f"registry.k8s.io/coredns/coredns:{versions.COREDNS}",
        {"coredns": ("coredns", "coredns")},
        ["/coredns"],
        user="65532",
    ),
    Image(f"registry.k8s.io/pause:{versions.PAUSE}", {"pause": ("pause", "pause")}, ["/pause"], user="65535"),
]

# What only kube-prometheus-stack runs.
OPERATOR = [
    Image(
        f"quay.io/prometheus-operator/prometheus-operator:{versions.PROMETHEUS_OPERATOR}",
        {"bin/operator": ("prometheus-operator", "operator")},
        ["/bin/operator"],
        user="nobody",
    ),
    Image(
        f"quay.io/prometheus-operator/prometheus-config-reloader:{versions.PROMETHEUS_OPERATOR}",
        {"bin/prometheus-config-reloader": ("prometheus-operator", "prometheus-config-reloader")},
        ["/bin/prometheus-config-reloader"],
        user="nobody",
    ),
]

STACK = [
    *OPERATOR,
    Image(
        f"quay.io/prometheus/prometheus:v{versions.PROMETHEUS}",
        {"bin/prometheus": ("prometheus", "prometheus"), "bin/promtool": ("prometheus", "promtool")},
        ["/bin/prometheus"],
        user="nobody",
        folders=["prometheus"],
    ),
    Image(
        f"docker.io/grafana/grafana:{versions.GRAFANA}",
        {"usr/share/grafana/bin/grafana": ("grafana", "grafana")},
        # The file is read only where it is named; the upstream image names it too.
        [
            "/usr/share/grafana/bin/grafana",
            "server",
            "--homepath=/usr/share/grafana",
            "--config=/etc/grafana/grafana.ini",
        ],
        user="472",
        env=[
            "GF_PATHS_DATA=/var/lib/grafana",
            "GF_PATHS_LOGS=/var/log/grafana",
            "GF_PATHS_PLUGINS=/var/lib/grafana/plugins",
            "GF_PATHS_PROVISIONING=/etc/grafana/provisioning",
            "GF_PATHS_CONFIG=/etc/grafana/grafana.ini",
        ],
        trees={"usr/share/grafana": ("grafana", "home")},
        folders=["var/lib/grafana", "var/log/grafana", "etc/grafana/provisioning"],
    ),
    Image(
        f"docker.io/grafana/loki:{versions.LOKI}",
        {"usr/bin/loki": ("loki", "loki")},
        ["/usr/bin/loki"],
        user="10001",
        folders=["loki", "etc/loki"],
    ),
    Image(
        f"docker.io/grafana/promtail:{versions.LOKI}", {"usr/bin/promtail": ("loki", "promtail")}, ["/usr/bin/promtail"]
    ),
    Image(
        f"docker.io/library/busybox:{versions.BUSYBOX}",
        {"bin/busybox": ("busybox", "bin/busybox")},
        [],
        links={f"bin/{tool}": "busybox" for tool in SHELL_TOOLS},
    ),
    Image(
        versions.PYTHON_IMAGE,
        {"usr/bin/busybox": ("busybox", "bin/busybox")},
        ["/usr/bin/python3"],
        trees={"": ("python", "rootfs")},
        links={"bin": "usr/bin"} | {f"usr/bin/{tool}": "busybox" for tool in SHELL_TOOLS},
    ),
    *(
        Image(
            "{}/{}:{}".format(*versions.SENSOR_IMAGE, falco),
            {"usr/bin/falco": ("sensor", "sensor"), "bin/busybox": ("busybox", "bin/busybox")},
            [],
            links={"bin/sh": "busybox"},
            env=[f"SENSOR_FALCO_VERSION={falco}"],
            trees={"etc/falco": ("sensor", "etc")},
        )
        for falco in versions.PLAYED_FALCO
    ),
    Image(
        "{}/{}:{}".format(*versions.EXPORTER_IMAGE),
        {"usr/bin/falco-exporter": ("exporter", "exporter")},
        [],
    ),
    Image(
        "{}/{}:{}".format(*versions.RECEIVER_IMAGE),
        {"falcosidekick": ("receiver", "receiver")},
        ["/falcosidekick"],
        user="1234",
    ),
]


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
        inputs=[Path(__file__), LAB / "docker_archive.py"],
        facts=[repr(images)],
        needs=sorted(set().union(*(image.needs for image in images))),
    )


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


def image_parts() -> list[Part]:
    return [pause(), node_root(), node_image(), kube_proxy_root(), control_plane_images(), stack_images()]
