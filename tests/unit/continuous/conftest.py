# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the continuous proof lie flat in one folder, as in their ConfigMap."""

from __future__ import annotations

import sys
from pathlib import Path

PROGRAMS = Path(__file__).parents[3] / "roles" / "pipeline_proof" / "files" / "continuous"
# And a CA for a server that is asked.
SERVERS = Path(__file__).parents[1] / "plugins" / "module_utils"
sys.path[:0] = [str(PROGRAMS), str(SERVERS)]
