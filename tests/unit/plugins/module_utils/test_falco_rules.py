from __future__ import annotations

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.lookup.falco_rules import SHIPPED
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rules as falco_rules

GOOD = "- list: l\n  items: [a]\n"


# Macros by which public rules files allow what Falco's own rule of this name would report (falcosecurity/rules).
KNOWN = {
    "Terminal shell in container": ["user_expected_terminal_shell_in_container_conditions"],
    "Launch Package Management Process in Container": ["user_known_package_manager_in_container"],
    "Launch Ingress Remote File Copy Tools in Container": ["user_known_ingress_remote_file_copy_activities"],
    "Read sensitive file untrusted": [
        "user_known_read_sensitive_files_activities",
        "user_read_sensitive_file_conditions",
        "user_read_sensitive_file_containers",
    ],
    "Write below etc": ["user_known_write_below_etc_activities", "user_known_write_etc_conditions"],
    "Contact K8S API Server From Container": ["user_known_contact_k8s_api_server_activities"],
}


def read(items, shipped=None, files=None):
    return falco_rules.read_items(items, shipped, (files or {}).get)


def test_files_in_their_order():
    found = read([{"name": "b", "content": GOOD}, {"name": "a", "src": "rules/a.yaml"}], "[]", {"rules/a.yaml": GOOD})
    assert found["problems"] == []
    assert [each["file"] for each in found["files"]] == ["000-runtime_security_rules.yaml", "001-b.yaml", "002-a.yaml"]
    assert found["files"][2]["item"] == "falco_ebpf_rules[1] 'a'"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("text", "falco_ebpf_rules[0] is not a dictionary"),
        ({"name": "a"}, "falco_ebpf_rules[0] 'a' needs either content"),
        ({"name": "a", "content": GOOD, "src": "x"}, "needs either content"),
        ({"name": "a b", "content": GOOD}, "needs a name of letters"),
        ({"name": "a/b", "content": GOOD}, "needs a name of letters"),
        ({"content": GOOD}, "needs a name of letters"),
        ({"name": "a", "content": GOOD, "text": GOOD}, "has the unknown key text"),
        ({"name": "a", "src": "absent.yaml"}, "has the src 'absent.yaml', and there is no such file"),
        ({"name": "a", "content": "- a: [b\n"}, "is not YAML: line 2, column 1"),
        ({"name": "a", "content": "a: b\n"}, "is not a list of rules"),
        ({"name": "a", "content": "- {macro: m}\n- text\n"}, "has an entry (number 2) that is not a dictionary"),
        ({"name": "a", "content": [{"list": "l"}]}, "is no text"),
        ({"name": "a", "content": "# " + "x" * falco_rules.MOST_BYTES}, "bytes, at most"),
    ],
)
def test_what_is_wrong_with_an_item(item, words):
    problems = read([item])["problems"]
    assert len(problems) == 1
    assert words in problems[0]


def test_a_name_that_is_there_twice():
    problems = read([{"name": "a", "content": GOOD}, {"name": "a", "content": GOOD}])["problems"]
    assert len(problems) == 1
    assert problems[0].startswith("falco_ebpf_rules[1] 'a' has a name that an item before it has")


def test_several_documents_and_empty_ones():
    assert (
        read([{"name": "a", "content": GOOD + "---\n" + GOOD}, {"name": "b", "content": "# nothing\n"}])["problems"]
        == []
    )


def test_an_operator_that_is_no_text_for_yaml():
    assert read([{"name": "a", "content": "- rule: A\n  exceptions: [{name: e, comps: [=, in]}]\n"}])["problems"] == []


def test_selection_turns_off_before_it_turns_on():
    assert falco_rules.selection({"names": ["*"], "tags": ["network"]}, {"names": ["A"]}) == [
        {"disable": {"rule": "*"}},
        {"disable": {"tag": "network"}},
        {"enable": {"rule": "A"}},
    ]
    assert falco_rules.selection({}, {"tags": None}) == []


def test_the_shipped_rules_fit():
    assert read([], SHIPPED.read_text(encoding="utf-8"))["problems"] == []


def test_each_shipped_rule_can_be_tuned():
    entries = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    macros = {entry["macro"] for entry in entries if "macro" in entry}
    # The proof's own rule is for one pod of the role.
    rules = [entry for entry in entries if "rule" in entry and "proof" not in entry["tags"]]
    assert len(rules) == 6
    for entry in rules:
        assert entry["exceptions"], entry["rule"]
        assert any("expected" in macro and macro in entry["condition"] for macro in macros), entry["rule"]
        assert entry["tags"][0] == "runtime_security"
        assert any(tag.startswith("mitre_") for tag in entry["tags"]), entry["rule"]
    names = {entry.get("list") or entry.get("macro") for entry in entries if "list" in entry or "macro" in entry}
    assert {name for name in names if not name.startswith("runtime_security_")} == {
        macro for macros in KNOWN.values() for macro in macros
    }


@pytest.mark.parametrize("rule", KNOWN)
def test_the_macros_of_public_rules_files_are_asked(rule):
    entries = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    (condition,) = [entry["condition"] for entry in entries if entry.get("rule") == rule]
    assert [macro for macro in KNOWN[rule] if f"and not {macro}" not in condition] == []


VALUES = {
    "customRules without an ending": (
        {"customRules": {"mine": "[]"}},
        "customRules has the file 'mine', and Falco reads only",
    ),
    "customRules with our name": (
        {"customRules": {"001-a.yaml": "[]"}},
        "'001-a.yaml', which is that of falco_ebpf_rules[0] 'a'",
    ),
    "rules_files without the folder": (
        {"falco": {"rules_files": ["/etc/falco/falco_rules.yaml"]}},
        "falco.rules_files lacks /etc/falco/rules.d, where 001-a.yaml would be",
    ),
    "follow alone": (
        {"falcoctl": {"artifact": {"follow": {"enabled": True}}}},
        "Set falcoctl.artifact.install.enabled too",
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_what_would_never_be_loaded(case):
    values, words = VALUES[case]
    (problem,) = falco_rules.never_loaded(values, read([{"name": "a", "content": GOOD}])["files"])
    assert words in problem


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"customRules": {"mine.yml": "[]"}, "falco": None},
        {"falco": {"rules_files": ["/etc/falco/rules.d/"]}},
        {"falco": {"rules_files": ["/etc/falco/rules.d/001-a.yaml"]}},
        {"falcoctl": {"artifact": {"follow": {"enabled": True}, "install": {"enabled": True}}}},
    ],
)
def test_what_is_loaded(values):
    assert falco_rules.never_loaded(values, read([{"name": "a", "content": GOOD}])["files"]) == []


def test_the_fingerprint_tells_what_falco_would_validate_again():
    files = read([{"name": "a", "content": GOOD}])["files"]
    values = {"falco": {"priority": "notice"}}
    same = falco_rules.fingerprint(files, values, ["0.44.1"])
    assert same == falco_rules.fingerprint(files, values | {"falcosidekick": {"replicaCount": 2}}, ["0.44.1"])
    others = [
        falco_rules.fingerprint([], values, ["0.44.1"]),
        falco_rules.fingerprint(files, {}, ["0.44.1"]),
        falco_rules.fingerprint(files, values, ["0.45.0"]),
    ]
    assert len({same, *others}) == 4
