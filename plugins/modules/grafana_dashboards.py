#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_dashboards
short_description: Manage a folder of Grafana and many dashboards in it
version_added: 0.1.0
description:
  - Writes a list of dashboards into one folder, which is made when it is missing.
  - Each dashboard gets two tags, O(owner) and a mark of its content. One search request tells from them which
    dashboards are unchanged, so hundreds of unchanged dashboards cost a handful of requests.
  - Supports check mode, also while the folder is missing, and shows differences.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - community.grafana.basic_auth
  - community.grafana.api_key
  - runtime_security.kubernetes.grafana
options:
  folder_uid:
    description:
      - The identity of the folder.
    type: str
    required: true
  folder_title:
    description:
      - The title of the folder. The default is its uid.
    type: str
  dashboards:
    description:
      - The dashboards, each as a dictionary, or as the path of a JSON file on the managed host.
      - Each one needs a C(title) and a C(uid) of 1 to 40 letters, digits, C(-) and C(_).
      - A resource of Grafana's newer API (C(apiVersion), C(metadata), C(spec)) will do as well, unless its schema is v2.
    type: list
    elements: raw
    default: []
  inputs:
    description:
      - Values for the C(__inputs) of exported dashboards, by the input's name (C(DS_PROMETHEUS)) or, for all inputs
        of a kind, by the plugin's id (C(prometheus)).
    type: dict
    default: {}
  owner:
    description:
      - The tag that marks dashboards as ours. Tags are at most 50 characters long.
    type: str
    default: runtime_security.kubernetes
  overwrite:
    description:
      - Whether to take over a dashboard that has the uid of a declared one but not the tag O(owner).
      - When V(false), the module fails before it writes anything.
    type: bool
    default: false
  restore_edits:
    description:
      - Whether to write a declared dashboard again when somebody has saved it since.
      - Costs one request for each dashboard that is otherwise unchanged.
    type: bool
    default: false
  purge:
    description:
      - Whether to remove dashboards that were written with the same O(owner), in any folder, and are no longer
        declared.
      - Copies of them that somebody saved under another uid stay.
    type: bool
    default: false
  state:
    description:
      - V(absent) removes all dashboards of this O(owner), then the folder if nothing else is in it.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Returns the JSON of each dashboard that changes, before and after.
"""

EXAMPLES = r"""
- name: Have two dashboards in a folder and remove those that were declared before
  runtime_security.kubernetes.grafana_dashboards:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    folder_uid: runtime-security
    folder_title: Runtime security
    dashboards:
      - "{{ lookup('ansible.builtin.file', 'dashboards/log-explorer.json') | from_json }}"
      - /srv/dashboards/nodes.json
    inputs:
      prometheus: prometheus
      DS_LOGS: loki
    purge: true

- name: Remove the dashboards and their folder
  runtime_security.kubernetes.grafana_dashboards:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    folder_uid: runtime-security
    state: absent
"""

RETURN = r"""
folder:
  description: What happened to the folder.
  returned: success
  type: str
  choices: [created, renamed, unchanged, removed, kept, absent]
  sample: unchanged
created:
  description: The uids of dashboards that were missing.
  returned: success
  type: list
  elements: str
  sample: [log-explorer]
updated:
  description: The uids of dashboards that were different or in another folder.
  returned: success
  type: list
  elements: str
  sample: [runtime-security-events]
unchanged:
  description: The uids of dashboards that were as declared.
  returned: success
  type: list
  elements: str
  sample: []
removed:
  description: The uids of dashboards that were removed.
  returned: success
  type: list
  elements: str
  sample: []
"""

import json
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_dashboards as boards
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    UID_RULE,
    Grafana,
    GrafanaError,
    connection_spec,
    is_uid,
    path,
)

# Grafana's upper limit for one page of search results.
_PAGE = 5000
# Its status for a dashboard that is stored in schema v2 (12 and newer).
_OTHER_SCHEMA = 406
# Its status for a dashboard whose stored version is another than the one that was sent.
_OTHER_VERSION = 412
_TRIES = 10
_PAUSE_SECONDS = 0.2


def _search(grafana: Grafana, **query: t.Any) -> list[dict]:
    hits: list[dict] = []
    page = 1
    while True:
        answer = grafana.request("GET", path("search", limit=_PAGE, page=page, **query))
        hits += answer
        if len(answer) < _PAGE:
            return hits
        page += 1


def _definition(entry: t.Any) -> t.Any:
    if not isinstance(entry, str):
        return entry
    try:
        with open(entry, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as exc:
        raise boards.DefinitionError(f"dashboard file {entry!r} cannot be used: {exc}") from exc


class Writer:
    """Brings a folder and its dashboards to the declared state; in check mode it only finds out."""

    def __init__(self, grafana: Grafana, params: dict[str, t.Any], check_mode: bool) -> None:
        self.grafana = grafana
        self.folder_uid = params["folder_uid"]
        self.folder_title = params["folder_title"] or params["folder_uid"]
        self.owner = params["owner"]
        self.overwrite = params["overwrite"]
        self.restore_edits = params["restore_edits"]
        self.check_mode = check_mode
        self.result: dict[str, t.Any] = {
            "folder": "unchanged",
            "created": [],
            "updated": [],
            "unchanged": [],
            "removed": [],
        }
        self.diff: list[dict] = []

    def present(self, dashboards: list[boards.Dashboard], purge: bool) -> None:
        hits = _search(self.grafana, type="dash-db", tag=self.owner)
        seen = {hit["uid"]: hit for hit in hits}
        # All reading and refusing comes before the first change.
        writes = [
            write for write in (self._judge(dashboard, seen.get(dashboard.uid)) for dashboard in dashboards) if write
        ]
        self._have_folder()
        for dashboard, current in writes:
            self._write(dashboard, current)
        if purge:
            self._remove(boards.stale(hits, dashboards, self.owner), seen)

    def absent(self) -> None:
        hits = _search(self.grafana, type="dash-db", tag=self.owner)
        self._remove(boards.stale(hits, [], self.owner), {hit["uid"]: hit for hit in hits})
        if self.grafana.request("GET", path("folders", self.folder_uid), absent=(404,)) is None:
            self.result["folder"] = "absent"
            return
        left = [
            hit
            for hit in _search(self.grafana)
            if hit.get("folderUid") == self.folder_uid and hit["uid"] not in self.result["removed"]
        ]
        self.result["folder"] = "kept" if left else "removed"
        if not left and not self.check_mode:
            # Grafana itself refuses if alert rules live in the folder.
            self.grafana.request("DELETE", path("folders", self.folder_uid))

    def _judge(self, dashboard: boards.Dashboard, hit: dict | None) -> tuple[boards.Dashboard, dict | None] | None:
        """The dashboard and what Grafana has under its uid, or None if nothing is to be written."""
        if hit and self._is_current(dashboard, hit.get("tags"), hit.get("folderUid")) and self._is_unedited(dashboard):
            self.result["unchanged"].append(dashboard.uid)
            return None
        # The search index of newer versions lags behind, so the dashboard itself has the last word.
        current = self._read(dashboard.uid, hit)
        if current is None:
            self.result["created"].append(dashboard.uid)
            return dashboard, None
        self._refuse_foreign(dashboard, current)
        if not hit and self._is_current(dashboard, current["dashboard"].get("tags"), current["meta"].get("folderUid")):
            self.result["unchanged"].append(dashboard.uid)
            return None
        self.result["updated"].append(dashboard.uid)
        return dashboard, current

    def _read(self, uid: str, hit: dict | None) -> dict | None:
        """What Grafana has under a uid, or None."""
        try:
            return self.grafana.request("GET", path("dashboards", "uid", uid), absent=(404,))
        except GrafanaError as exc:
            if exc.status != _OTHER_SCHEMA:
                raise
        # Somebody has saved it in schema v2: this part of the API shows no more of it than the search does.
        hit = hit or {}
        found = {"title": hit.get("title", uid), "tags": hit.get("tags", [])}
        return {"dashboard": found, "meta": {"folderUid": hit.get("folderUid")}, "other_schema": True}

    def _is_current(self, dashboard: boards.Dashboard, tags: list[str] | None, folder_uid: str | None) -> bool:
        return dashboard.mark in (tags or []) and folder_uid == self.folder_uid

    def _is_unedited(self, dashboard: boards.Dashboard) -> bool:
        # An edit in Grafana keeps the tags, but not the message of the save.
        if not self.restore_edits:
            return True
        # It may be missing already where the search index lags behind.
        answer = self.grafana.request(
            "GET", path("dashboards", "uid", dashboard.uid, "versions", limit=1), absent=(404,)
        )
        if answer is None:
            return False
        versions = answer.get("versions", []) if isinstance(answer, dict) else answer
        # Grafana replaces the message of a dashboard's first version by words of its own.
        return bool(versions) and (
            versions[0].get("version") == 1 or dashboard.mark in (versions[0].get("message") or "")
        )

    def _refuse_foreign(self, dashboard: boards.Dashboard, current: dict) -> None:
        if current["meta"].get("provisioned"):
            raise GrafanaError(
                f"dashboard {dashboard.uid!r} comes from a provisioning file of Grafana at {self.grafana.url}, "
                "so the API cannot change it. Remove it there, or give the declared one another uid."
            )
        if not self.overwrite and self.owner not in (current["dashboard"].get("tags") or []):
            title = current["dashboard"].get("title")
            raise GrafanaError(
                f"Grafana at {self.grafana.url} already has a dashboard with the uid {dashboard.uid!r} ({title!r}) "
                f"that does not carry the tag {self.owner!r}. Give the declared one another uid, or set "
                "overwrite to true to replace it."
            )

    def _have_folder(self) -> None:
        wanted = {"uid": self.folder_uid, "title": self.folder_title}
        folder = self.grafana.request("GET", path("folders", self.folder_uid), absent=(404,))
        if folder and folder["title"] == self.folder_title:
            return
        self.result["folder"] = "renamed" if folder else "created"
        before = {"uid": self.folder_uid, "title": folder["title"]} if folder else {}
        self.diff.append({"before_header": "folder", "after_header": "folder", "before": before, "after": wanted})
        if self.check_mode:
            return
        if folder:
            self.grafana.request(
                "PUT", path("folders", self.folder_uid), {"title": self.folder_title, "version": folder.get("version")}
            )
        else:
            self.grafana.request("POST", path("folders"), wanted)

    def _write(self, dashboard: boards.Dashboard, current: dict | None) -> None:
        before = boards.content(current and current["dashboard"])
        self._diff(dashboard.uid, before, dashboard.body)
        if self.check_mode:
            return
        body = {**dashboard.body, "id": None}
        if current:
            body["version"] = current["dashboard"].get("version")
        # Not "overwrite" if it can be helped: before 11.3 it replaces a namesake of another uid. The version lets only
        # our own through. A dashboard in schema v2 shows no version, but then Grafana is a newer one.
        payload = {
            "dashboard": body,
            "folderUid": self.folder_uid,
            "message": f"{self.owner}: {dashboard.mark}",
            "overwrite": bool(current and current.get("other_schema")),
        }
        try:
            self._save(dashboard.uid, payload)
        except GrafanaError as exc:
            raise GrafanaError(
                f"dashboard {dashboard.title!r} ({dashboard.uid}) was not saved: {exc}", exc.status
            ) from exc

    def _save(self, uid: str, payload: dict) -> None:
        """Save a dashboard, once more where Grafana took its own locked database for somebody else.

        It counts the version up before it writes. Where SQLite is busy then, it tries again with that version and finds
        that it is not the stored one (saveDashboard in pkg/services/dashboards/database/database.go).
        """
        version = payload["dashboard"].get("version")
        for left in reversed(range(_TRIES)):
            try:
                self.grafana.request("POST", path("dashboards", "db"), payload)
                return
            except GrafanaError as exc:
                if exc.status != _OTHER_VERSION or not left or version is None:
                    raise
                current = self._read(uid, None)
                if current is None or current["dashboard"].get("version") != version:
                    raise
            time.sleep(_PAUSE_SECONDS)

    def _remove(self, uids: list[str], seen: dict[str, dict]) -> None:
        for uid in uids:
            if (
                not self.check_mode
                and self.grafana.request("DELETE", path("dashboards", "uid", uid), absent=(404,)) is None
            ):
                continue
            self.result["removed"].append(uid)
            self._diff(uid, {"title": seen[uid]["title"]}, {})

    def _diff(self, uid: str, before: dict, after: dict) -> None:
        header = f"dashboard {uid}"
        self.diff.append({"before_header": header, "after_header": header, "before": before, "after": after})


def main() -> None:
    spec = connection_spec()
    spec.update(
        folder_uid={"type": "str", "required": True},
        folder_title={"type": "str"},
        dashboards={"type": "list", "elements": "raw", "default": []},
        inputs={"type": "dict", "default": {}},
        owner={"type": "str", "default": "runtime_security.kubernetes"},
        overwrite={"type": "bool", "default": False},
        restore_edits={"type": "bool", "default": False},
        purge={"type": "bool", "default": False},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
    )
    module = AnsibleModule(
        argument_spec=spec, mutually_exclusive=[("url_username", "grafana_api_key")], supports_check_mode=True
    )
    params = module.params
    if not is_uid(params["folder_uid"]):
        module.fail_json(msg=f"folder_uid {params['folder_uid']!r} cannot be used: give it {UID_RULE}.")
    writer = Writer(Grafana(params), params, module.check_mode)
    try:
        if params["state"] == "present":
            definitions = [_definition(entry) for entry in params["dashboards"]]
            writer.present(boards.prepare_all(definitions, params["inputs"], params["owner"]), params["purge"])
        else:
            writer.absent()
    except (GrafanaError, boards.DefinitionError) as exc:
        module.fail_json(msg=str(exc))
    result = writer.result
    changed = bool(result["created"] or result["updated"] or result["removed"]) or result["folder"] in (
        "created",
        "renamed",
        "removed",
    )
    module.exit_json(changed=changed, diff=writer.diff, **result)


if __name__ == "__main__":
    main()
