# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Ansible find the collection's plugins by their full names; it has to come before the first import of one."""

from __future__ import annotations

import os
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(Path(__file__).parents[2] / ".ansible/collections")])


def pytest_report_header():
    return [
        f"real charts: {f'compared, from {os.environ[name]}' if name in os.environ else f'not compared, ${name} names no folder with them'}"
        for name in ("REAL_CHARTS", "REAL_FALCO_CHARTS")
    ]
