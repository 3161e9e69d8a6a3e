# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders with charts, and what is looked up in the objects that they make."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
LAB = ROOT / "lab" / "charts"
REAL = [Path(os.environ["REAL_CHARTS"])] if "REAL_CHARTS" in os.environ else []
BOTH = pytest.mark.parametrize("charts", [LAB, *REAL], ids=["lab", "real"][: 1 + len(REAL)])


def pod(objects, kind, name):
    return objects[kind, name]["spec"]["template"]


def container(objects, kind, name):
    return pod(objects, kind, name)["spec"]["containers"][0]


def loki_config(objects):
    return yaml.safe_load(objects["ConfigMap", "loki"]["data"]["config.yaml"])


def secret(objects, name, key):
    """A file of a Secret; charts write it in either way."""
    data = objects["Secret", name]
    if key in data.get("stringData", {}):
        return yaml.safe_load(data["stringData"][key])
    return yaml.safe_load(base64.b64decode(data["data"][key]))
