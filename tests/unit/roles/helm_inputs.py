# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that tests ask for, and what is deployed of them."""

from __future__ import annotations

from objects_double import made, mark, release

NAMESPACE = made("Namespace", "monitoring")
LOKI = {"name": "loki", "chart": "loki", "repository": "https://charts.example", "version": "7.0.0", "values": {"a": 1}}
ALLOY = LOKI | {"name": "alloy", "chart": "oci://charts.example/alloy", "values": {"secret": "planted-word"}}
DEPLOYED = release("loki", config={"a": 1}, version="7.0.0")
RECORD = mark("loki", ["/a"])


def actions(result):
    return {name: one["action"] for name, one in result["releases"].items()}
