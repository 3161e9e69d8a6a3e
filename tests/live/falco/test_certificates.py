"""Certificates: given ones, those that are wrong, and which pods a change restarts."""

from __future__ import annotations

import base64
import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from live.lab_cluster import INPUTS, staying_pods

NAMESPACE = INPUTS["falco_ebpf_namespace"]
GIVEN = "falco-given"


def issue(common_name, names=(), usage=None, ca=None):
    """A certificate and its key as PEM texts, signed by the CA or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    builder = builder.issuer_name(ca[2].subject if ca else subject)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=90))
    builder = builder.add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    certificate = builder.sign(ca[3] if ca else key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode(), certificate, key


def leaves(ca, namespace=NAMESPACE):
    host = f"falco-falcosidekick.{namespace}.svc"
    names = ["falco-falcosidekick", f"falco-falcosidekick.{namespace}", host, f"{host}.cluster.local"]
    server = issue(host, names, ExtendedKeyUsageOID.SERVER_AUTH, ca)
    client = issue("falco", ["falco"], ExtendedKeyUsageOID.CLIENT_AUTH, ca)
    return {
        "falco_ebpf_server_certificate": server[0],
        "falco_ebpf_server_key": server[1],
        "falco_ebpf_client_certificate": client[0],
        "falco_ebpf_client_key": client[1],
    }


@pytest.fixture
def pods():
    def read():
        staying = [pod["metadata"] for pod in staying_pods(NAMESPACE)]
        return {metadata["labels"]["app.kubernetes.io/name"]: metadata["name"] for metadata in staying}

    return read


def test_only_the_pod_whose_secret_changed_restarts(role, kubectl, pods):
    before = pods()
    kubectl("delete", "secret", "--namespace", NAMESPACE, "falco-client-tls")
    code, text = role()
    assert code == 0, text[-2000:]
    after = pods()
    assert after["falco"] != before["falco"]
    assert after["falcosidekick"] == before["falcosidekick"]


@pytest.fixture(scope="module")
def given(kubectl):
    """A namespace without a Falco: what is given there needs no rotation first."""
    yield {"falco_ebpf_namespace": GIVEN}
    kubectl("delete", "namespace", GIVEN, "--wait=false")


def test_a_ca_that_was_given_signs_and_its_key_stays_outside(role, kubectl, given):
    ca = issue("ours")
    inputs = given | {"falco_ebpf_ca_certificate": ca[0], "falco_ebpf_ca_key": ca[1]}
    code, text = role("apply", **inputs)
    assert code == 0, text[-2000:]
    secrets = json.loads(kubectl("get", "secrets", "--namespace", GIVEN, "-o", "json"))["items"]
    data = {secret["metadata"]["name"]: secret.get("data", {}) for secret in secrets}
    assert list(data["falco-ca"]) == ["ca.crt"]
    assert ca[1].splitlines()[1] not in text
    signed = x509.load_pem_x509_certificate(base64.b64decode(data["falco-receiver-tls"]["server.crt"]))
    signed.verify_directly_issued_by(ca[2])
    code, text = role("apply", **inputs)
    assert code == 0 and "changed=0" in text, text[-2000:]


def test_certificates_of_both_sides_that_were_given_are_used(role, kubectl, given):
    ca = issue("theirs")
    inputs = leaves(ca, GIVEN) | {"falco_ebpf_ca_certificate": ca[0]}
    code, text = role("apply", **(given | inputs))
    assert code == 0, text[-2000:]
    stored = kubectl("get", "secret", "--namespace", GIVEN, "falco-client-tls", "-o", r"jsonpath={.data.client\.crt}")
    assert base64.b64decode(stored).decode() == inputs["falco_ebpf_client_certificate"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"falco_ebpf_server_key": ""}, ["falco_ebpf_server_key: missing"]),
        (
            {"falco_ebpf_client_certificate": ""},
            ["falco_ebpf_server_certificate: given without falco_ebpf_client_certificate"],
        ),
        ({"falco_ebpf_ca_certificate": "x"}, ["falco_ebpf_ca_certificate: it is not a certificate in PEM ('x')"]),
        ({"falco_ebpf_ca_key": "planted-key"}, ["falco_ebpf_ca_certificate: its private key is not one in PEM"]),
    ],
)
def test_certificates_that_would_not_work_are_refused(role, change, words):
    ca = issue("theirs")
    code, text = role("validate", **(leaves(ca) | {"falco_ebpf_ca_certificate": ca[0]} | change))
    assert code == 2
    assert [word for word in [*words, "Nothing was changed"] if word not in text] == [], text[-2000:]
    assert "planted-key" not in text.replace("-e", "")
