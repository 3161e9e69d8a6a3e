#!/usr/bin/env python3
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the dashboards' JSON, roles/grafana_wiring/files/dashboards, from tools/dashboards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tools"))
from dashboards import api_audit, log_explorer, pipeline_health, runtime_security_events

FOLDER = TOP / "roles" / "grafana_wiring" / "files" / "dashboards"
PAGES = (runtime_security_events, log_explorer, pipeline_health, api_audit)


def texts() -> dict[Path, str]:
    """Each file with what belongs into it."""
    pages = [page.dashboard() for page in PAGES]
    return {FOLDER / f"{page['uid']}.json": json.dumps(page, indent=2, ensure_ascii=False) + "\n" for page in pages}


if __name__ == "__main__":
    for file, text in texts().items():
        file.write_text(text, encoding="utf-8")
