# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what checks of the proof return."""

from __future__ import annotations


def only(lines):
    (entry,) = lines
    return entry


def verdict(entry):
    return entry["name"], entry["ok"]


BRIEF = 0.3
