# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that `ansible-galaxy collection build` makes: its size, its files, and what its texts refer to."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[2]
# 620 KiB.
MOST_BYTES = 660 * 1024
# Roles for the collection's own playbooks; their READMEs are for contributors.
INTERNAL = ("playbook",)
TOP_LEVEL = {
    "CHANGELOG.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}
# A path of this repository in running text or code.
NAMED = re.compile(
    r"(?<![\w/.-])((?:bench|changelogs|docs|lab|molecule|playbooks|plugins|roles|tests|tools)/[\w./-]+[\w/])"
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    program = Path(sys.executable).with_name("ansible-galaxy")
    done = subprocess.run(
        [program, "collection", "build", "--output-path", folder, TOP], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(folder.glob("runtime_security-kubernetes-*.tar.gz"))


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def documents(unpacked):
    return [unpacked / "README.md", *sorted(unpacked.glob("docs/*.md")), *sorted(unpacked.glob("roles/*/README.md"))]


def text_of(file):
    return file.read_text(encoding="utf-8")


def anchors(document):
    """The anchors of a document's headings, as hosts of repositories make them."""
    found = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text_of(document), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def target_fault(file, link, unpacked):
    """What is wrong with a link of a file, or ''."""
    path, _, anchor = link.partition("#")
    target = (file.parent / path).resolve() if path else file
    if not target.is_relative_to(unpacked.resolve()) or not target.exists():
        return f"{file.relative_to(unpacked)}: no file for {link}"
    if anchor and anchor not in anchors(target):
        return f"{file.relative_to(unpacked)}: no heading for {link}"
    return ""


def test_it_is_small(archive):
    """Packed in order: ansible-galaxy takes the order of the folders, which moves the size by 1 %."""
    measured = io.BytesIO()
    with tarfile.open(archive) as packed, tarfile.open(fileobj=measured, mode="w:gz") as sorted_by_name:
        for member in sorted(packed.getmembers(), key=lambda one: one.name):
            member.mtime = 0
            sorted_by_name.addfile(member, packed.extractfile(member) if member.isfile() else None)
    assert len(measured.getvalue()) <= MOST_BYTES


def test_it_holds_what_is_needed_to_run_and_nothing_else(unpacked):
    # The changelog comes with the first release.
    assert {entry.name for entry in unpacked.iterdir()} - {"changelogs"} == TOP_LEVEL
    assert not (unpacked / "roles/grafana_wiring/dashboards").exists()
    tracked = subprocess.run(
        ["git", "ls-files", "meta", "playbooks", "plugins", "roles"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    wanted = {name for name in tracked if not name.startswith("roles/grafana_wiring/dashboards/")}
    wanted -= {f"roles/{role}/README.md" for role in INTERNAL}
    assert [name for name in wanted if (TOP / name).exists() and not (unpacked / name).exists()] == []


def test_every_link_leads_to_a_file_and_a_heading_of_the_archive(unpacked):
    links = [
        (document, link)
        for document in [*documents(unpacked), unpacked / "SECURITY.md", unpacked / "CHANGELOG.md"]
        for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text_of(document), flags=re.DOTALL))
        if "://" not in link
    ]
    assert [fault for document, link in links if (fault := target_fault(document, link, unpacked))] == []


def test_every_file_that_a_document_names_is_in_the_archive(unpacked):
    missing = {
        f"{document.relative_to(unpacked)}: {name}"
        for document in documents(unpacked)
        for name in NAMED.findall(text_of(document))
        if (TOP / name).exists() and not (unpacked / name).exists()
    }
    assert sorted(missing) == []


def test_no_document_asks_for_a_checkout(unpacked):
    wrong = {
        f"{document.relative_to(unpacked)}: {word}"
        for document in documents(unpacked)
        for word in re.findall(
            r"\bmake [a-z-]+`|\bCONTRIBUTING\b|`site\.yml -|ansible-playbook (?:site|playbooks/)\S+", text_of(document)
        )
    }
    assert sorted(wrong) == []


def test_every_page_that_code_names_is_in_the_archive(unpacked):
    """Messages, runbooks of alerts and comments lead to pages and headings."""
    faults = {
        fault
        for file in unpacked.rglob("*")
        if file.suffix in {".py", ".yml", ".j2", ".json"} and file.name != "FILES.json"
        for link in re.findall(r"\bdocs/\w+\.md(?:#[\w-]*\w)?", text_of(file))
        if (fault := target_fault(unpacked / "README.md", link, unpacked))
    }
    assert sorted(faults) == []


def test_requirements_are_ranges(unpacked):
    lines = text_of(unpacked / "requirements.txt").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert named and not [line for line in named if "==" in line]
    info = json.loads(text_of(unpacked / "MANIFEST.json"))["collection_info"]
    assert all(re.fullmatch(r">=[\d.]+,<[\d.]+", version) for version in info["dependencies"].values())


def test_addresses_exist():
    """No invented home page, repository or tracker."""
    assert "invalid" not in text_of(TOP / "galaxy.yml") and "example" not in text_of(TOP / "galaxy.yml")


def test_dependencies_are_the_collections_that_are_used(unpacked):
    declared = set(yaml.safe_load(text_of(TOP / "galaxy.yml"))["dependencies"])
    used = {
        name
        for file in [
            *unpacked.glob("roles/**/*.yml"),
            *unpacked.glob("playbooks/**/*.yml"),
            *unpacked.glob("plugins/**/*.py"),
        ]
        for name in declared
        if re.search(rf"\b{re.escape(name)}\.|ansible_collections\.{re.escape(name)}\b", text_of(file))
    }
    assert used == declared
