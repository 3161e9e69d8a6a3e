"""From Falco's current variant to the classic one and back, each in one run of site.yml that proves it."""

from __future__ import annotations

import json

import pytest

from live.lab_cluster import FALCO, kubectl

SECRETS = {
    "current": {"falco-receiver-tls", "falco-client-tls"},
    "classic": {"falco-grpc-tls", "falco-exporter-certs"},
}


@pytest.mark.parametrize("variant", ["classic", "current"])
def test_one_run_changes_the_variant(playbook, arguments, tmp_path, variant):
    done = playbook("site.yml", *arguments, "-e", f"falco_ebpf_variant={variant}")
    assert done.returncode == 0, done.stdout[-6000:]
    proof = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    assert [line for line in proof if not line["ok"]] == []
    assert len([line for line in proof if line["name"].startswith("the receiver refuses ")]) == 4
    present = {name.partition("/")[2] for name in kubectl("get", "secrets", "-n", FALCO, "-o", "name").split()}
    assert present & set.union(*SECRETS.values()) == SECRETS[variant]
