# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that requests are about."""

from __future__ import annotations

import base64
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CORE, RBAC = "/api/v1", "/apis/rbac.authorization.k8s.io/v1"
PODS = f"{CORE}/namespaces/shop/pods"
NAMESPACES = ("shop", "falco", "monitoring", "pipeline-proof")


def pod(name: str, spec: dict | None = None, container: dict | None = None) -> dict:
    containers = [{"name": "c", "image": "none.invalid/none", **(container or {})}]
    return {"metadata": {"name": name}, "spec": {"containers": containers, **(spec or {})}}


def role(name: str, *verbs: str, resources: t.Sequence[str] = ("pods",)) -> dict:
    return {"metadata": {"name": name}, "rules": [{"verbs": verbs, "apiGroups": [""], "resources": resources}]}


def binding(name: str, of: str, subject: str = "bob") -> dict:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": of}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": subject}]
    return {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}


def workload(kind: str, name: str) -> dict:
    template = {"metadata": {"labels": {"a": name}}, "spec": pod(name)["spec"]}
    body = {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"a": name}}, "template": template}}
    if kind == "cronjobs":
        template["spec"]["restartPolicy"] = "Never"
        body["spec"] = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    return body


def signing_request(name: str) -> dict:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    text = base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()
    spec = {"request": text, "signerName": "example.org/none", "usages": ["client auth"]}
    return {"metadata": {"name": name}, "spec": spec}
