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


def test_kubectl_of_the_execution_environment_is_at_most_one_minor_version_from_the_cluster():
    packages = yaml.safe_load((TOP / "execution-environment.yml").read_text(encoding="utf-8"))["dependencies"]["system"]
    (client,) = [name for package in packages for name in re.findall(r"^kubernetes1\.(\d+)-client", package)]
    (cluster,) = [version for version in PINS["minikube_kubernetes_version"]["versions"] if version.startswith("v1.")]
    assert abs(int(client) - int(cluster.split(".")[1])) <= 1


def test_the_controller_has_the_named_versions():
    """Of the requirements, the matrix, the execution environment and the README."""
    text = (TOP / "tools/requirements-run.txt").read_text(encoding="utf-8")
    named = {entry["name"]: list(map(str, entry["versions"])) for entry in FILE["controller"]}
    assert named == {name: re.findall(rf"^{name}==([\d.]+);", text, re.MULTILINE) for name in named}
    matrix = yaml.safe_load((TOP / "tools/matrix/versions.yml").read_text(encoding="utf-8"))["ansible"]
    assert {entry["kubernetes.core"] for entry in matrix} == set(named["ansible"])
    environment = yaml.safe_load((TOP / "execution-environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"]["ansible_core"]["package_pip"] == f"ansible-core=={named['ansible-core'][0]}"
    first, last = matrix[0]["core"], matrix[-1]["core"]
    assert named["ansible-core"][0].rpartition(".")[0] == last
    assert f"| ansible-core | {first} to {last}," in (TOP / "README.md").read_text(encoding="utf-8")
