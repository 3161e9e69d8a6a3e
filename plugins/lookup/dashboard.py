# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dashboard
version_added: 0.1.0
short_description: Read dashboards of Grafana from files, addresses and grafana.com
description:
  - Returns the JSON of each dashboard, checked as far as that is possible without a Grafana.
  - Takes classic JSON, V1 and V2 resources (C(apiVersion), C(metadata), C(spec)) and answers of Grafana's API (C(dashboard)).
    A V1 resource becomes the classic dashboard inside it.
  - An address is asked once in a run of Ansible; later calls return what it answered.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _terms:
    description:
      - Each is the path of a file on the controller, an address, or a dictionary with one of the keys C(path), C(url)
        and C(id), the number of a dashboard at grafana.com.
      - With C(id) goes C(revision), a number.
      - C(checksum), 64 hexadecimal digits of SHA-256, ends the run when the text is another one. An address with
        C(http) needs it.
      - C(uid) gives a dashboard its identity, 1 to 40 letters, digits, C(-) and C(_). It is needed where the text has
        none (the name of a resource is one), except with C(id), where it becomes C(grafana-com-ID).
    type: list
    elements: raw
    required: true
  revision_url:
    description: Address of a revision at grafana.com, or at a mirror, with the places C({id}) and C({revision}).
    type: str
    default: https://grafana.com/api/dashboards/{id}/revisions/{revision}/download
  variable:
    description: Name of the variable with the list, for messages.
    type: str
    default: the list
"""

EXAMPLES = r"""
- name: Show the uids of three dashboards
  ansible.builtin.debug:
    msg: "{{ query('runtime_security.kubernetes.dashboard', *dashboards) | map(attribute='uid') }}"
  vars:
    dashboards:
      - dashboards/nodes.json
      - https://git.example.org/raw/dashboards/shop.json
      - id: 11914
        revision: 1
        checksum: 4f1cbf2cbb0fcf1d1a1e8c4b5b1a2e2f0e9d9a3f4c6b7d8e9f0a1b2c3d4e5f60
"""

RETURN = r"""
_raw:
  description: The dashboards in their order, each with a C(title) and a C(uid).
  type: list
  elements: dict
"""

import hashlib
import json
import os
import re
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.urls import ConnectionError as UrlConnectionError
from ansible.module_utils.urls import SSLValidationError
from ansible.plugins.lookup import LookupBase
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_exports as exports
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.proxy import opened
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import text_file

_KEYS = {"path": {"uid", "checksum"}, "url": {"uid", "checksum"}, "id": {"uid", "checksum", "revision"}}
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_SECONDS = 30


class Refused(Exception):
    """A dashboard that cannot be used; the message says why, and what helps."""


def source(term):
    """The term as a dictionary with exactly one of path, url and id."""
    if isinstance(term, str):
        return {"url": term} if re.match(r"https?://", term) else {"path": term}
    if not isinstance(term, dict):
        raise Refused("it is neither a path, nor an address, nor a dictionary. Give one of these")
    kinds = [kind for kind in _KEYS if kind in term]
    if len(kinds) != 1:
        raise Refused("exactly one of path, url and id says where a dashboard is. Give one of them")
    kind = kinds[0]
    unknown = sorted(set(term) - {kind} - _KEYS[kind])
    if unknown:
        raise Refused(
            f"{', '.join(unknown)} does not go with {kind}. Allowed beside it: {', '.join(sorted(_KEYS[kind]))}"
        )
    for key in ("path", "url", "checksum"):
        if not isinstance(term.get(key, ""), str):
            raise Refused(f"{key} is {term[key]!r}, and no string. Set it to one")
    numbers = [str(term.get(key, "")) for key in ("id", "revision")]
    if kind == "id" and not all(re.fullmatch(r"[1-9][0-9]*", number) for number in numbers):
        raise Refused("id and revision are whole numbers above 0, both of them. Look them up at grafana.com")
    if not _SHA256.fullmatch(term.get("checksum", "0" * 64)):
        raise Refused("checksum is not 64 hexadecimal digits. Give the SHA-256 of the JSON")
    return term


def address(entry, revision_url):
    """Where to ask, or None for a file."""
    if "id" in entry:
        url = revision_url.replace("{id}", str(entry["id"])).replace("{revision}", str(entry["revision"]))
    else:
        url = entry.get("url")
    if url and not url.startswith("https://") and not (url.startswith("http://") and "checksum" in entry):
        raise Refused(f"{url} is not an https address. Use https, or http with a checksum")
    return url


def definition(entry, text):
    """The dashboard in the text, under the identity it is to have."""
    seen = hashlib.sha256(text).hexdigest()
    if entry.get("checksum", seen).lower() != seen:
        raise Refused(f"its SHA-256 is {seen}. Look at what changed, then give this checksum")
    try:
        found = exports.unwrapped(json.loads(text))
    except ValueError as exc:
        raise Refused(f"it is not JSON: {exc}. Export the dashboard again, as JSON") from exc
    except exports.DefinitionError as exc:
        raise Refused(str(exc)) from exc
    if not isinstance(found, dict) or not found.get("title"):
        raise Refused(
            "it is not a dashboard: its JSON has no title. Give the JSON of one dashboard, as Grafana exports it"
        )
    derived = f"grafana-com-{entry['id']}" if "id" in entry else ""
    uid = entry.get("uid") or found.get("uid") or derived
    if not uid:
        raise Refused("it has no uid, so each run would make a new dashboard. Give one by the key uid")
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise Refused(f"its uid is {uid!r}. Expected 1 to 40 letters, digits, '-' and '_'. Set another by the key uid")
    return {**found, "uid": uid}


def once(url):
    """What the address answers; the run keeps it in its own temporary folder, which Ansible removes when the run ends."""
    note = Path(constants.DEFAULT_LOCAL_TMP) / f"dashboard-{hashlib.sha256(url.encode()).hexdigest()}"
    if note.exists():
        return note.read_bytes()
    found = download(url)
    half = note.with_suffix(f".{os.getpid()}")
    half.write_bytes(found)
    # Workers of several hosts may be here at once.
    half.replace(note)
    return found


def download(url):
    try:
        with opened(url, timeout=_SECONDS, headers={"Accept": "application/json"}) as response:
            found = response.read(text_file.MOST_BYTES + 1)
    # URLError and HTTPError, sockets and their timeouts are all OSErrors.
    except (OSError, SSLValidationError, UrlConnectionError) as exc:
        raise Refused(f"{url} was not answered: {exc}. Check the address, or have the file on the controller") from exc
    if len(found) > text_file.MOST_BYTES:
        raise Refused(f"{url} answers with more than 4 MiB. Check the address")
    return found


class LookupModule(LookupBase):
    """The lookup of this file."""

    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        found = []
        for term in terms:
            try:
                found.append(self._one(term, variables))
            except Refused as exc:
                raise AnsibleError(
                    f"{self.get_option('variable')} has the dashboard {term!r}, which cannot be used: {exc}."
                ) from None
        return found

    def _one(self, term, variables):
        entry = source(term)
        url = address(entry, self.get_option("revision_url"))
        return definition(entry, once(url) if url else self._file(entry["path"], variables))

    def _file(self, path, variables):
        place = self.find_file_in_search_path(variables, "files", path, ignore_missing=True)
        text = text_file.read(place or None)
        if text is None:
            raise Refused("there is no such file on the controller, of UTF-8 text and at most 4 MiB. Correct the path")
        return text.encode()
