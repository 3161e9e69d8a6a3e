"""What has to hold on a pipeline that runs; molecule's default scenario says where it is."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import re
from pathlib import Path

import pytest
import yaml
from lab_cluster import CONTEXT, INPUTS, kubectl

from .conftest import one_line

NAMESPACES = ("monitoring", "falco")


@pytest.fixture
def arguments(bundle, tmp_path):
    """What leads ansible-playbook to this pipeline; the proof goes where nobody looks for it."""
    inputs = INPUTS | {"pipeline_proof_path": f"{tmp_path}/proof.json"}
    return ["-e", f"@{bundle}/bundle.yml", "-e", json.dumps(inputs)]


@pytest.fixture(scope="session")
def secrets():
    """Every Secret of the pipeline's namespaces, Helm's own records among them."""
    listed = [kubectl("get", "secrets", "--output", "json", "--namespace", namespace) for namespace in NAMESPACES]
    return [secret for text in listed for secret in json.loads(text)["items"]]


@pytest.fixture(scope="session")
def planted(secrets):
    """Words nobody may see: Grafana's password, the bodies of private keys, the kubeconfig's key."""
    values = {}
    for secret in secrets:
        for entry, value in (secret.get("data") or {}).items():
            name = f"{secret['metadata']['name']}/{entry}"
            if entry == "admin-password":
                values[name] = base64.b64decode(value).decode()
            elif entry.endswith(".key"):
                values[name] = key_body(base64.b64decode(value).decode())
    config = yaml.safe_load(Path(INPUTS["runtime_security_kubeconfig"]).read_text(encoding="utf-8"))
    for user in config["users"]:
        if user["name"] == CONTEXT:
            values["kubeconfig"] = key_body(Path(user["user"]["client-key"]).read_text(encoding="utf-8"))
    assert len(values) >= 5
    return values


def key_body(pem):
    """One line of a key's body; a whole one is broken into lines differently here and there."""
    lines = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    return lines[len(lines) // 2]


def forms(word):
    """A secret as it is, and as Kubernetes writes it."""
    return {word, base64.b64encode(word.encode()).decode()}


def seen_in(text, planted):
    return [name for name, word in planted.items() if any(form in text for form in forms(word))]


def test_a_wrong_password_is_said_and_nothing_changes(playbook, arguments):
    done = playbook(
        "site.yml", *arguments, "-e", "grafana_wiring_user=admin", "-e", "grafana_wiring_password=wrong-one"
    )
    assert done.returncode != 0
    said = one_line(done.stdout)
    assert re.search(r"admin.*http://[0-9.]+:30300|http://[0-9.]+:30300.*admin", said)
    assert "wrong-one" not in said
    assert "changed=0" in done.stdout


def test_a_cluster_that_cannot_become_what_is_asked_for_is_refused(playbook, arguments):
    done = playbook("site.yml", *arguments, "-e", "minikube_memory=7g")
    assert done.returncode != 0
    assert "memory is '6144', asked for is '7168'" in one_line(done.stdout)
    assert "changed=0" in done.stdout


def test_no_secret_is_printed_even_at_the_highest_words(playbook, arguments, planted):
    done = playbook("site.yml", *arguments, "-vvv", "--diff")
    assert done.returncode == 0, done.stdout[-3000:]
    assert seen_in(done.stdout, planted) == []


def temporary_files():
    """Every small file in the folders for them; what others take away meanwhile is passed over."""
    for top in ("/tmp", Path.home() / ".ansible" / "tmp"):
        for folder, _folders, names in os.walk(top):
            # minikube's own state holds its keys by design.
            if Path(folder).is_relative_to(INPUTS["minikube_home"]):
                continue
            for path in (Path(folder, name) for name in names):
                with contextlib.suppress(FileNotFoundError):
                    if path.is_file() and path.stat().st_size < 1 << 20:
                        yield path, path.read_text(encoding="utf-8", errors="replace")


def test_no_secret_lies_in_a_temporary_folder(planted):
    found = {str(path): seen_in(text, planted) for path, text in temporary_files()}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_secret_is_in_helms_records(secrets, planted):
    records = [secret for secret in secrets if secret["type"] == "helm.sh/release.v1"]
    assert {record["metadata"]["labels"]["name"] for record in records} >= {"falco", "grafana", "loki", "prometheus"}
    for record in records:
        release = gzip.decompress(base64.b64decode(base64.b64decode(record["data"]["release"]))).decode()
        assert seen_in(release, planted) == [], record["metadata"]["name"]


def test_check_mode_announces_no_change(playbook, arguments):
    done = playbook("site.yml", *arguments, "--check")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "changed=0" in done.stdout


def test_a_lost_certificate_comes_back_and_only_its_pod_restarts(playbook, arguments):
    def pods():
        listed = json.loads(kubectl("get", "pods", "--namespace", "falco", "--output", "json"))["items"]
        staying = [pod["metadata"] for pod in listed if "deletionTimestamp" not in pod["metadata"]]
        return {metadata["labels"]["app.kubernetes.io/name"]: metadata["name"] for metadata in staying}

    before = pods()
    kubectl("delete", "secret", "falco-client-tls", "--namespace", "falco")
    done = playbook("site.yml", *arguments)
    assert done.returncode == 0, done.stdout[-3000:]
    kubectl("rollout", "status", "daemonset/falco", "--namespace", "falco", "--timeout", "60s")
    after = pods()
    assert after["falco"] != before["falco"]
    assert after["falcosidekick"] == before["falcosidekick"]
