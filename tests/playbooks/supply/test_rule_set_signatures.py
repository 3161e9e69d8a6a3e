"""Rule sets come signed by whom they have to be, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import signatures
from .rule_sets import CHANGED

ISSUER, IDENTITY = "https://issuer.example", "https://forge.example/rules/release@refs/tags/1.0.0"


@pytest.fixture
def signer(tmp_path, sets, environment, monkeypatch):
    """Signs a set of the registry; cosign, or its double, trusts the CA of these signatures."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "cosign").symlink_to(os.environ.get("COSIGN") or Path(__file__).with_name("cosign_double.py"))
    ours = signatures.Signer(tmp_path)
    path = f"{folder}{os.pathsep}{environment['PATH']}"
    # No log and no list of certificates is here.
    skipped = dict.fromkeys(("COSIGN_INSECURE_IGNORE_SCT", "COSIGN_INSECURE_IGNORE_TLOG"), "true")
    for name, value in {"PATH": path, "SIGSTORE_ROOT_FILE": str(ours.root), **skipped}.items():
        monkeypatch.setitem(environment, name, value)

    def sign(digest, by=ours, **more):
        given = {"issuer": ISSUER, "identity": IDENTITY, **more}
        by.sign(f"{sets.address}/mirror/rules/falco-incubating-rules", digest, environment=environment, **given)

    return sign


def test_a_signed_set_is_taken_and_what_was_not_checked_does_not_count(sets, signer):
    digest = sets.push()
    wanted = {"issuer": ISSUER, "identity": IDENTITY}
    sets.fetch(incubating=f"1.0.0@{digest}")
    missing = sets.fetch(incubating=f"1.0.0@{digest}", signer=wanted)
    assert " by falco_ebpf_rule_sets_signer cannot be confirmed: no signatures found" in missing["msg"]
    signer(digest)
    answer = sets.fetch(incubating=f"1.0.0@{digest}", signer=wanted)
    assert answer.get("changed") is True, answer
    assert sets.fetch(incubating=f"1.0.0@{digest}", signer=wanted, offline=True)["changed"] is False
    by_expression = {"issuer": ISSUER, "identity_regexp": "^https://forge[.]example/rules/"}
    assert sets.fetch(incubating=f"1.0.0@{digest}", signer=by_expression)["changed"] is True
    assert len(sets.files()) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"issuer": ISSUER, "identity": "https://forge.example/fork/release@refs/tags/1.0.0"},
        {"issuer": "https://other.example", "identity": IDENTITY},
        {"issuer": ISSUER, "identity_regexp": "^https://forge.example/fork/"},
    ],
)
def test_the_signature_of_another_identity_is_refused(sets, signer, other):
    digest = sets.push()
    signer(digest)
    answer = sets.fetch(incubating=f"1.0.0@{digest}", signer=other)
    assert "cannot be confirmed: no matching signatures: none of the expected identities matched" in answer["msg"]
    assert sets.files() == []


@pytest.mark.parametrize("fault", ["another set", "copied from another set", "another CA"])
def test_a_signature_that_is_not_one_of_this_set_is_refused(sets, signer, tmp_path, fault):
    digest, other = sets.push(), sets.push(CHANGED, tag="1.0.1")
    if fault == "another set":
        signer(other)
    elif fault == "copied from another set":
        signer(digest, payload_digest=other)
    else:
        (tmp_path / "other").mkdir()
        signer(digest, by=signatures.Signer(tmp_path / "other"))
    answer = sets.fetch(incubating=f"1.0.0@{digest}", signer={"issuer": ISSUER, "identity": IDENTITY})
    assert answer.get("failed"), answer
    assert "cannot be confirmed: no " in answer["msg"] and sets.files() == []


def test_without_cosign_no_signature_is_assumed(sets, environment, monkeypatch, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "skopeo").symlink_to("/usr/bin/skopeo")
    digest = sets.push()
    monkeypatch.setitem(environment, "PATH", str(programs))
    answer = sets.fetch(incubating=f"1.0.0@{digest}", signer={"issuer": ISSUER, "identity_regexp": "^x"})
    assert "the program cosign is not in PATH" in answer["msg"] and sets.files() == []


def test_a_signer_is_an_issuer_and_an_identity(sets):
    assert "issuer" in sets.fetch(signer={"identity": IDENTITY})["msg"]
    assert "identity" in sets.fetch(signer={"issuer": ISSUER})["msg"]
