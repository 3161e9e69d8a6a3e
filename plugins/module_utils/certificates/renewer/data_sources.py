# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana's data sources, whose client certificates are in Grafana's database. Private to the collection."""

from __future__ import annotations

import base64
import json
import ssl
import typing as t
import urllib.error
import urllib.request

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    grafana_data_source_settings as settings,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Data
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import Api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.secret_store import path
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.secret_objects import decoded
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Place
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

_SECONDS = 20
# On Grafana's Service: the Secret with the CA of its certificate.
_CERTIFICATE_SECRET = "runtime-security/certificate-secret"
_FIELDS = {"tlsCACert": "ca.crt", "tlsClientCert": "tls.crt", "tlsClientKey": "tls.key"}
# What the body of a PUT has of the data source that was read; secure fields that it does not name stay.
_KEPT = (
    *("uid", "name", "type", "url", "access", "isDefault", "basicAuth", "basicAuthUser", "database", "user"),
    "version",
)


class GrafanaError(WorkError):
    """Grafana did not answer (status 0), or refused."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Grafana:
    """Grafana in this cluster, as its administrator."""

    def __init__(self, api: Api, namespace: str, service: str, admin_secret: str, ca_secret: str) -> None:
        self._api, self._namespace, self._service = api, namespace, service
        self._admin, self._ca = Place(namespace, admin_secret), Place(namespace, ca_secret) if ca_secret else None

    def request(self, method: str, what: str, body: dict | None = None) -> dict[str, t.Any]:
        """The answer of a request; the address, the password and the CA are read again each time."""
        url, tls = self._address()
        admin = decoded(self._secret(self._admin))
        user, password = admin.get("admin-user", b""), admin.get("admin-password", b"")
        headers = {
            "Authorization": f"Basic {base64.b64encode(user + b':' + password).decode()}",
            "Content-Type": "application/json",
        }
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url + what, content, headers, method=method)
        try:
            # Not through a proxy of the image's environment.
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
            )
            with opener.open(request, timeout=_SECONDS) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            said = error.read()[:200].decode(errors="replace")
            raise GrafanaError(f"Grafana: {method} {what}: {error.code} {said}", error.code) from error
        except (OSError, ValueError) as error:
            raise GrafanaError(f"Grafana: {method} {what}: no answer ({type(error).__name__}: {error})") from error

    def _address(self) -> tuple[str, ssl.SSLContext | None]:
        found = self._api.get(f"/api/v1/namespaces/{self._namespace}/services/{self._service}")
        if found is None:
            raise WorkError(f"Grafana: Service {self._namespace}/{self._service} does not exist.")
        port = found["spec"]["ports"][0]
        host = f"{self._service}.{self._namespace}.svc:{port['port']}"
        if port.get("appProtocol") != "https":
            return f"http://{host}", None
        tls = ssl.create_default_context()
        if self._ca and (found["metadata"].get("annotations") or {}).get(_CERTIFICATE_SECRET) == self._ca.secret:
            tls.load_verify_locations(cadata=decoded(self._secret(self._ca)).get("ca.crt", b"").decode())
        return f"https://{host}", tls

    def _secret(self, place: Place) -> dict:
        found = self._api.get(path(place))
        if found is None:
            raise WorkError(f"Grafana: Secret {place} does not exist.")
        return found


class Source(t.NamedTuple):
    """A data source, and the certificate that Grafana shows there."""

    uid: str
    certificate: str


def outdated(grafana: Grafana, sources: list[Source], data: dict[str, Data]) -> list[Source]:
    """Those that have other certificates; a data source that does not exist is not this pod's business."""
    found = {source: _read(grafana, source) for source in sources}
    return [
        source for source, now in found.items() if now is not None and not _is_current(now, data[source.certificate])
    ]


def write(grafana: Grafana, sources: list[Source], data: dict[str, Data]) -> None:
    """Give them these certificates, and change nothing else of them."""
    for source in sources:
        now = _read(grafana, source)
        if now is None:
            continue
        secure = _secure(data[source.certificate])
        body = {key: now[key] for key in _KEPT if key in now}
        body["jsonData"] = {
            **(now.get("jsonData") or {}),
            settings.CERTIFICATE: settings.certificate_fingerprint(secure),
        }
        if _stored(now) == set(secure):
            # The fingerprint of all secure fields, by which the role sees that nothing is left to do.
            body["jsonData"][settings.FINGERPRINT] = settings.fingerprint(secure)
        body["secureJsonData"] = secure
        grafana.request("PUT", f"/api/datasources/uid/{source.uid}", body)


def _read(grafana: Grafana, source: Source) -> dict | None:
    try:
        return grafana.request("GET", f"/api/datasources/uid/{source.uid}")
    except GrafanaError as error:
        if error.status == 404:
            return None
        raise


def _is_current(now: dict, data: Data) -> bool:
    stated = (now.get("jsonData") or {}).get(settings.CERTIFICATE)
    return stated == settings.certificate_fingerprint(_secure(data)) and set(_FIELDS) <= _stored(now)


def _stored(now: dict) -> set[str]:
    return {key for key, is_set in (now.get("secureJsonFields") or {}).items() if is_set}


def _secure(data: Data) -> dict[str, str]:
    return {field: data.get(key, b"").decode() for field, key in _FIELDS.items()}
