"""From Falco's current variant to the classic one, in one run of site.yml that proves it. The next run, with other inputs, goes back."""

from __future__ import annotations

import json

from live.lab_cluster import FALCO, kubectl

SECRETS = {
    "current": {"falco-receiver-tls", "falco-client-tls"},
    "classic": {"falco-grpc-tls", "falco-exporter-certs"},
}


def present():
    """The Secrets of either variant that are there."""
    names = {name.partition("/")[2] for name in kubectl("get", "secrets", "-n", FALCO, "-o", "name").split()}
    return names & set.union(*SECRETS.values())


def test_one_run_changes_the_variant(playbook, arguments, tmp_path):
    done = playbook("site.yml", *arguments, "-e", "falco_ebpf_variant=classic")
    assert done.returncode == 0, done.stdout[-6000:]
    proof = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    assert [line for line in proof if not line["ok"]] == []
    assert len([line for line in proof if line["name"].startswith("the receiver refuses ")]) == 4
    assert present() == SECRETS["classic"]


def test_the_way_back_left_no_secret():
    assert present() == SECRETS["current"]
