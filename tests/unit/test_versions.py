# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""versions.yml has every version that the roles pin, and no other."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import yaml

TOP = Path(__file__).parents[2]
FILE = yaml.safe_load((TOP / "versions.yml").read_text(encoding="utf-8"))
PINS = {pin["variable"]: pin for pin in FILE["pins"]}
VERSION = re.compile(r"v?\d+\.\d+(?:\.\d+)?")


def pinned() -> dict[str, set[str]]:
    """Names of the inputs of roles and playbooks whose default has a version, and the versions in it."""
    files = [path for path in TOP.glob("roles/*/defaults/**/*.yml") if path.is_file()]
    defaults = {name: value for file in files for name, value in (yaml.safe_load(file.read_text()) or {}).items()}
    named = {name: str(value) for name, value in defaults.items() if re.search(r"_(version|image|image_tag)$", name)}
    # An image that another input names is that one's.
    own = {name: text for name, text in named.items() if "_image | default(" not in text}
    return {name: set(VERSION.findall(text)) for name, text in own.items() if VERSION.search(text)}


def test_the_file_has_every_pinned_version():
    assert {name: set(pin["versions"]) for name, pin in PINS.items()} == pinned()


def test_each_pin_that_is_not_the_newest_says_why():
    for pin in FILE["pins"]:
        assert set(pin) - {"newest", "why"} == {"name", "variable", "versions", "source"}
        assert ("newest" in pin) == ("why" in pin), pin["name"]
        assert pin.get("newest") not in pin["versions"], pin["name"]
    assert isinstance(FILE["looked_at"], datetime.date)
