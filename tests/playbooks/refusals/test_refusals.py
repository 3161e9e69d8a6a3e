"""Wrong input ends the run with the variable, its value, what is expected and the fix, before the first change."""

from __future__ import annotations

import shutil

import pytest

from playbooks.output import one_line

CASES = {
    "unknown driver": (
        ["-e", "falco_ebpf_driver=gvisor"],
        "falco_ebpf_driver: invalid value ('gvisor'). Expected one of auto, modern_ebpf, kmod, ebpf. Fix: set it to, for example, 'auto'.",
    ),
    "too little memory": (
        ["-e", "minikube_memory=512m"],
        "memory: out of range (512 MiB). Expected 1800 (minikube's minimum) to",
    ),
    "memory that is none": (
        ["-e", "minikube_memory=plenty"],
        "minikube_memory: invalid value ('plenty'). Expected a whole number of MiB, or one with the unit m or g. Fix: set it to, for example, '6g'.",
    ),
    "issuer without a name": (
        ["-e", '{"falco_ebpf_certificate_issuer": {"kind": "ClusterIssuer"}}'],
        "Expected {name, kind, group}, of which kind and group may be missing, or {}.",
    ),
    "namespace with capitals": (
        ["-e", "falco_ebpf_namespace=Falco"],
        "falco_ebpf_namespace: invalid value ('Falco'). Expected a DNS-1123 label",
    ),
    "shared namespace with capitals": (
        ["-e", "runtime_security_namespace=Monitoring"],
        "metrics_stack_namespace: invalid value ('Monitoring'). Expected a DNS-1123 label",
    ),
    "cluster that is not there": (
        ["-e", "runtime_security_cluster=existing", "-e", "runtime_security_context=nowhere"],
        "kubeconfig: it leads to no cluster (",
    ),
    "dashboard that is not there": (
        ["-e", '{"grafana_wiring_dashboards": ["nowhere.json"]}'],
        "grafana_wiring_dashboards has the dashboard 'nowhere.json', which cannot be used: there is no such file",
    ),
    "dashboard from an address that anybody can speak for": (
        ["-e", '{"grafana_wiring_dashboards": ["http://127.0.0.1:1/a.json"]}'],
        "is not an https address. Use https, or http with a checksum.",
    ),
    "gRPC in the variant that has none": (
        ["-e", '{"falco_ebpf_values": {"falco": {"grpc": {"enabled": true}}}}'],
        "falco_ebpf_values: keys that variant current refuses (not shown). Expected values without falco.grpc (Falco 0.44 has no gRPC server; its events"
        " go by falco.http_output to the receiver, which the role sets up).",
    ),
    "buffer of no size": (
        ["-e", "falco_ebpf_buffer_preset=11"],
        "falco_ebpf_buffer_preset: invalid value ('11'). Expected a number from 1 to 10",
    ),
}


@pytest.fixture
def nowhere(tmp_path):
    """Inputs that lead to a machine without a cluster."""
    return [
        "-e",
        f"minikube_home={tmp_path}/minikube",
        "-e",
        f"runtime_security_kubeconfig={tmp_path}/kubeconfig",
        "-e",
        "minikube_profile=runtime-security-refused",
    ]


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_is_refused_before_anything_changes(case, playbook, bundle, nowhere, tmp_path):
    arguments, message = CASES[case]
    done = playbook("site.yml", "-e", f"@{bundle}/bundle.yml", *nowhere, *arguments)
    assert done.returncode != 0
    assert message in one_line(done.stdout)
    assert "changed=0" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["site", "teardown", "rotate_certificates", "verify"])
def test_a_cluster_of_neither_kind_is_refused(name, playbook, nowhere):
    """It would be the current context's, whatever that is."""
    done = playbook(f"playbooks/{name}.yml", *nowhere, "-e", "runtime_security_cluster=Minikube")
    assert done.returncode != 0
    assert "runtime_security_cluster: invalid value ('Minikube'). Expected one of minikube, existing" in one_line(
        done.stdout
    )
    assert "changed=0" in done.stdout


def test_one_flipped_byte_is_named(playbook, bundle, nowhere, tmp_path):
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy, copy_function=lambda source, target: shutil.os.link(source, target))
    chart = next((copy / "charts").glob("loki-*.tgz"))
    content = bytearray(chart.read_bytes())
    content[len(content) // 2] ^= 1
    # A hard link would change the bundle itself.
    chart.unlink()
    chart.write_bytes(bytes(content))

    done = playbook("site.yml", "-e", f"@{copy}/bundle.yml", "-e", f"runtime_security_bundle={copy}", *nowhere)
    assert done.returncode != 0
    assert f"charts/{chart.name}: SHA-256 is" in one_line(done.stdout)
    assert "changed=0" in done.stdout
    assert [entry.name for entry in tmp_path.iterdir()] == ["bundle"]
