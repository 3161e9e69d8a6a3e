from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules import SHIPPED
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_verdict import verdict

OURS = {"file": "000-runtime_security_rules.yaml", "item": SHIPPED, "content": "[]"}
FILE = "/etc/falco/rules.d/001-a.yaml"


def of(content="[]"):
    return [{"file": "001-a.yaml", "item": "falco_ebpf_rules[0] 'a'", "content": content}]


def log_of(*results):
    return "Mon: Validating\n%s\nError: x\n" % json.dumps({"falco_load_results": results}, separators=(",", ":"))


def error(file, message="Undefined macro 'x' used in filter."):
    def place(kind, name, line, column, where=file):
        return {
            "item_type": kind,
            "item_name": name,
            "position": {"name": where, "line": line, "column": column, "offset": 0},
        }

    spots = [
        place("rules content", "", 0, 0),
        place("rule", "A", 6, 2),
        place("condition expression", "", 9, 3, '"evt.type"'),
    ]
    context = {"locations": spots, "snippet": "evt.type = x\n   ^\n"}
    return {"code": "LOAD_ERR_VALIDATE", "codedesc": "Error validating", "message": message, "context": context}


def test_a_verdict():
    file = "/etc/falco/rules.d/001-a.yaml"
    results = [
        {"name": "/etc/falco/falco_rules.yaml", "errors": []},
        {"name": file, "errors": [error(file)]},
        # Told again for each file behind it.
        {"name": "/etc/falco/rules.d/002-b.yaml", "errors": [error(file)]},
    ]
    assert verdict(log_of(*results), of())["errors"] == [
        "falco_ebpf_rules[0] 'a' (/etc/falco/rules.d/001-a.yaml), line 7, column 3, rule 'A': LOAD_ERR_VALIDATE (Error validating): "
        "Undefined macro 'x' used in filter, at: evt.type = x."
    ]


@pytest.mark.parametrize(
    ("file", "item"),
    [
        ("/etc/falco/rules.d/mine.yaml", "falco_ebpf_values.customRules"),
        ("/etc/falco/falco_rules.yaml", "the image's own rules"),
    ],
)
def test_whose_file_it_is(file, item):
    log = json.dumps({"falco_load_results": [{"name": file, "errors": [error(file)]}]}, separators=(",", ":"))
    assert verdict(log, [])["errors"][0].startswith(f"{item} ({file})")


def test_no_verdict():
    assert verdict("a\n\nError: cannot load plugin\n", [])["errors"] == [
        "Falco gave no verdict. Its last lines: a | Error: cannot load plugin"
    ]


def test_no_verdict_because_of_a_plugin_that_rules_require():
    # Falco 0.44.1 ends before it prints a verdict.
    said = "Error: Plugin requirement not satisfied, must load one of: json (>= 0.1.0)"
    log = "runtime-security: skipped /etc/falco/falco_rules.local.yaml (it does not exist)\n" + said
    assert verdict(log, [])["errors"] == ["Falco gave no verdict. Its last lines: " + said]


def warning(file, code, kind="rule", name="A", **more):
    """As Falco writes one: see as_json in rule_loader.h."""
    position = {"name": file, "line": 2, "column": 2, "offset": 9}
    spots = [
        {"item_type": "rules content", "item_name": "", "position": position | {"line": 0, "column": 0}},
        {"item_type": kind, "item_name": name, "position": position},
    ]
    context = {"locations": spots, "snippet": "condition: x\n"}
    return {"code": code, "codedesc": "What it is.", "message": "Why.", "context": context} | more


def test_a_rule_that_never_fires_is_told_with_file_and_line():
    """The case rules-never-fires: evt.dir is gone since Falco 0.42."""
    dead = warning(FILE, "LOAD_DEPRECATED_ITEM", deprecated_field="evt.dir")
    said = verdict(log_of({"name": FILE, "errors": [], "warnings": [dead]}), of())
    assert said == {
        "errors": [],
        "warnings": [
            "falco_ebpf_rules[0] 'a' (/etc/falco/rules.d/001-a.yaml), line 3, column 3, rule 'A': LOAD_DEPRECATED_ITEM of field evt.dir "
            "(What it is): Why, at: condition: x."
        ],
        "notes": [],
    }


@pytest.mark.parametrize(
    ("file", "own"),
    [
        (FILE, True),
        ("/etc/falco/rules.d/000-runtime_security_rules.yaml", False),
        ("/etc/falco/falco_rules.yaml", False),
        ("/etc/falco/falco-incubating_rules.yaml", False),
        ("/etc/falco/falco_rules.local.yaml", True),
        ("/etc/falco/rules.d/mine.yaml", True),
        ("/mnt/more.yaml", True),
    ],
)
def test_whose_warning_it_is(file, own):
    results = [
        {"name": file, "errors": [], "warnings": [warning(file, "LOAD_UNKNOWN_KEY")]},
        {"name": FILE, "errors": []},
    ]
    ours = {"name": "/etc/falco/rules.d/" + OURS["file"], "errors": []}
    said = verdict(log_of(*results, ours), [OURS, *of()])
    assert (len(said["warnings"]), len(said["notes"])) == (int(own), int(not own))


@pytest.mark.parametrize("code", ["LOAD_UNKNOWN_KEY", "LOAD_UNUSED_MACRO", "LOAD_NO_EVTTYPE"])
def test_a_rule_set_is_not_the_users_own(code):
    file = "/etc/falco/rules.d/000-falco-3-sandbox.yaml"
    sandbox = {
        "file": "000-falco-3-sandbox.yaml",
        "item": "falco_ebpf_sandbox_rules",
        "content": "- rule: A\n  priority: DEBUG\n",
    }
    found = [warning(file, code, "macro", "m")]
    said = verdict(log_of({"name": file, "errors": [], "warnings": found}), [sandbox], priority="notice")
    assert said["warnings"] == []
    assert [text.split(" (")[0] for text in said["notes"]] == ([] if "UNUSED" in code else ["falco_ebpf_sandbox_rules"])
    refused = verdict(log_of({"name": file, "errors": [error(file)]}), [sandbox])["errors"]
    assert refused[0].startswith("falco_ebpf_sandbox_rules (/etc/falco/rules.d/000-falco-3-sandbox.yaml), line 7")


def test_what_a_later_file_uses_is_no_warning():
    """Falco compiles all rules again with each file, and reads each file once."""
    early = [warning(FILE, "LOAD_UNUSED_MACRO", "macro", "m"), warning(FILE, "LOAD_UNKNOWN_KEY")]
    results = [{"name": FILE, "errors": [], "warnings": early}, {"name": "b", "errors": [], "warnings": []}]
    assert [text.split(": ")[1] for text in verdict(log_of(*results), of())["warnings"]] == [
        "LOAD_UNKNOWN_KEY (What it is)"
    ]


def test_a_list_of_others_that_no_rule_asks_any_more():
    """Falco names the file that defined it first, not the one that adds to it."""
    content = "- list: shells\n  items: [x]\n  override: {items: append}\n"
    unused = warning("/etc/falco/falco_rules.yaml", "LOAD_UNUSED_LIST", "list", "shells")
    said = verdict(log_of({"name": FILE, "errors": [], "warnings": [unused]}), of(content))
    assert said["warnings"] == [
        "falco_ebpf_rules[0] 'a' (/etc/falco/rules.d/001-a.yaml), line 1, list 'shells': has no effect. No rule that is loaded asks this list."
    ]
    assert said["notes"] == []


@pytest.mark.parametrize(
    ("priority", "lost"), [("debug", []), ("NOTICE", []), ("notice", []), ("warning", ["R"]), ("err", ["R", "W"])]
)
def test_rules_of_too_low_a_priority(priority, lost):
    content = "- rule: R\n  priority: Notice\n---\n- rule: W\n  priority: WARNING\n- rule: R\n  enabled: false\n"
    said = verdict(log_of({"name": FILE, "errors": []}), of(content), priority)["warnings"]
    assert [text.split("'")[3] for text in said] == lost
    assert all("is never loaded. Its priority" in text and f"falco.priority ({priority})" in text for text in said)


def test_a_file_that_is_no_yaml_is_for_falco_to_report():
    assert verdict(log_of({"name": FILE, "errors": [error(FILE)]}), of("- a: [b\n"))["warnings"] == []


def test_files_that_are_passed_over():
    log = (
        "runtime-security: skipped /etc/falco/falco_rules.local.yaml (it does not exist)\n"
        "runtime-security: skipped /etc/falco/mine.yaml (it does not exist)\n"
    )
    said = verdict(log + log_of({"name": FILE, "errors": []}), of())
    assert said["warnings"] == ["falco.rules_files: never loads /etc/falco/mine.yaml (it does not exist)."]
    assert said["notes"] == []


def test_files_that_the_sensor_does_not_read():
    said = verdict(
        log_of({"name": "/etc/falco/falco_rules.yaml", "errors": []}),
        [OURS, *of("- rule: R\n  priority: DEBUG\n")],
        "error",
    )
    assert said["warnings"] == [
        "falco_ebpf_rules[0] 'a' (/etc/falco/rules.d/001-a.yaml) is never loaded: the sensor's rules_files or arguments (-r) leave it out."
    ]
    assert [text.partition(" (")[0] for text in said["notes"]] == ["the role's own rules"]
