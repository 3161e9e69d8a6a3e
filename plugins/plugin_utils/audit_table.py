# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of detections that the role grafana_wiring ships. Private to the collection."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

FILE = Path(__file__).parents[2] / "roles" / "grafana_wiring" / "files" / "audit" / "detections.yml"


def table() -> list[dict[str, t.Any]]:
    """The detections in their order."""
    return yaml.load(FILE.read_text(encoding="utf-8"), Loader=LOADER)


def uids() -> list[str]:
    """The names of detections."""
    return [entry["uid"] for entry in table()]
