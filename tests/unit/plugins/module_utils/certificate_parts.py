# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that are declared and issued for tests."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import (
    x509,
)

NOT_GIVEN = {"certificate": None, "key": None}
CA = {"name": "ca", "namespace": "falco", "common_name": "ca", "validity_days": 3650, **NOT_GIVEN}
SERVER = {
    "name": "server",
    "secret": None,
    "namespace": "falco",
    "usage": ["server"],
    "common_name": "receiver.falco.svc",
    "subject_alt_names": ["DNS:receiver", "DNS:receiver.falco.svc"],
    "validity_days": 365,
    "keys": {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"},
    **NOT_GIVEN,
}


def params(ca=(), server=(), **changes):
    found = {"ca": {**CA, **dict(ca)}, "certificates": [{**SERVER, **dict(server)}]}
    return {**found, "renew_before_days": 30, "renew": [], **changes}


def subject(given, **changes):
    found = {**given, **changes}
    days = datetime.timedelta(days=found["validity_days"])
    return x509.Subject(
        found["common_name"], days, tuple(found.get("usage", ())), tuple(found.get("subject_alt_names", ()))
    )


def issue(given, issuer=None, age=0, monkeypatch=None, **changes):
    """A certificate and its key, made some days ago."""
    key = x509.new_key()
    past = x509.now() - datetime.timedelta(days=age)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(x509, "now", lambda: past)
        return x509.issue(subject(given, **changes), key, *(issuer or ())), key


def pem(pair):
    return {"certificate": x509.certificate_pem(pair[0]).decode(), "key": x509.key_pem(pair[1]).decode()}


def data(pair, names=("tls.crt", "tls.key")):
    return dict(zip(names, (x509.certificate_pem(pair[0]), x509.key_pem(pair[1]))))
