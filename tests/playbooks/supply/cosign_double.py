#!/usr/bin/env python3
"""A double of the program cosign, as far as ``cosign verify`` by identity goes.

It finds signatures where cosign has them, verifies the certificate by $SIGSTORE_ROOT_FILE and the signature of the payload, compares
digest, issuer and identity, and ends in cosign's words. It knows no transparency log. ``COSIGN=/path pytest tests/playbooks/supply -k
sign`` runs the same tests with the real program.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")


def refuse(words: str) -> None:
    sys.exit(f"Error: {words}\nerror during command execution: {words}")


def verified(layer: dict, payload: bytes, flags: dict[str, str], digest: str) -> str:
    """Why a signature does not count, "" where it does."""
    certificate = x509.load_pem_x509_certificate(layer["annotations"]["dev.sigstore.cosign/certificate"].encode())
    root = x509.load_pem_x509_certificate(Path(os.environ["SIGSTORE_ROOT_FILE"]).read_bytes())
    try:
        certificate.verify_directly_issued_by(root)
        signature = base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"])
        certificate.public_key().verify(signature, payload, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return "no matching signatures: invalid signature when validating ASN.1 encoded signature"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (identity,) = names.get_values_for_type(x509.UniformResourceIdentifier)
    issuer = certificate.extensions.get_extension_for_oid(ISSUER).value.value.decode()
    exact, fitting = flags.get("--certificate-identity"), flags.get("--certificate-identity-regexp")
    fits = identity == exact if exact else re.search(fitting, identity) is not None
    if not fits or issuer != flags["--certificate-oidc-issuer"]:
        return f"no matching signatures: none of the expected identities matched what was in the certificate, got subjects [{identity}]"
    if json.loads(payload)["critical"]["image"]["docker-manifest-digest"] != digest:
        return "no matching signatures: invalid or missing digest in claim"
    return ""


def main() -> None:
    command, *words, reference = sys.argv[1:]
    if command != "verify":
        refuse(f"unknown command {command}")
    flags = dict(word.split("=", 1) for word in words)
    repository, digest = reference.split("@")
    with tempfile.TemporaryDirectory() as folder:
        source = f"docker://{repository}:{digest.replace(':', '-')}.sig"
        found = subprocess.run(["skopeo", "copy", "--quiet", source, f"dir:{folder}"], capture_output=True, check=False)
        if found.returncode != 0:
            refuse("no signatures found")
        layers = json.loads(Path(folder, "manifest.json").read_text(encoding="utf-8"))["layers"]
        faults = [
            verified(one, Path(folder, one["digest"].split(":")[1]).read_bytes(), flags, digest) for one in layers
        ]
    if all(faults):
        refuse(faults[-1])
    print("[]")


if __name__ == "__main__":
    main()
