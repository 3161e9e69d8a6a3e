# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_records import MARK, MARK_NAME, PATHS
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import value_paths


def release_marks(releases: list[dict], known: dict, namespace: str, names: list[str]) -> list[dict]:
    """A ConfigMap for each release of these names: it is ours, and so are the values at these paths."""
    marks = []
    for release in releases:
        if release["name"] in names:
            # Until Helm has ended, the values of the last time are ours too.
            before = known["managed"].get(f"{namespace}/{release['name']}") or []
            paths = sorted({*before, *value_paths(release.get("values") or {})})
            marks.append(
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {
                        "name": MARK_NAME % release["name"],
                        "namespace": namespace,
                        "labels": {MARK: release["name"]},
                        "annotations": {PATHS: json.dumps(paths)},
                    },
                }
            )
    return marks


class FilterModule:
    def filters(self) -> dict:
        return {"release_marks": release_marks}
