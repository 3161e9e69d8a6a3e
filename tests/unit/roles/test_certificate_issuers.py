# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' issuers of cert-manager: what is refused, which files the programs read, and in which order removal goes."""

from __future__ import annotations

import pytest
from role_inputs import computed, refusal

ROLES = ["falco_ebpf", "loki_stack", "metrics_stack"]
CLUSTER = {"name": "pipeline", "kind": "ClusterIssuer"}


@pytest.mark.parametrize("role", ROLES)
def test_an_issuer_of_ones_own_is_accepted(role):
    name = f"{role}_certificate_issuer"
    assert refusal(role, {name: {"name": "pipeline"}}, whole=True) == ""
    others = {
        f"{other}_certificate_issuer": {"name": other, "kind": "ClusterIssuer"} for other in ROLES if other != role
    }
    assert refusal(role, {name: CLUSTER, **others}, whole=True) == ""


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ({"kind": "ClusterIssuer"}, "Expected {name, kind, group}"),
        ({"name": "a b"}, "Expected {name, kind, group}"),
        ({"name": "a", "kind": ""}, "Expected {name, kind, group}"),
        ("pipeline", "a dictionary"),
    ],
)
def test_what_names_no_issuer_is_refused(role, issuer, words):
    said = refusal(role, {f"{role}_certificate_issuer": issuer}, whole=True)
    assert f"{role}_certificate_issuer" in said and words in said


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("other", ROLES)
def test_one_issuer_of_the_cluster_for_two_roles_is_refused(role, other):
    inputs = {f"{role}_certificate_issuer": CLUSTER, f"{other}_certificate_issuer": CLUSTER}
    assert ("another role has it too" in refusal(role, inputs, whole=True)) is (role != other)


def test_falcos_classic_variant_has_no_issuer():
    said = refusal(
        "falco_ebpf", {"falco_ebpf_certificate_issuer": CLUSTER, "falco_ebpf_variant": "classic"}, whole=True
    )
    assert "falco_ebpf_certificate_issuer: invalid value" in said and "falco-exporter's chart" in said


@pytest.mark.parametrize(("issuer", "server", "client"), [({}, "server", "client"), (CLUSTER, "tls", "tls")])
def test_falco_and_its_receiver_read_the_files_that_there_are(issuer, server, client):
    inputs = {
        "falco_ebpf_certificate_issuer": issuer,
        "__falco_ebpf_certificates": {"certificates": {"client": {}, "server": {}}},
    }
    values = computed("falco_ebpf", "__falco_ebpf_receiver_values", inputs)
    keys = {one["name"]: one["keys"] for one in computed("falco_ebpf", "__falco_ebpf_receiver_certificates", inputs)}
    assert keys["server"] == {"certificate": f"{server}.crt", "key": f"{server}.key"}
    assert keys["client"] == {"certificate": f"{client}.crt", "key": f"{client}.key"}
    output, tls = values["falco"]["http_output"], values["falcosidekick"]["config"]["tlsserver"]
    folder = "/etc/falco/certs/client/"
    assert (output["client_cert"], output["client_key"]) == (f"{folder}{client}.crt", f"{folder}{client}.key")
    assert (tls["certfile"], tls["keyfile"]) == (f"/etc/certs/server/{server}.crt", f"/etc/certs/server/{server}.key")


@pytest.mark.parametrize(
    ("role", "variable"),
    [
        ("falco_ebpf", "__falco_ebpf_all_objects"),
        ("falco_ebpf", "__falco_ebpf_current_secrets"),
        ("loki_stack", "__loki_stack_tls_objects"),
        ("metrics_stack", "__metrics_stack_certificate_secrets"),
    ],
)
def test_a_certificate_is_removed_before_its_secret(role, variable):
    """cert-manager writes the Secret of a Certificate again."""
    found = [(one["kind"], one["metadata"].get("name")) for one in computed(role, variable, {})]
    secrets = [name for kind, name in found if kind == "Secret" and not str(name).startswith(("loki-ca", "metrics-ca"))]
    assert secrets
    for name in secrets:
        assert found.index(("Certificate", name)) < found.index(("Secret", name))
