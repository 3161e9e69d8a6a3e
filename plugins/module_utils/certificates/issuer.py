# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the Secrets of certificates to what is declared, and reports what it did. Private to the collection.

Needs nothing but cryptography: it also runs in the pod that renews certificates.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from base64 import b64encode

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import (
    Data,
    Plan,
    Stored,
    plan,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import Store
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    CA,
    CA_CERTIFICATE,
    Leaf,
    Place,
    Wanted,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode


def apply(secrets: Store, wanted: Wanted, phase: str | None, mode: Mode) -> dict:
    """Write what differs from the next step of the plan."""
    stored = secrets.read(wanted.places)
    step = plan(wanted, stored, phase)
    listed = secrets.listed(wanted.ca.place)
    changed = _changed(wanted, stored, step, listed)
    if not mode.check:
        for place in changed:
            secrets.write(place, step.secrets[place], wanted.listed if place == wanted.ca.place else None)
        for place in step.removals:
            secrets.remove(place)
    diff = {"diff": _diff(wanted, stored, step, changed, listed)} if mode.diff and (changed or step.removals) else {}
    return {**_result(wanted, step, changed), **diff}


def announce(wanted: Wanted) -> dict:
    """What a first run would do; of certificates that do not exist there is neither a date nor a fingerprint."""
    step = plan(wanted, {})
    result = _result(wanted, step, _changed(wanted, {}, step, None))
    for one in (result["ca"], *result["certificates"].values()):
        for key in ("not_after", "not_after_seconds", "fingerprint", "certificate_fingerprint", "trust_fingerprint"):
            one.pop(key, None)
    return result


def _changed(wanted: Wanted, stored: Stored, step: Plan, listed: list[str] | None) -> list[Place]:
    """The Secrets to write, in their order."""
    relisted = wanted.ca.place if listed != wanted.listed else None
    return [place for place, data in step.secrets.items() if data != stored.get(place) or place == relisted]


def _result(wanted: Wanted, step: Plan, changed: list[Place]) -> dict:
    return {
        "changed": bool(changed or step.removals),
        "phases": step.phases,
        "report": _report(wanted, step, changed),
        "ca": {
            **_dates(step.secrets[wanted.ca.place].get(CA_CERTIFICATE, b"")),
            "reasons": step.reasons[CA],
            "changed": wanted.ca.place in changed,
        },
        "certificates": {
            leaf.name: {
                "secret": leaf.place.secret,
                "namespace": leaf.place.namespace,
                **_dates(step.secrets[leaf.place][leaf.entries.certificate]),
                **fingerprints(leaf, step.secrets[leaf.place]),
                "reasons": step.reasons[leaf.name],
                "changed": leaf.place in changed,
            }
            for leaf in wanted.leaves
        },
    }


def _report(wanted: Wanted, step: Plan, changed: list[Place]) -> list[str]:
    """One sentence for each certificate that changes, and for a CA whose change is under way."""
    places = {CA: wanted.ca.place, **{leaf.name: leaf.place for leaf in wanted.leaves}}
    found = []
    for name, why in step.reasons.items():
        if why:
            found.append(f"{places[name]}: {'; '.join(why)}")
        elif places[name] in changed and name != CA:
            found.append(f"{places[name]}: the CAs that it trusts change")
        elif places[name] in changed:
            found.append(f"{places[name]}: what it signs changes")
    if step.phases:
        found.append(f"{places[CA]}: the CA changes; phases left once this one is rolled out: {', '.join(step.phases)}")
    return found


def fingerprints(leaf: Leaf, data: Data) -> dict[str, str]:
    """Those of a certificate's Secret, of the certificate in it, and of the CAs in it."""
    return {
        "fingerprint": fingerprint(data),
        "certificate_fingerprint": hashlib.sha256(data.get(leaf.entries.certificate, b"")).hexdigest(),
        "trust_fingerprint": hashlib.sha256(data.get(leaf.entries.ca, b"")).hexdigest(),
    }


def fingerprint(data: Data) -> str:
    """What tells the content of a Secret from any other. The private key in it makes it impossible to guess the content."""
    encoded = {key: b64encode(value).decode() for key, value in data.items()}
    return hashlib.sha256(json.dumps(encoded, sort_keys=True).encode()).hexdigest()


def _dates(pem: bytes) -> dict:
    certificate = x509.load_certificate(pem)
    return {} if certificate is None else x509.dates(certificate)


def _diff(wanted: Wanted, stored: Stored, step: Plan, changed: list[Place], listed: list[str] | None) -> dict:
    shown = sorted({*changed, *step.removals})
    before = {str(place): _shown(wanted, place, stored[place]) for place in shown if place in stored}
    after = {str(place): _shown(wanted, place, step.secrets[place]) for place in shown if place in step.secrets}
    if listed != wanted.listed:
        before.setdefault(str(wanted.ca.place), {})["signs"] = listed
        after[str(wanted.ca.place)]["signs"] = wanted.listed
    return {"before": before, "after": after}


def _shown(wanted: Wanted, place: Place, data: Data) -> dict:
    """A Secret without its keys: what its certificates are, and whether it has a key."""
    leaf = next((leaf for leaf in wanted.leaves if leaf.place == place), None)
    own, trusted = (leaf.entries.certificate, leaf.entries.ca) if leaf else (CA_CERTIFICATE, None)
    shown: dict[str, t.Any] = {
        "entries": sorted(data),
        "certificates": [_described(one) for one in x509.load_certificates(data.get(own, b""))],
    }
    if trusted:
        shown["trusts"] = [_described(one) for one in x509.load_certificates(data.get(trusted, b""))]
    return shown


def _described(certificate: t.Any) -> str:
    names = ", ".join(sorted(x509.names_of(certificate)))
    return (
        f"{x509.common_name(certificate)}{f' ({names})' if names else ''}, serial {certificate.serial_number:x}, "
        f"valid until {x509.not_after(certificate):%Y-%m-%d %H:%M UTC}"
    )
