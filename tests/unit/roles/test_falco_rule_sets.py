"""What falco_ebpf asks for rule sets, what Falco then reads, and what is refused before anything changes."""

from __future__ import annotations

import pytest
from role_inputs import refusal, refused
from test_falco_gate import CHOSEN, MODULE, entry

DIGEST = "sha256:" + "1f" * 32
INCUBATING = {
    "file": "000-falco-2-incubating.yaml",
    "item": "falco_ebpf_incubating_rules",
    "content": "- rule: A\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: NOTICE\n",
}
SIGNER = {"issuer": "https://issuer.example", "identity": "https://forge.example/release"}


def answers(*files, unpinned=()):
    return {MODULE: CHOSEN, "falco_rule_sets": {"files": list(files), "unpinned": list(unpinned)}}


def sets_asked(asked):
    return [arguments for name, arguments in asked() if name == "falco_rule_sets"]


def test_without_a_version_no_registry_is_asked(play, asked):
    code, said = play([entry("validate")], answers=answers())
    assert code == 0, said
    assert sets_asked(asked) == []


def test_a_set_is_had_from_the_mirror_before_anything_changes(play, asked):
    mirrors = {"ghcr.io": "mirror.example/ghcr.io"}
    version = f"6.0.0@{DIGEST}"
    tasks = [entry("validate", falco_ebpf_incubating_rules=version, falco_ebpf_image_registries=mirrors)]
    code, said = play(tasks, answers=answers(INCUBATING))
    assert code == 0, said
    (found,) = sets_asked(asked)
    assert found == {
        "stable": "",
        "incubating": version,
        "sandbox": "",
        "repository": "mirror.example/ghcr.io/falcosecurity/rules",
        "folder": "~/.cache/runtime-security/rule-sets",
        "digests": {},
        "offline": False,
    }


def test_in_a_bundle_the_folder_is_all_there_is(play, asked):
    tasks = [
        entry(
            "validate",
            falco_ebpf_sandbox_rules="6.1.0",
            falco_ebpf_rule_sets_path="/b/rules",
            falco_ebpf_rule_sets_signer=SIGNER,
            runtime_security_bundle="/b",
        )
    ]
    code, said = play(tasks, answers=answers(unpinned=[f"falco_ebpf_sandbox_rules: 6.1.0@{DIGEST}"]))
    assert code == 0, said
    (found,) = sets_asked(asked)
    assert (found["offline"], found["folder"], found["signer"]) == (True, "/b/rules", SIGNER)
    assert f"To fix what it is now: falco_ebpf_sandbox_rules: 6.1.0@{DIGEST}" in said


@pytest.mark.parametrize(
    ("content", "inputs", "words"),
    [
        ("#" * (600 * 1024 + 1), {}, "falco_ebpf_incubating_rules is not YAML|the rules have"),
        ("a: b\n", {}, "falco_ebpf_incubating_rules is not a list of rules, macros and lists"),
        (
            "- list: l\n",
            {"falco_ebpf_values": {"falco": {"rules_files": ["/a"]}}},
            "lacks /etc/falco/rules.d, where 000-falco-2-",
        ),
    ],
)
def test_sets_that_cannot_be_deployed_are_refused_by_validate(play, content, inputs, words):
    tasks = [entry("validate", falco_ebpf_incubating_rules="6.0.0", falco_ebpf_shipped_rules=False, **inputs)]
    code, said = play(tasks, answers=answers({**INCUBATING, "content": content}))
    assert code == 2 and any(each in said for each in words.split("|")), said
    assert "Nothing was changed." in said


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (
            {"falco_ebpf_stable_rules": "latest"},
            "Expected a version of three numbers, best with the digest of its artifact",
        ),
        ({"falco_ebpf_incubating_rules": "6.0.0@sha256:12"}, "Expected a version of three numbers"),
        ({"falco_ebpf_rule_sets_repository": "https://ghcr.io/x"}, "Expected a registry and a path, without a scheme"),
        ({"falco_ebpf_rule_sets_path": "relative"}, "Expected an absolute path without a colon"),
        (
            {"falco_ebpf_rule_sets_signer": {"issuer": "https://i"}},
            "Expected {issuer, identity}, {issuer, identity_regexp} or {}",
        ),
        ({"falco_ebpf_rule_sets_signer": {**SIGNER, "identity_regexp": "^x"}}, "Expected {issuer, identity}"),
        ({"falco_ebpf_rule_sets_signer": {"identity": "x"}}, "Expected {issuer, identity}"),
    ],
)
def test_inputs_that_are_wrong_are_named(inputs, words):
    assert refused("falco_ebpf", inputs) == [next(iter(inputs))]
    assert words in refusal("falco_ebpf", inputs)


@pytest.mark.parametrize("version", ["", "5.1.0", "5.0.0-rc1", f"5.1.0@{DIGEST}"])
def test_versions_are_accepted(version):
    assert refusal("falco_ebpf", {"falco_ebpf_stable_rules": version}, whole=True) == ""
