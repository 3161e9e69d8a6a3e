# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks cert-manager for certificates, and waits for them. Private to the collection."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import cert_manager, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Stored
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secrets import Secrets
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Leaf, Wanted
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader, reason, stated
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError, variable

try:
    from kubernetes.dynamic.exceptions import DynamicApiError
    from urllib3.exceptions import HTTPError
except ImportError:  # the connection reports it
    DynamicApiError, HTTPError = (type("Missing", (Exception,), {}) for _each in range(2))

EVERY_SECONDS = 1
# Seconds for the API server's answer to a change.
_SECONDS = 30
# A Certificate whose status changes meanwhile is read and asked again this often.
_TRIES = 5


class Issuance:
    """The Certificates of a declaration, once they were written."""

    def __init__(self, client: t.Any, wanted: Wanted, secrets: Secrets, seconds: float, variables: dict) -> None:
        """secrets has read those of the certificates; seconds limits the wait."""
        self._reader = Reader(client)
        self._wanted = wanted
        self._secrets = secrets
        self._seconds = seconds
        self._name = variable({"variables": variables}, "issuer")

    def ask(self, before: Stored) -> dict[str, t.Any]:
        """Ask for what cert-manager would not sign by itself; the certificates that may not stay, by their names.

        That are renewals, what failed, and certificates of our CA: one that fits the Certificate it takes for its own.
        """
        outdated = {}
        for leaf in self._wanted.leaves:
            signed_by_us = not self._secrets.is_issued(leaf.place)
            if leaf.place in before and (leaf.name in self._wanted.renew or signed_by_us):
                outdated[leaf.name] = x509.load_certificate(before[leaf.place].get(leaf.entries.certificate, b""))
            self._ask_for(leaf, leaf.name in outdated)
        return outdated

    def _ask_for(self, leaf: Leaf, replaced: bool) -> None:
        for _try in range(_TRIES):
            certificate = self._read(leaf)
            if cert_manager.is_issuing(certificate) or not (replaced or cert_manager.has_failed(certificate)):
                return
            if self._set_conditions(certificate, cert_manager.asked(certificate)):
                return
        raise WorkError(
            f"Certificate {leaf.place}: its status changes all the time. Expected that it can be asked for. Fix: run again."
        )

    def wait(self, outdated: dict[str, t.Any]) -> Stored:
        """The Secrets, once cert-manager says that each is what was declared."""
        end = time.monotonic() + self._seconds
        while True:
            stored, left = self._look(outdated)
            if not left:
                return stored
            failed = [one for one, _why in left if cert_manager.has_failed(one)]
            if failed or time.monotonic() > end:
                raise WorkError(self._unissued(left, bool(failed)))
            time.sleep(EVERY_SECONDS)

    def _look(self, outdated: dict[str, t.Any]) -> tuple[Stored, list[tuple[dict, str]]]:
        """What the Secrets hold, and the Certificates that are waited for, with what their Secrets lack."""
        certificates = [self._read(leaf) for leaf in self._wanted.leaves]
        # Read after the Certificates: what these say holds for what is read then.
        stored = self._secrets.read([leaf.place for leaf in self._wanted.leaves])
        left = []
        for leaf, certificate in zip(self._wanted.leaves, certificates):
            data = stored.get(leaf.place, {})
            why = cert_manager.against(leaf, data)
            same = leaf.name in outdated and outdated[leaf.name] == x509.load_certificate(
                data.get(leaf.entries.certificate, b"")
            )
            ready = cert_manager.is_ready(certificate)
            if ready and not data.get(leaf.entries.ca):
                raise WorkError(self._without_ca(leaf))
            if why or same or not ready or not self._secrets.is_issued(leaf.place):
                left.append((certificate, why))
        return stored, left

    def _read(self, leaf: Leaf) -> dict:
        found = self._reader.one("Certificate", cert_manager.VERSION, leaf.place.secret, leaf.place.namespace)
        if found is None:
            raise WorkError(
                f"Certificate {leaf.place}: it is gone a moment after it was written. Expected that nobody else deletes it. Fix: see "
                "who did, then run again."
            )
        return {**cert_manager.identity(leaf), **found}

    def _set_conditions(self, certificate: dict, conditions: list[dict]) -> bool:
        """Set the conditions of a Certificate; False where it changed since it was read."""
        metadata = certificate["metadata"]
        resource = self._reader.resource("Certificate", cert_manager.VERSION).subresources["status"]
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": {"conditions": conditions}}
        words = {"name": metadata["name"], "namespace": metadata["namespace"], "body": body}
        what = f"Certificate {metadata['namespace']}/{metadata['name']}: its renewal was not asked for"
        try:
            resource.patch(
                serialize=False, _request_timeout=_SECONDS, content_type="application/merge-patch+json", **words
            )
        except DynamicApiError as error:
            if stated(error.body) == "Conflict":
                return False
            raise WorkError(
                f"{what}: {reason(error)}. Expected the right to patch certificates/status. Fix: grant it to this account."
            ) from error
        except (HTTPError, OSError) as error:
            raise WorkError(f"{what}: no answer ({type(error).__name__}). Fix: run again.") from error
        return True

    def _unissued(self, left: list[tuple[dict, str]], failed: bool) -> str:
        """What cert-manager says of the Certificates that are not there yet."""
        said = []
        for certificate, why in left:
            metadata = certificate["metadata"]
            requests = self._reader.all("CertificateRequest", cert_manager.VERSION, metadata["namespace"])
            request = cert_manager.request_of(certificate, requests)
            request = request and {**request, "kind": "CertificateRequest"}
            parts = [cert_manager.described(one) for one in (certificate, request) if one]
            said.append("; ".join([*parts, *([f"its Secret: {why}"] if why else [])]))
        return (
            f"{self._name}: cert-manager {'failed to issue' if failed else f'has not issued within {self._seconds:g} s'} "
            f"{len(left)} certificates. {'. '.join(said)}. Expected that the issuer '{self._wanted.issuer.name}' signs them. What "
            "was written stays, and the next run asks again. Fix: see whether cert-manager runs, and what it says of the issuer "
            "(kubectl describe)."
        )

    def _without_ca(self, leaf: Leaf) -> str:
        return (
            f"{self._name}: Secret {leaf.place} has no {leaf.entries.ca}, so nobody would know whom to trust "
            f"('{self._wanted.issuer.name}'). Expected an issuer that gives its CA, as those of the types CA and Vault do, and those of "
            "ACME do not. Fix: name such an issuer."
        )
