"""Signatures as cosign makes them without a key, by a CA of the test's own in the place of Fulcio."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from . import ca, rule_artifacts

PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
SIGNATURE, CERTIFICATE = "dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate"
# Of the certificate: who vouched for the identity (sigstore/fulcio, docs/oid-info.md).
ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
PEM = serialization.Encoding.PEM


class Signer:
    """A CA whose certificate is the file root, and what it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key, self._signed = folder, ec.generate_private_key(ec.SECP256R1()), 0
        self.root = folder / "root.pem"
        name = "Test CA of signatures"
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        root = (
            ca.builder(name, name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self._name = name
        self.root.write_bytes(root.public_bytes(PEM))

    def sign(
        self,
        repository: str,
        digest: str,
        issuer: str,
        identity: str,
        environment: Mapping[str, str],
        payload_digest: str = "",
    ) -> None:
        """Put a signature of an artifact where cosign looks for it; with payload_digest one that is of another artifact."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        certificate = (
            ca.builder("signer", self._name, key)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.UnrecognizedExtension(ISSUER, issuer.encode()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        image = {"docker-manifest-digest": payload_digest or digest}
        critical = {
            "identity": {"docker-reference": repository},
            "image": image,
            "type": "cosign container image signature",
        }
        payload = json.dumps({"critical": critical, "optional": None}).encode()
        signature = base64.b64encode(key.sign(payload, ec.ECDSA(hashes.SHA256()))).decode()
        self._signed += 1
        layout = self._folder / f"signature-{self._signed}"
        annotations = {SIGNATURE: signature, CERTIFICATE: certificate.public_bytes(PEM).decode()}
        rule_artifacts.layout(layout, payload, CONFIG_TYPE, layer_type=PAYLOAD_TYPE, annotations=annotations)
        rule_artifacts.push(layout, f"{repository}:{digest.replace(':', '-')}.sig", environment)
