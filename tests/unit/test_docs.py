"""What the documents say of commands, playbooks and roles is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
DOCUMENTS = [
    TOP / "README.md",
    TOP / "CONTRIBUTING.md",
    TOP / "lab" / "README.md",
    *sorted((TOP / "docs").glob("*.md")),
]


def text_of(document):
    return document.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_link_leads_somewhere(document):
    links = re.findall(r"\]\(([^)#:]+)\)", text_of(document))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_make_command_is_a_target(document):
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text_of(document), re.MULTILINE))
    assert named <= targets


def test_every_playbook_and_role_is_named():
    text = text_of(TOP / "README.md")
    playbooks = {path.stem for path in (TOP / "playbooks").glob("*.yml")}
    roles = {path.name for path in (TOP / "roles").iterdir() if path.is_dir()} - {"playbook"}
    assert [name for name in playbooks if f"runtime_security.kubernetes.{name}`" not in text] == []
    assert [name for name in roles if f"roles/{name}/README.md" not in text] == []
