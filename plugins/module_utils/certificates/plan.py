# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Secrets are to hold next. Private to the collection.

While the CA changes, everybody has to trust the CA of everybody else, also those pods that still run with the Secrets of
before. So it changes in phases, and the workloads have to be rolled out after each:

trust  the next CA is in NAME-next, and is trusted like today's
sign   the next CA is in NAME and signs; the one before is in NAME-previous, and is trusted still
drop   the previous CA is trusted no more

What the Secrets hold tells the phase: NAME-next is there from the first write of trust to the last one of sign,
NAME-previous from the first one of sign to the last one of drop. A phase that was interrupted is done again, since it is not
known whether the workloads were rolled out.
"""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import reasons, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    CA,
    CA_CERTIFICATE,
    CA_KEY,
    Leaf,
    Place,
    Wanted,
    WantedCA,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

TRUST, SIGN, DROP = "trust", "sign", "drop"
Data = dict[str, bytes]
# The data of each Secret that exists.
Stored = dict[Place, Data]


class Plan(t.NamedTuple):
    """What to do; the order is such that after each step the next run can go on."""

    # What each Secret is to hold, in the order in which they are written.
    secrets: dict[Place, Data]
    # Secrets to remove, after that.
    removals: list[Place]
    # The phases that are left, each to be done once the workloads are rolled out.
    phases: list[str]
    # Why each certificate is made again, by its name.
    reasons: dict[str, list[str]]


def plan(wanted: Wanted, stored: Stored, phase: str | None = None) -> Plan:
    """The next step; without a phase as much as can be done without a rollout in between."""
    ca, current = wanted.ca, stored.get(wanted.ca.place, {})
    why = reasons.against_ca(ca, current, wanted.renew_before)
    begun = [place for place in (ca.next, ca.previous) if place in stored]
    if phase is None and CA in wanted.renew and not begun and not why:
        why = ["its renewal was asked for"]
    if phase == DROP:
        _refuse_to_drop(wanted, stored)
    elif phase == SIGN and begun:
        return _sign(wanted, stored, [])
    elif phase is None and _is_used(wanted, stored):
        if ca.next in stored or why:
            return _trust(wanted, stored, why)
        if begun:
            return _sign(wanted, stored, [DROP])
    return _all_at_once(wanted, stored, why, phase)


def _is_used(wanted: Wanted, stored: Stored) -> bool:
    """Whether somebody could meet a certificate that he does not trust yet.

    Who gives certificates without the CA's key decides himself when they and the CA change.
    """
    return wanted.signs and wanted.ca.place in stored and any(leaf.place in stored for leaf in wanted.leaves)


def _trust(wanted: Wanted, stored: Stored, why: list[str]) -> Plan:
    ca, there = wanted.ca, stored.get(wanted.ca.next)
    if there is None or reasons.against_ca(ca, there, wanted.renew_before):
        there = _new_ca(ca)
    secrets = {ca.next: there}
    if ca.previous in stored:
        secrets[ca.previous] = stored[ca.previous]
    secrets[ca.place] = stored[ca.place]
    trusted = [one for place in secrets for one in _certificates(secrets[place])]
    found: dict[str, list[str]] = {CA: why}
    for leaf in wanted.leaves:
        data = stored.get(leaf.place, {})
        # Today's CA signs nothing more, and may not be able to: the key of one that was given is not here.
        found[leaf.name] = _unusable(leaf, data, trusted)
        secrets[leaf.place] = _leaf(wanted, leaf, data, found[leaf.name], there, trusted)
    return Plan(secrets, [], [SIGN, DROP], found)


def _unusable(leaf: Leaf, data: Data, trusted: list[t.Any]) -> list[str]:
    certificate, key = reasons.pair(leaf, data)
    if certificate is None or key is None:
        return ["it is missing, or not readable"]
    return [] if any(x509.is_signed_by(certificate, one) for one in trusted) else ["no CA of today's signed it"]


def _sign(wanted: Wanted, stored: Stored, phases: list[str]) -> Plan:
    ca = wanted.ca
    signer = stored.get(ca.next) or stored.get(ca.place, {})
    before = [one for place in (ca.previous, ca.place) for one in _certificates(stored.get(place, {}))]
    own = _certificates(signer)
    before = [one for one in before if one not in own]
    secrets = {ca.previous: {CA_CERTIFICATE: x509.bundle(before)}} if before else {}
    secrets[ca.place] = signer
    found = {CA: []}
    _sign_leaves(wanted, stored, signer, own + before, secrets, found)
    return Plan(secrets, [place for place in (ca.next,) if place in stored], phases, found)


def _all_at_once(wanted: Wanted, stored: Stored, why: list[str], phase: str | None) -> Plan:
    ca = wanted.ca
    if phase is not None:
        # What the phases were begun for is done; a reason that came up meanwhile is for a call without a phase.
        why = []
    signer = _new_ca(ca) if why else stored.get(ca.place, {})
    secrets, found = {ca.place: signer}, {CA: why}
    _sign_leaves(wanted, stored, signer, _certificates(signer), secrets, found)
    if phase is None:
        for leaf in wanted.leaves:
            if leaf.name in wanted.renew and not found[leaf.name]:
                found[leaf.name] = ["its renewal was asked for"]
                trusted = _certificates(signer)
                secrets[leaf.place] = _leaf(wanted, leaf, {}, found[leaf.name], signer, trusted)
    return Plan(secrets, [place for place in (ca.next, ca.previous) if place in stored], [], found)


def _sign_leaves(
    wanted: Wanted, stored: Stored, signer: Data, trusted: list[t.Any], secrets: dict, found: dict
) -> None:
    issuer = x509.load_certificate(signer.get(CA_CERTIFICATE, b""))
    for leaf in wanted.leaves:
        data = stored.get(leaf.place, {})
        found[leaf.name] = reasons.against_leaf(leaf, data, issuer, wanted.renew_before)
        secrets[leaf.place] = _leaf(wanted, leaf, data, found[leaf.name], signer, trusted)


def _leaf(wanted: Wanted, leaf: Leaf, data: Data, why: list[str], signer: Data, trusted: list[t.Any]) -> Data:
    """What a certificate's Secret is to hold; the certificate of today unless there are reasons against it."""
    if not why:
        certificate, key = data[leaf.entries.certificate], data[leaf.entries.key]
    elif leaf.given:
        certificate, key = leaf.given
    else:
        made = x509.new_key()
        issuer = x509.load_certificate(signer.get(CA_CERTIFICATE, b""))
        signed = x509.issue(leaf.subject, made, issuer, _signing_key(wanted.ca, issuer, signer))
        certificate, key = x509.certificate_pem(signed), x509.key_pem(made)
    return {leaf.entries.certificate: certificate, leaf.entries.key: key, leaf.entries.ca: x509.bundle(trusted)}


def _new_ca(ca: WantedCA) -> Data:
    if ca.given:
        # Its key is used here and goes nowhere.
        return {CA_CERTIFICATE: ca.given.certificate}
    key = x509.new_key()
    return {CA_CERTIFICATE: x509.certificate_pem(x509.issue(ca.subject, key)), CA_KEY: x509.key_pem(key)}


def _signing_key(ca: WantedCA, issuer: t.Any, signer: Data) -> t.Any:
    for pem in (ca.given.key if ca.given else b"", signer.get(CA_KEY, b"")):
        key = x509.load_key(pem)
        if issuer is not None and key is not None and x509.belong_together(issuer, key):
            return key
    raise WorkError(
        f"Secret {ca.place}: the CA is to sign, and its private key is missing or another one's. Nothing was changed. Expected "
        "the key in the Secret, or given. Fix: give the CA's certificate and key again, or ask for a new CA."
    )


def _certificates(data: Data) -> list[t.Any]:
    return x509.load_certificates(data.get(CA_CERTIFICATE, b""))


def _refuse_to_drop(wanted: Wanted, stored: Stored) -> None:
    """Raise WorkError where a certificate would not be trusted any more."""
    ca = wanted.ca
    own = _certificates(stored.get(ca.place, {}))
    if ca.next in stored:
        raise WorkError(
            f"Secret {ca.next}: is there, so the next CA does not sign yet. Nothing was changed. Expected that the phase 'sign' "
            "has ended. Fix: run without a phase, which says what is left."
        )
    for leaf in wanted.leaves:
        certificate = reasons.pair(leaf, stored.get(leaf.place, {}))[0]
        if certificate is None or not any(x509.is_signed_by(certificate, one) for one in own):
            raise WorkError(
                f"Secret {leaf.place}: its certificate is not one of the CA in {ca.place}. Nothing was changed. Expected that the "
                "phase 'sign' has ended. Fix: run without a phase, which says what is left."
            )
