"""Programs that are built from Go modules."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import versions
from engine import Context, Part

GO = Path(__file__).parent / "go"
# These modules are served, but the checksum database does not know them; the go.sum files here pin them all the same.
NOT_IN_CHECKSUM_DATABASE = "sigs.k8s.io/cri-tools,github.com/grafana/*"


def go_environment(cgo: bool) -> dict[str, str]:
    return os.environ | {
        "CGO_ENABLED": "1" if cgo else "0",
        # Debug information is a seventh of the compiler's work, and -s -w drops it in the end.
        "GOFLAGS": "-buildvcs=false -gcflags=all=-dwarf=false",
        # A fuller memory before the compiler collects its garbage saves a tenth of its work.
        "GOGC": "400",
        "GONOSUMDB": NOT_IN_CHECKSUM_DATABASE,
        "GOTOOLCHAIN": "local",
    }


def go_part(
    name: str,
    packages: list[str],
    *,
    program: str = "",
    defines: tuple[str, ...] = (),
    tags: str = "",
    cgo: bool = False,
) -> Part:
    """A part that builds packages of the module in go/<name> into one program each, named as Go does or as given."""
    source = GO / name
    command = [
        "go",
        "build",
        "-mod=readonly",
        "-trimpath",
        "-ldflags",
        " ".join(["-s", "-w", *(f"-X {d}" for d in defines)]),
    ]
    command += ["-tags", tags] if tags else []

    def make(context: Context) -> None:
        context.run([*command, "-o", f"{context.output}/{program}", *packages], cwd=source, env=go_environment(cgo))

    return Part(name, make, inputs=[source], facts=[*command, program, *packages, f"cgo={cgo}"])


def kubernetes() -> Part:
    package = "k8s.io/component-base/version"
    minor = versions.KUBERNETES.split(".")[1]
    programs = [
        "kubeadm",
        "kubelet",
        "kubectl",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
    ]
    return go_part(
        "kubernetes",
        [f"k8s.io/kubernetes/cmd/{program}" for program in programs],
        defines=(
            f"{package}.gitVersion={versions.KUBERNETES}",
            f"{package}.gitMajor=1",
            f"{package}.gitMinor={minor}",
            f"{package}.gitTreeState=clean",
            f"k8s.io/client-go/pkg/version.gitVersion={versions.KUBERNETES}",
        ),
    )


def minikube() -> Part:
    package = "k8s.io/minikube/pkg/version"
    return go_part(
        "minikube",
        ["k8s.io/minikube/cmd/minikube"],
        defines=(f"{package}.version={versions.MINIKUBE}", f"{package}.isoVersion={versions.MINIKUBE_ISO}"),
        # Without CGO the kvm driver's package does not compile.
        tags="libvirt_dlopen",
        cgo=True,
    )


def grafana() -> Part:
    """Grafana's server: its module lacks one generated file, which wire makes again inside a vendor folder."""
    source = GO / "grafana"
    package = "github.com/grafana/grafana/pkg/server"

    def make(context: Context) -> None:
        work = context.output / "work"
        shutil.copytree(source, work)
        environment = go_environment(cgo=True)
        # -e: a test of a dependency imports a module that is not served; nothing that is built needs it.
        context.run(["go", "mod", "vendor", "-e"], cwd=work, env=environment)
        context.run(
            ["go", "install", f"github.com/google/wire/cmd/wire@{versions.WIRE}"],
            env=environment | {"GOBIN": str(work)},
        )
        generate = f"GOFLAGS=-mod=vendor ./wire diff -tags oss {package} > wire.diff; test $? -eq 1"
        context.run(["sh", "-c", generate], cwd=work, env=environment)
        added = [
            line[1:] for line in (work / "wire.diff").read_text(encoding="utf-8").splitlines() if line.startswith("+")
        ]
        (work / "vendor" / package / "wire_gen.go").write_text("\n".join(added) + "\n", encoding="utf-8")
        defines = f"-s -w -X main.version={versions.GRAFANA} -X main.buildBranch=main -X main.buildstamp=1686330000"
        build = ["go", "build", "-mod=vendor", "-tags", "oss", "-trimpath", "-ldflags", defines]
        context.run(
            [*build, "-o", context.output / "grafana", "github.com/grafana/grafana/pkg/cmd/grafana"],
            cwd=work,
            env=environment,
        )
        listed = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "github.com/grafana/grafana"]
        module = subprocess.run(
            listed, cwd=source, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()
        home_of_grafana(Path(module), context.output / "home")
        shutil.rmtree(work)

    return Part("grafana", make, inputs=[source], facts=[versions.GRAFANA, versions.WIRE])


def home_of_grafana(module: Path, home: Path) -> None:
    """The files a server without browser pages reads at run time."""
    public = module / "public"
    files = [*(public / "app" / "plugins").rglob("plugin.json")]
    for folder in (module / "conf", public / "dashboards", public / "emails", public / "views"):
        files += [path for path in folder.rglob("*") if path.is_file()]
    for file in files:
        target = home / file.relative_to(module)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not with its mode: the module cache is read-only.
        shutil.copyfile(file, target)


def prometheus_operator() -> Part:
    """The operator, the reloader it puts beside each Prometheus, and the definitions of its kinds."""
    source = GO / "prometheus-operator"
    module = "github.com/prometheus-operator/prometheus-operator"
    build = ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w"]
    programs = [f"{module}/cmd/{program}" for program in ("operator", "prometheus-config-reloader")]

    def make(context: Context) -> None:
        environment = go_environment(cgo=False)
        context.run([*build, "-o", f"{context.output}/", *programs], cwd=source, env=environment)
        listed = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module]
        folder = subprocess.run(listed, cwd=source, env=environment, check=True, capture_output=True, text=True).stdout
        (context.output / "crds").mkdir()
        for file in Path(folder.strip(), "example", "prometheus-operator-crd").glob("*.yaml"):
            # Not with its mode: the module cache is read-only.
            shutil.copyfile(file, context.output / "crds" / file.name)

    return Part("prometheus-operator", make, inputs=[source], facts=[*build, *programs])


def cert_manager() -> Part:
    """cert-manager's controllers, started by a main of the lab's own, and the definitions of its kinds."""
    source = GO / "cert-manager"
    build = ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w"]

    def make(context: Context) -> None:
        environment = go_environment(cgo=False)
        context.run([*build, "-o", context.output / "cert-manager", "."], cwd=source, env=environment)
        copy_definitions(source, "github.com/cert-manager/cert-manager", ("deploy", "crds"), context.output)

    return Part("cert-manager", make, inputs=[source], facts=build)


def copy_definitions(source: Path, module: str, folder: tuple[str, ...], output: Path) -> None:
    """The definitions of kinds in a folder of a module that source needs."""
    listed = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module]
    done = subprocess.run(listed, cwd=source, env=go_environment(cgo=False), check=True, capture_output=True, text=True)
    (output / "crds").mkdir()
    for file in Path(done.stdout.strip(), *folder).glob("*.yaml"):
        # Not with its mode: the module cache is read-only.
        shutil.copyfile(file, output / "crds" / file.name)


def sensor() -> Part:
    """The stand-in for Falco has a build of its own, which makes the eBPF object first."""
    source = GO / "sensor"

    def make(context: Context) -> None:
        context.run([source / "build.sh", context.output / "sensor"], cwd=source, env=go_environment(cgo=False))
        shutil.copytree(source / "etc", context.output / "etc")

    return Part("sensor", make, inputs=[source])


def go_parts() -> list[Part]:
    return [
        kubernetes(),
        minikube(),
        go_part(
            "crictl",
            ["sigs.k8s.io/cri-tools/cmd/crictl"],
            defines=(f"sigs.k8s.io/cri-tools/pkg/version.Version={versions.CRI_TOOLS}",),
        ),
        go_part("etcd", ["go.etcd.io/etcd/server/v3"], program="etcd"),
        go_part("coredns", ["github.com/coredns/coredns"]),
        go_part(
            "loki",
            ["github.com/grafana/loki/v3/cmd/loki", "github.com/grafana/loki/v3/clients/cmd/promtail"],
            defines=(f"github.com/grafana/loki/v3/pkg/util/build.Version={versions.LOKI}",),
        ),
        go_part("otelcol", ["."], program="otelcol-k8s", defines=(f"main.version={versions.OTELCOL}",)),
        grafana(),
        go_part(
            "prometheus",
            ["github.com/prometheus/prometheus/cmd/prometheus", "github.com/prometheus/prometheus/cmd/promtool"],
            defines=(f"github.com/prometheus/common/version.Version={versions.PROMETHEUS}",),
            # Of its many service discoveries the one the charts use; the others double the build.
            tags="remove_all_sd,enable_kubernetes_sd",
        ),
        prometheus_operator(),
        go_part("runc-shim", ["."]),
        go_part("local-path-provisioner", ["github.com/rancher/local-path-provisioner"]),
        sensor(),
        go_part("receiver", ["."], program="receiver"),
        go_part("exporter", ["."], program="exporter"),
        # Not in the bundle: `make loki-replicas` alone needs it.
        go_part("versitygw", ["github.com/versity/versitygw/cmd/versitygw"]),
        # Nor this one: `make policies`.
        go_part("network-policies", ["sigs.k8s.io/kube-network-policies/cmd"], program="engine"),
        # Nor this one: `make cert-manager`.
        cert_manager(),
    ]
