#!/usr/bin/env python3
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write ../files/dashboards/*.json from the modules of this folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROLE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROLE))
from dashboards import api_audit, log_explorer, pipeline_health, runtime_security_events

FOLDER = ROLE / "files" / "dashboards"
PAGES = (runtime_security_events, log_explorer, pipeline_health, api_audit)


def files() -> dict[Path, str]:
    """Each file with its content."""
    pages = [page.dashboard() for page in PAGES]
    return {
        FOLDER / f"{page['uid']}.json": json.dumps(page, separators=(",", ":"), ensure_ascii=False) + "\n"
        for page in pages
    }


if __name__ == "__main__":
    for file, content in files().items():
        file.write_text(content, encoding="utf-8")
