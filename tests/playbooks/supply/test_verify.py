"""One byte that is not what it was, and the run ends before its first change and says where."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

# One file of each kind.
FILES = {
    "chart": "charts/loki-18.11.0.tgz",
    "image": "images/docker.io_grafana_loki_3.6.3.tar",
    "program": "bin/helm",
    "program of the node": "cache/linux/amd64/v1.35.1/kubelet",
    "image of the node": "cache/images/amd64/registry.k8s.io/pause_3.10.1",
    "base image": "node.tar",
}
SUMS = "SHA256SUMS"


def write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def bundle(tmp_path):
    """A bundle of small files. Nothing of it is ever used: it has to be refused first."""
    folder = tmp_path / "bundle"
    for name in FILES.values():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
    (folder / "bundle.yml").write_text(
        f'---\n# A comment.\nruntime_security_bundle: "{folder}"\n'
        'minikube_binary: "{{ runtime_security_bundle }}/bin/minikube"\nminikube_driver: docker\n',
        encoding="utf-8",
    )
    write_sums(folder)
    return folder


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(bytes(content))


def spoil_file(name):
    return lambda folder: flip(folder / name, (folder / name).stat().st_size // 2)


def spoil_text(name, text):
    """Flips the last bit of the first letter of a text."""
    return lambda folder: flip(folder / name, (folder / name).read_bytes().index(text.encode()))


def spoil_digest(folder):
    """A digit with its last bit flipped is a digit; a letter might be none that a digest has."""
    flip(folder / SUMS, re.search(rb"[0-9]", (folder / SUMS).read_bytes()).start())


def drop_line(folder):
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / SUMS).write_text("".join(line for line in lines if FILES["chart"] not in line), encoding="utf-8")


def add_file(folder):
    (folder / "cache" / "images" / "amd64" / "registry.k8s.io" / "etcd_3.6.5-0").write_bytes(b"one more")


def link_folder(folder):
    (folder / "charts" / "more").symlink_to("/etc")


CASES = {
    **{kind: (spoil_file(name), f"{name}: SHA-256 is") for kind, name in FILES.items()},
    "comment of the variables": (spoil_text("bundle.yml", "comment"), "bundle.yml: SHA-256 is"),
    "value of the variables": (spoil_text("bundle.yml", "docker"), "bundle.yml: SHA-256 is"),
    "digest in the list": (spoil_digest, "bin/helm: SHA-256 is"),
    "name in the list": (spoil_text(SUMS, "loki"), f"{FILES['chart']}: {SUMS} does not know it"),
    "file that the list lacks": (drop_line, f"{FILES['chart']}: {SUMS} does not know it"),
    "file too many": (add_file, "cache/images/amd64/registry.k8s.io/etcd_3.6.5-0: SHA256SUMS does not know it"),
    "file too few": (lambda folder: (folder / "node.tar").unlink(), "node.tar: No such file"),
    "folder linked to another place": (link_folder, f"charts/more: {SUMS} does not know it"),
    "no list": (lambda folder: (folder / SUMS).unlink(), "cannot be verified"),
}


def test_a_whole_bundle_passes(bundle, module):
    answer = module("bundle_verify", path=str(bundle))
    assert (answer["changed"], answer["files"]) == (False, len(FILES) + 1)


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_named(case, bundle, module):
    spoil, message = CASES[case]
    spoil(bundle)
    answer = module("bundle_verify", path=str(bundle))
    assert answer["failed"]
    assert message in answer["msg"]


# What site.yml does with a bundle that fails is the same for all of them, but not where Ansible reads the variables first.
RUNS = {
    "chart": CASES["chart"],
    "value of the variables": CASES["value of the variables"],
    "name of the folder's variable": (spoil_text("bundle.yml", "untime_security_bundle"), "runtime_security_bundle"),
    "folder in the variables": (spoil_text("bundle.yml", '/bundle"'), "cannot be verified"),
    "quote in the variables": (spoil_text("bundle.yml", '"'), "runtime_security_bundle"),
}


@pytest.mark.parametrize("case", RUNS)
def test_a_run_ends_before_its_first_change(case, bundle, playbook, tmp_path):
    spoil, message = RUNS[case]
    spoil(bundle)
    home, kubeconfig = tmp_path / "minikube", tmp_path / "kubeconfig"
    done = playbook(
        "site.yml",
        "-e",
        f"@{bundle}/bundle.yml",
        *("-e", f"minikube_home={home}", "-e", f"runtime_security_kubeconfig={kubeconfig}"),
        *("-e", "minikube_profile=runtime-security-refused"),
    )
    assert done.returncode != 0
    assert message in " ".join(done.stdout.split())
    assert "changed=0" in done.stdout or "PLAY RECAP" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Include one role
      ansible.builtin.include_role:
        name: runtime_security.kubernetes.ROLE
        tasks_from: ENTRY
"""
ENTRIES = [
    ("metrics_stack", "apply"),
    ("loki_stack", "apply"),
    ("falco_ebpf", "apply"),
    ("falco_ebpf", "remove"),
    ("minikube", "remove"),
]


@pytest.mark.parametrize(("role", "entry"), ENTRIES)
def test_a_role_alone_ends_before_its_first_change(role, entry, bundle, playbook, environment, monkeypatch, tmp_path):
    """The programs are the bundle's; these would leave a file when they are started."""
    monkeypatch.setitem(environment, "PATH", f"{bundle / 'bin'}:{environment['PATH']}")
    ran = tmp_path / "ran"
    for program in ("helm", "kubectl", "minikube"):
        path = bundle / "bin" / program
        path.write_text(f"#!/bin/sh\ntouch {ran}\n", encoding="utf-8")
        path.chmod(0o755)
    write_sums(bundle)
    flip(bundle / "bin" / "helm", -2)
    play = tmp_path / "play.yml"
    play.write_text(PLAY.replace("ROLE", role).replace("ENTRY", entry), encoding="utf-8")
    variables = {
        "runtime_security_bundle": bundle,
        "runtime_security_helm_binary": bundle / "bin" / "helm",
        "minikube_binary": bundle / "bin" / "minikube",
        "minikube_home": tmp_path / "minikube",
        "runtime_security_kubeconfig": tmp_path / "kubeconfig",
    }
    done = playbook(play, *(word for name, value in variables.items() for word in ("-e", f"{name}={value}")))
    assert done.returncode != 0
    assert "bin/helm: SHA-256 is" in " ".join(done.stdout.split())
    assert "changed=0" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "play.yml"]


ONCE = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Verify the bundle
      runtime_security.kubernetes.bundle_verify: &bundle
        path: "{{ bundle }}"
      register: first

    - name: Damage it
      ansible.builtin.file:
        path: "{{ bundle }}/node.tar"
        state: absent

    - name: Verify it again
      runtime_security.kubernetes.bundle_verify: *bundle
      register: second

    - name: Compare
      ansible.builtin.assert:
        that: second == first
"""


def test_each_run_reads_a_bundle_once(bundle, playbook, tmp_path):
    """A gigabyte for each role would cost more than a run that changes nothing."""
    play = tmp_path / "play.yml"
    play.write_text(ONCE, encoding="utf-8")
    done = playbook(play, "-e", f"bundle={bundle}")
    assert done.returncode == 0, done.stdout
    again = playbook(play, "-e", f"bundle={bundle}")
    assert "node.tar: No such file" in " ".join(again.stdout.split())
