# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check: which hops between the parts are not encrypted, as far as Grafana and the options say.

It is no failure that there are some: the line is there so that nobody has to believe that there are none.
"""

from __future__ import annotations

import typing as t

from ..grafana_client import path
from .grafana import Reader, Refused
from .watch import NotYet, Watch, observe

_EVERY_SECONDS = 1
NAME = "the hops that are not encrypted"
_TITLES = {"prometheus": "Prometheus", "loki": "Loki"}
# Who has the right to see a data source's address depends on Grafana's version and on the account.
_NOT_SHOWN = (401, 403)


def hops(watch: Watch, grafana: Reader, uids: dict[str, str], agent_has_certificate: bool) -> t.Iterator[dict]:
    """uids: those of the data sources, by kind."""

    def look() -> str:
        plain, unknown = [], []
        if not agent_has_certificate:
            plain.append("the log agent to Loki")
        for kind, uid in uids.items():
            hop = f"Grafana to {_TITLES[kind]}"
            encrypted = _is_encrypted(grafana, uid)
            if encrypted is None:
                unknown.append(hop)
            elif not encrypted:
                plain.append(hop)
        if not grafana.url.startswith("https://"):
            plain.append("people to Grafana")
        # Their exporters have no TLS.
        plain.append("Prometheus to the metrics")
        found = f"not encrypted: {', '.join(plain)}"
        return f"{found}; not shown to this user: {', '.join(unknown)}" if unknown else found

    yield observe(watch, NAME, look, _EVERY_SECONDS, str)


def _is_encrypted(grafana: Reader, uid: str) -> bool | None:
    """Whether a data source has an address with https and validates the certificate; None where Grafana does not say."""
    try:
        source = grafana.get(path("datasources", "uid", uid))
    except Refused as exc:
        if exc.status in _NOT_SHOWN:
            return None
        raise
    if not isinstance(source.get("url"), str):
        raise NotYet(f"Grafana's answer has no address of data source {uid}")
    return source["url"].startswith("https://") and not (source.get("jsonData") or {}).get("tlsSkipVerify")
