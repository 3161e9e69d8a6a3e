"""Rule sets come by digest and whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import rule_artifacts
from .rule_sets import CHANGED, RULES
from .test_images import blob, flip


def test_sets_are_fetched_once_and_returned_in_falcos_order(sets):
    incubating = sets.push()
    stable = sets.push("- list: l\n  items: []\n", "falco-rules", "5.1.0")
    versions = {"incubating": f"1.0.0@{incubating}", "stable": f"5.1.0@{stable}"}
    answer = sets.fetch(**versions)
    assert answer.get("changed") is True, answer
    assert [(each["file"], each["item"]) for each in answer["files"]] == [
        ("000-falco-1-stable.yaml", "falco_ebpf_stable_rules"),
        ("000-falco-2-incubating.yaml", "falco_ebpf_incubating_rules"),
    ]
    assert answer["files"][1]["content"] == RULES
    assert (answer["versions"], answer["unpinned"]) == (versions, [])
    assert answer["digests"] == {"falco-incubating-rules:1.0.0": incubating, "falco-rules:5.1.0": stable}
    assert [Path(path).name for path in answer["paths"]] == sorted(sets.files(), reverse=True)
    # What is there is not asked for again.
    again = sets.fetch(repository="127.0.0.1:1/nothing", **versions)
    assert (again.get("changed"), again.get("files")) == (False, answer["files"])


def test_no_set_needs_no_registry(sets):
    answer = sets.fetch(repository="127.0.0.1:1/nothing")
    assert (answer["changed"], answer["files"], sets.files()) == (False, [], [])


def test_check_mode_reads_the_set_and_keeps_nothing(sets):
    digest = sets.push()
    answer = sets.fetch(incubating=f"1.0.0@{digest}", check=True)
    assert (answer["changed"], answer["files"][0]["content"]) == (True, RULES)
    assert not sets.folder.exists()


def test_a_version_without_a_digest_is_reported_with_it(sets):
    digest = sets.push()
    answer = sets.fetch(incubating="1.0.0")
    assert answer["unpinned"] == [f"falco_ebpf_incubating_rules: 1.0.0@{digest}"]
    assert sets.fetch(incubating=answer["versions"]["incubating"])["changed"] is False


def test_a_moved_tag_is_refused_and_does_not_count_for_a_digest(sets):
    before = sets.push()
    sets.fetch(incubating="1.0.0")
    after = sets.push(CHANGED)
    answer = sets.fetch(incubating="1.0.0")
    assert answer["failed"]
    assert (
        f"falco_ebpf_incubating_rules ('1.0.0'): the tag has moved. The registry has {after} now, and had {before}"
        in answer["msg"]
    )
    assert "Nothing of it was used." in answer["msg"]
    assert sets.fetch(incubating=f"1.0.0@{before}")["files"][0]["content"] == RULES
    # As a bundle's lock file has it.
    assert (
        sets.fetch(incubating="1.0.0", digests={"falco-incubating-rules:1.0.0": before})["files"][0]["content"] == RULES
    )
    assert sets.fetch(incubating=f"1.0.0@{after}")["files"][0]["content"] == CHANGED


@pytest.mark.parametrize("part", ["manifest", "layer"])
def test_a_flipped_byte_in_the_registry_is_refused(sets, part):
    layer = rule_artifacts.tar({"rules.yaml": RULES})
    digest = sets.push(layer)
    wanted = digest if part == "manifest" else "sha256:" + rule_artifacts.hashlib.sha256(layer).hexdigest()
    flip(blob(sets.registry, wanted))
    answer = sets.fetch(incubating=f"1.0.0@{digest}")
    assert answer.get("failed"), answer
    assert "falco_ebpf_incubating_rules ('1.0.0@sha256:" in answer["msg"] and "cannot be had: " in answer["msg"]
    assert sets.files() == []


def test_a_flipped_byte_in_the_file_is_fetched_again_and_refused_offline(sets):
    digest = sets.push()
    (path,) = sets.fetch(incubating=f"1.0.0@{digest}")["paths"]
    for place in range(0, Path(path).stat().st_size, 97):
        flip(Path(path), place)
    answer = sets.fetch(incubating=f"1.0.0@{digest}", offline=True)
    assert answer["failed"] and f"{path} cannot be used: it " in answer["msg"]
    answer = sets.fetch(incubating=f"1.0.0@{digest}")
    assert (answer["changed"], answer["files"][0]["content"]) == (True, RULES)
    assert sets.fetch(incubating=f"1.0.0@{digest}", offline=True)["changed"] is False


def test_offline_the_folder_is_all_there_is(sets):
    answer = sets.fetch(incubating="1.0.0", offline=True)
    assert "has 0 sets of this version. Expected one. Fix: build the bundle with this version" in answer["msg"]
    digest = sets.push()
    sets.fetch(incubating=f"1.0.0@{digest}")
    before = sets.files()
    answer = sets.fetch(incubating="1.0.0", offline=True, repository="127.0.0.1:1/nothing")
    assert (answer["changed"], answer["files"][0]["content"]) == (False, RULES)
    answer = sets.fetch(sandbox=f"1.0.0@{digest}", offline=True)
    assert "cannot be used: it is not there. Expected this set in the bundle. Fix: build the bundle" in answer["msg"]
    assert sets.files() == before


FORMS = {
    "an image": ({"config_type": "application/vnd.oci.image.config.v1+json"}, RULES, "is not a rules file of falcoctl"),
    "two layers": ({"layers": 2}, RULES, "does not have exactly one layer"),
    "two files": (
        {},
        rule_artifacts.tar({"a.yaml": RULES, "b.yaml": RULES}),
        "it has 2 files instead of one (a.yaml, b.yaml)",
    ),
    "no archive": ({}, b"\x1f\x8bnothing", "it cannot be read: "),
    "too much": ({}, rule_artifacts.tar({"a.yaml": "#" * (1 << 23)}), "its layer has more than 1048576 bytes"),
    "no text": ({}, rule_artifacts.gzip.compress(b"\xff" * 2048), "it cannot be read: "),
}


@pytest.mark.parametrize("case", FORMS)
def test_what_is_no_set_is_refused(sets, case):
    form, content, words = FORMS[case]
    digest = sets.push(content, **form)
    answer = sets.fetch(incubating=f"1.0.0@{digest}")
    assert answer.get("failed"), answer
    assert words in answer["msg"]
    assert sets.files() == []


def test_a_version_that_is_not_there_is_named(sets):
    sets.push()
    answer = sets.fetch(incubating="1.0.1")
    assert f"{sets.address}/mirror/rules/falco-incubating-rules:1.0.1 cannot be had: " in answer["msg"]


@pytest.mark.parametrize("version", ["latest", "1.0", "1.0.0@sha256:12", "v1.0.0", "1.0.0 "])
def test_a_version_has_three_numbers(sets, version):
    answer = sets.fetch(incubating=version)
    assert (
        f"falco_ebpf_incubating_rules: invalid value ('{version}'). Expected a version of three numbers"
        in answer["msg"]
    )
