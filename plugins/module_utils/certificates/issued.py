# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has an issuer of cert-manager keep the certificates, and reports what it did. Private to the collection.

cert-manager writes the Secrets. What is ours are the Certificates, by the labels of their owner; the Secrets get the same labels
from them. The CA that signed here before is removed once every certificate is the issuer's.
"""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import cert_manager, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.issuance import Issuance
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.issuer import fingerprints
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.issuer_checks import (
    refuse_missing,
    refuse_shared_ca,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Stored
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secrets import Secrets
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    Leaf,
    Wanted,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, UnclearAnswer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import diff
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Change, Writer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

_SECRET = {"apiVersion": "v1", "kind": "Secret"}
# cert-manager keeps the type of a Secret that exists.
_ISSUED_TYPE = "kubernetes.io/tls"


def apply(client: t.Any, wanted: Wanted, params: dict, mode: Mode) -> dict:
    """Write the Certificates that differ, and wait until cert-manager has written their Secrets."""
    try:
        return _apply(client, wanted, params, mode)
    except UnclearAnswer as error:
        raise WorkError(f"{error} What was written before stays, and the next run goes on from there.") from error


def announce(wanted: Wanted) -> dict:
    """What a first run would do; of certificates that do not exist there is neither a date nor a fingerprint."""
    reasons = {leaf.name: ["it is missing, or not readable"] for leaf in wanted.leaves}
    return _result(wanted, {}, reasons, set(reasons), [])


def _apply(client: t.Any, wanted: Wanted, params: dict, mode: Mode) -> dict:
    reader, owner, issuer = Reader(client), params["owner"], wanted.issuer
    warnings = refuse_missing(reader, wanted, params, mode)
    secrets = Secrets(client, owner)
    places = [leaf.place for leaf in wanted.leaves]
    before = secrets.read(places)
    definitions = [cert_manager.definition(leaf, wanted, issuer, owner) for leaf in wanted.leaves]
    options = {"owner": owner, "state": "present", "wait_timeout": params["wait_timeout"], "wait": False}
    served = reader.resource("Certificate", cert_manager.VERSION) is not None
    changes = k8s_objects.write(reader, definitions, options, mode.check) if served else []
    reasons = _reasons(wanted, secrets, before, changes)
    old = [
        {**_SECRET, "metadata": {"name": place.secret, "namespace": place.namespace}}
        for place in (wanted.ca.next, wanted.ca.previous, wanted.ca.place)
    ]
    data = before
    if not mode.check:
        issuance = Issuance(client, wanted, secrets, params["wait_timeout"], params["variables"])
        data = issuance.wait(issuance.ask(before))
    warnings += refuse_shared_ca(reader, wanted, data, params["variables"])
    # Of its earlier form a Secret has other entries, among them a private key.
    stripped = [] if mode.check else _strip(reader, wanted, owner)
    data = secrets.read(places) if stripped else data
    removed = k8s_objects.remove(reader, old, options, mode.check)
    done = [change for change in (*changes, *stripped, *removed) if change.changed]
    changed = {leaf.name for leaf in wanted.leaves if data.get(leaf.place) != before.get(leaf.place)}
    changed |= {name for name, why in reasons.items() if why} if mode.check else set()
    result = _result(wanted, data, reasons, changed, removed)
    result["changed"] = bool(done or any(reasons.values()))
    shown = {"diff": [diff(*change) for change in done]} if mode.diff and done else {}
    return {**result, **shown, **({"warnings": warnings} if warnings else {})}


def _reasons(wanted: Wanted, secrets: Secrets, before: Stored, changes: list[Change]) -> dict[str, list[str]]:
    """Why each certificate is made again."""
    patched = {change.place for change in changes if change.before and change.changed}
    found: dict[str, list[str]] = {}
    for leaf in wanted.leaves:
        why = []
        if leaf.place not in before:
            why = ["it is missing, or not readable"]
        elif not secrets.is_issued(leaf.place):
            why = ["the issuer has not signed it"]
        elif f"Certificate {leaf.place}" in patched:
            why = ["its Certificate changes"]
        elif leaf.name in wanted.renew:
            why = ["its renewal was asked for"]
        found[leaf.name] = why
    return found


def _strip(reader: Reader, wanted: Wanted, owner: dict[str, str]) -> list[Change]:
    """Remove what cert-manager did not write from the Secrets that were ours before, which their type tells."""
    done = []
    for leaf in wanted.leaves:
        definition = {**_SECRET, "metadata": {"name": leaf.place.secret, "namespace": leaf.place.namespace}}
        found = reader.one("Secret", "v1", leaf.place.secret, leaf.place.namespace)
        if found is None or found.get("type") == _ISSUED_TYPE:
            continue
        others = dict.fromkeys(key for key in found.get("data") or {} if key not in leaf.entries)
        if others:
            done.append(Writer(reader).change({**definition, "data": others}, {**_SECRET, **found}, owner))
    return done


def _result(
    wanted: Wanted, data: Stored, reasons: dict[str, list[str]], changed: set[str], removed: list[Change]
) -> dict:
    report = [f"{leaf.place}: {'; '.join(reasons[leaf.name])}" for leaf in wanted.leaves if reasons[leaf.name]]
    report += [f"{change.place}: removed, as the issuer signs now" for change in removed]
    return {
        "changed": bool(changed),
        "phases": [],
        "report": report,
        "ca": {"reasons": [], "changed": bool(removed)},
        "certificates": {
            leaf.name: {
                "secret": leaf.place.secret,
                "namespace": leaf.place.namespace,
                **(_content(leaf, data[leaf.place]) if leaf.place in data else {}),
                "reasons": reasons[leaf.name],
                "changed": leaf.name in changed,
            }
            for leaf in wanted.leaves
        },
    }


def _content(leaf: Leaf, data: dict[str, bytes]) -> dict:
    certificate = x509.load_certificate(data.get(leaf.entries.certificate, b""))
    return {**({} if certificate is None else x509.dates(certificate)), **fingerprints(leaf, data)}
