"""Container images: which programs of the other parts each has, with the few files a program without a distribution needs."""

from __future__ import annotations

from dataclasses import dataclass, field

import versions

SHELL_TOOLS = (
    *("cat", "chmod", "date", "dd", "echo", "env", "false", "id", "ls", "mkdir"),
    *("nc", "rm", "rmdir", "seq", "sh", "sleep", "touch", "true", "wget"),
)


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
        f"docker.io/otel/opentelemetry-collector-k8s:{versions.OTELCOL}",
        {"otelcol-k8s": ("otelcol", "otelcol-k8s")},
        ["/otelcol-k8s"],
        user="10001",
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
