# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that the parameters of k8s_certificates declare. Private to the collection."""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import problems, x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.x509 import Subject
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

CA = "ca"
# The entries of a CA's Secret.
CA_CERTIFICATE = "ca.crt"
CA_KEY = "ca.key"
_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?\Z")


class Place(t.NamedTuple):
    """Where a Secret is."""

    namespace: str
    secret: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.secret}"


class Entries(t.NamedTuple):
    """The keys in the data of a certificate's Secret."""

    certificate: str
    key: str
    ca: str


# Those that cert-manager writes.
ISSUED = Entries("tls.crt", "tls.key", "ca.crt")


class Given(t.NamedTuple):
    """PEM that was made elsewhere; of a CA the key may be missing."""

    certificate: bytes
    key: bytes


class Leaf(t.NamedTuple):
    """A certificate that the CA signs."""

    name: str
    place: Place
    subject: Subject
    entries: Entries
    given: Given | None


class WantedCA(t.NamedTuple):
    """The CA, and where it is while it changes."""

    place: Place
    subject: Subject
    given: Given | None

    @property
    def next(self) -> Place:
        return self.place._replace(secret=f"{self.place.secret}-next")

    @property
    def previous(self) -> Place:
        return self.place._replace(secret=f"{self.place.secret}-previous")


class Issuer(t.NamedTuple):
    """An issuer of cert-manager, as a Certificate names it."""

    name: str
    kind: str
    group: str


class Wanted(t.NamedTuple):
    """Everything that is declared."""

    ca: WantedCA
    leaves: tuple[Leaf, ...]
    renew_before: datetime.timedelta
    # Names of the certificates to renew now.
    renew: frozenset[str]
    # Who signs in the place of the CA.
    issuer: Issuer | None = None

    @property
    def signs(self) -> bool:
        """Whether certificates are signed here: a CA that was given without its key signs nothing."""
        return self.ca.given is None or bool(self.ca.given.key)

    @property
    def places(self) -> list[Place]:
        """All Secrets, those of the CA first."""
        return [self.ca.previous, self.ca.place, self.ca.next, *(leaf.place for leaf in self.leaves)]

    @property
    def listed(self) -> list[str]:
        """The Secrets of all certificates but the CA's."""
        return sorted(str(leaf.place) for leaf in self.leaves)


def wanted(params: dict) -> Wanted:
    """What the parameters of the module declare; raises WorkError for what cannot be."""
    refuse_without_library()
    ca = _ca(params["ca"])
    leaves = tuple(_leaf(one) for one in params["certificates"])
    issuer = Issuer(**params["issuer"]) if params.get("issuer") else None
    found = Wanted(ca, leaves, _days(params["renew_before_days"]), frozenset(params["renew"]), issuer)
    faults = _faults(found) or _issuer_faults(found) or problems.of_all(ca, leaves)
    if faults:
        raise WorkError(f"{' '.join(faults)} Nothing was changed.")
    return found


def refuse_without_library() -> None:
    if x509.MISSING:
        raise WorkError(
            f"The Python library cryptography is missing ({x509.MISSING}). Fix: install cryptography >= 41."
        )


def _ca(given: dict) -> WantedCA:
    subject = Subject(given["common_name"] or given["name"], _days(given["validity_days"]))
    return WantedCA(Place(given["namespace"], given["name"]), subject, _given(given))


def _leaf(given: dict) -> Leaf:
    names = tuple(given["subject_alt_names"])
    subject = Subject(given["common_name"], _days(given["validity_days"]), tuple(given["usage"]), names)
    place = Place(given["namespace"], given["secret"] or given["name"])
    return Leaf(given["name"], place, subject, Entries(**given["keys"]), _given(given))


def _given(given: dict) -> Given | None:
    if not given["certificate"] and not given["key"]:
        return None
    return Given((given["certificate"] or "").encode(), (given["key"] or "").encode())


def _days(days: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=round(days * 86400))


def _faults(found: Wanted) -> list[str]:
    """What is wrong with the declaration, before a certificate is looked into."""
    names = [leaf.name for leaf in found.leaves]
    faults = [
        f"certificates: the name is there more than once ({name}). Expected names that differ. Fix: rename one."
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if CA in names:
        faults.append(f"certificates: the name '{CA}' is the CA's. Fix: rename it.")
    faults += [
        f"{place}: more than one certificate has this Secret. Fix: give each a Secret of its own."
        for place in sorted({place for place in found.places if found.places.count(place) > 1})
    ]
    faults += [
        f"{place}: is not the name of a Secret in a namespace. Expected lower-case letters, digits, '-' and '.'."
        for place in found.places
        if not all(_NAME.match(part) for part in place)
    ]
    unknown = sorted(found.renew - {CA, *names})
    if unknown:
        faults.append(
            f"renew: there is no certificate {', '.join(unknown)}. Expected names of certificates, or '{CA}'."
        )
    given = [name for name, one in [(CA, found.ca), *((leaf.name, leaf) for leaf in found.leaves)] if one.given]
    faults += [
        f"renew: {name} was given, so it is renewed by whoever made it. Fix: give the new one."
        for name in sorted(found.renew.intersection(given))
    ]
    for leaf in found.leaves:
        faults += _leaf_faults(leaf, found)
    if found.ca.subject.validity <= found.renew_before:
        faults.append("ca.validity_days: has to be more than renew_before_days.")
    return faults


def _issuer_faults(found: Wanted) -> list[str]:
    """What an issuer of cert-manager cannot do."""
    if found.issuer is None:
        return []
    faults = []
    given = [name for name, one in [(CA, found.ca), *((leaf.name, leaf) for leaf in found.leaves)] if one.given]
    if given:
        faults.append(f"issuer: {' and '.join(given)} was given too. Expected only one of both. Fix: remove one.")
    if CA in found.renew:
        faults.append(
            f"renew: the CA is the issuer's ('{CA}'). Expected names of certificates. Fix: renew it where the issuer "
            f"'{found.issuer.name}' has it, then these."
        )
    faults += [
        f"certificates {leaf.name}: is in namespace '{leaf.place.namespace}'. Expected the CA's, '{found.ca.place.namespace}', where the "
        "certificates of an issuer are looked for. Fix: use one task for each namespace."
        for leaf in found.leaves
        if leaf.place.namespace != found.ca.place.namespace
    ]
    faults += [
        f"certificates {leaf.name}: its Secret cannot have the keys {', '.join(leaf.entries)}. Expected {', '.join(ISSUED)}, which "
        "cert-manager writes. Fix: remove keys."
        for leaf in found.leaves
        if leaf.entries != ISSUED
    ]
    return faults


def _leaf_faults(leaf: Leaf, found: Wanted) -> list[str]:
    faults = []
    if len(set(leaf.entries)) < len(leaf.entries):
        faults.append(f"certificates {leaf.name}: certificate, key and CA need keys that differ.")
    if not leaf.subject.usage:
        faults.append(f"certificates {leaf.name}: has no usage. Expected server, client or both.")
    if not leaf.given and leaf.subject.validity <= found.renew_before:
        faults.append(f"certificates {leaf.name}: validity_days has to be more than renew_before_days.")
    for name in leaf.subject.names:
        try:
            x509.general_name(name)
        except ValueError as error:
            faults.append(f"certificates {leaf.name}: {error}.")
    return faults
