# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes certificates back from cert-manager, so that a CA of ours can sign them. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import cert_manager
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Wanted
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    NotAllowed,
    Reader,
    UnclearAnswer,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import diff
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_writer import Change
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    Remover,
    is_owned,
    place,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

# Seconds for the API server's answers.
_SECONDS = 30


def take_back(client: t.Any, wanted: Wanted, owner: dict[str, str], mode: Mode) -> dict:
    """Remove the Certificates of the owner, and then the Secrets that cert-manager wrote for them.

    In that order: it writes the Secret of a Certificate again. Its Secrets have a type that has no room for other entries, and a
    type cannot change, so they are made again.
    """
    reader = Reader(client)
    try:
        found = [*_certificates(reader, wanted, owner), *_secrets(reader, wanted, owner)]
        if not mode.check:
            Remover(reader, _SECONDS, wait=False).remove(found)
    except UnclearAnswer as error:
        raise WorkError(f"{error} What was written before stays, and the next run goes on from there.") from error
    changes = [Change(place(one), one, {}) for one in found]
    shown = {"diff": [diff(*change) for change in changes]} if mode.diff else {}
    report = [f"{change.place}: removed, as no issuer of cert-manager is named" for change in changes]
    return {"changed": True, "report": report, **shown} if changes else {}


def _certificates(reader: Reader, wanted: Wanted, owner: dict[str, str]) -> list[dict]:
    definitions = [cert_manager.identity(leaf) for leaf in wanted.leaves]
    if reader.resource("Certificate", cert_manager.VERSION) is None:
        return []
    found = []
    for one in definitions:
        metadata = one["metadata"]
        try:
            now = reader.one("Certificate", cert_manager.VERSION, metadata["name"], metadata["namespace"])
        except NotAllowed:
            secret = reader.one("Secret", "v1", metadata["name"], metadata["namespace"])
            if cert_manager.is_issued(secret):
                raise
            # Who never named an issuer need not be allowed to read Certificates.
            continue
        if now is not None and is_owned(now, owner):
            found.append({**one, **now})
    return found


def _secrets(reader: Reader, wanted: Wanted, owner: dict[str, str]) -> list[dict]:
    secrets = [reader.one("Secret", "v1", leaf.place.secret, leaf.place.namespace) for leaf in wanted.leaves]
    return [
        {"apiVersion": "v1", **one, "kind": "Secret"}
        for one in secrets
        if one is not None and cert_manager.is_issued(one) and is_owned(one, owner)
    ]
