# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a data source shall look like, compared with what Grafana has."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import typing as t

# In jsonData, because Grafana never gives secure fields back. Viewers can read jsonData: hence salt and rounds.
FINGERPRINT = "secureFingerprint"
OWNER = "managedBy"
# In jsonData too: of the certificates alone, for whoever renews them and does not know the other secure fields.
CERTIFICATE = "certificateFingerprint"
_ROUNDS = 200_000
# What a source is made of; ids, version and access rights are Grafana's own business.
_COMPARED = ("uid", "name", "type", "url", "access", "isDefault")
# Not every source has these; empty is the same as missing.
_IF_SET = ("basicAuth", "database", "user")
# A PUT replaces the whole source, so what was set elsewhere is sent along; version guards against a race.
_CARRIED = ("basicAuth", "basicAuthUser", "database", "user", "version", "withCredentials")


# How Grafana numbers the headers of a source: the name in jsonData, the value in secureJsonData.
_HEADER_NAME = "httpHeaderName"
_HEADER_VALUE = "httpHeaderValue"


class Settings(t.NamedTuple):
    """The declared options in Grafana's terms; secure is None when no secret is declared."""

    fields: dict[str, t.Any]
    json_data: dict[str, t.Any]
    secure: dict[str, str] | None


def _tls(params: dict[str, t.Any]) -> Settings:
    json_data: dict[str, t.Any] = {}
    secure: dict[str, str] = {}
    if params["tls_ca_cert"] is not None:
        json_data["tlsAuthWithCACert"] = bool(params["tls_ca_cert"])
        secure["tlsCACert"] = params["tls_ca_cert"]
    if params["tls_client_key"] is not None:
        json_data["tlsAuth"] = bool(params["tls_client_key"])
        secure.update(tlsClientCert=params["tls_client_cert"], tlsClientKey=params["tls_client_key"])
        # A null removes it.
        json_data[CERTIFICATE] = certificate_fingerprint(secure) if params["tls_client_key"] else None
    if params["tls_server_name"] is not None:
        json_data["serverName"] = params["tls_server_name"]
    if params["tls_skip_verify"] is not None:
        json_data["tlsSkipVerify"] = params["tls_skip_verify"]
    return Settings({}, json_data, secure or None)


def certificate_fingerprint(secure: dict[str, str]) -> str:
    """What tells certificates with their private key from others; the key in it makes it impossible to guess them."""
    named = {key: secure.get(key) or "" for key in ("tlsCACert", "tlsClientCert", "tlsClientKey")}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


def _headers(headers: dict[str, t.Any] | None, current: dict) -> Settings:
    if headers is None:
        return Settings({}, {}, None)
    # By name, so that the order of declaration does not count.
    ordered = sorted(headers.items())
    names = {f"{_HEADER_NAME}{number}": name for number, (name, _value) in enumerate(ordered, 1)}
    values = {f"{_HEADER_VALUE}{number}": str(value) for number, (_name, value) in enumerate(ordered, 1)}
    stale = {key: None for key in current if key.startswith(_HEADER_NAME) and key not in names}
    return Settings({}, {**stale, **names}, values)


def _credentials(params: dict[str, t.Any]) -> Settings:
    fields = {name: params[name] for name in ("user", "database") if params[name] is not None}
    if params["basic_auth_user"] is not None:
        fields.update(basicAuth=bool(params["basic_auth_user"]), basicAuthUser=params["basic_auth_user"])
    password = params["basic_auth_password"]
    return Settings(fields, {}, None if password is None else {"basicAuthPassword": password})


def settings(params: dict[str, t.Any], current: dict) -> Settings:
    """All options that describe how Grafana reaches the source."""
    parts = (
        Settings({}, params["json_data"] or {}, params["secure_json_data"]),
        _credentials(params),
        _headers(params["http_headers"], current.get("jsonData") or {}),
        _tls(params),
    )
    secrets = [part.secure for part in parts if part.secure is not None]
    return Settings(
        {key: value for part in parts for key, value in part.fields.items()},
        {key: value for part in parts for key, value in part.json_data.items()},
        # An empty string makes Grafana forget a secret.
        {key: value for part in secrets for key, value in part.items() if value != ""} if secrets else None,
    )


def _digest(values: dict[str, str], salt: bytes) -> str:
    # Clear text reaches the digest only; sorted, so that the order of keys does not count.
    text = json.dumps(values, sort_keys=True).encode()
    return hashlib.pbkdf2_hmac("sha256", text, salt, _ROUNDS).hex()


def fingerprint(values: dict[str, str], salt: bytes | None = None) -> str:
    """Salt and digest of secure values; the values cannot be read back from it."""
    salt = os.urandom(16) if salt is None else salt
    return f"{salt.hex()}.{_digest(values, salt)}"


def matches(values: dict[str, str], stored: str) -> bool:
    """True if stored is the fingerprint of values."""
    salt, dot, digest = stored.partition(".")
    try:
        return bool(dot) and hmac.compare_digest(_digest(values, bytes.fromhex(salt)), digest)
    except ValueError:
        return False


def _json_data(current: dict, declared: dict, secure: dict[str, str] | None) -> dict:
    # Keys nobody declared stay (Grafana's pages add some); a null removes its key.
    merged = {key: value for key, value in {**current, **declared}.items() if value is not None}
    if secure and not matches(secure, str(current.get(FINGERPRINT, ""))):
        merged[FINGERPRINT] = fingerprint(secure)
    elif secure == {}:
        merged.pop(FINGERPRINT, None)
    return merged


def _secure_data(current: dict, secure: dict[str, str] | None) -> dict[str, str]:
    # Grafana keeps a secure field that is not sent, so one that is no longer declared has to be emptied.
    if secure is None:
        return {}
    stored = [key for key, is_set in (current.get("secureJsonFields") or {}).items() if is_set]
    return {**{key: "" for key in stored}, **secure}


def desired(params: dict[str, t.Any], current: dict | None) -> dict:
    """The body for POST or PUT /api/datasources: declared values over the existing ones."""
    current = current or {}
    fields, declared, secure = settings(params, current)
    json_data = _json_data(current.get("jsonData") or {}, declared, secure)
    if params["owner"] and not current:
        # Only what we create is ours: a source that was there before outlives a removal.
        json_data[OWNER] = params["owner"]
    body = {key: current[key] for key in _CARRIED if key in current}
    body.update(
        fields,
        uid=params["uid"],
        name=params["name"],
        type=params["type"],
        url=params["ds_url"],
        access=params["access"],
        isDefault=bool(current.get("isDefault")) if params["is_default"] is None else params["is_default"],
        jsonData=json_data,
        secureJsonData=_secure_data(current, secure),
    )
    return body


def is_owned(source: dict, owner: str | None) -> bool:
    """True if this owner may remove the source."""
    return not owner or (source.get("jsonData") or {}).get(OWNER) == owner


def view(source: dict | None) -> dict:
    """The comparable part of a data source. Secure fields show as a fingerprint only."""
    if not source:
        return {}
    shown = {key: source.get(key) for key in _COMPARED}
    shown.update({key: source[key] for key in _IF_SET if source.get(key)})
    if source.get("basicAuth"):
        # Grafana keeps the last name when the authentication ends.
        shown["basicAuthUser"] = source.get("basicAuthUser")
    shown["jsonData"] = source.get("jsonData") or {}
    return shown


def changes(current: dict | None, body: dict) -> bool:
    """True if body has to be sent."""
    if current is None or view(current) != view(body):
        return True
    stored = current.get("secureJsonFields") or {}
    # A field that vanished, or one that has to: the fingerprint cannot tell.
    return any(bool(value) != bool(stored.get(key)) for key, value in body["secureJsonData"].items())
