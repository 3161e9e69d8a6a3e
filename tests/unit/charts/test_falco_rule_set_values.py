"""What of rule sets reaches the values of Falco's chart."""

from __future__ import annotations

import pytest
from chart_templates import release_values, templated_by

RULE = "- rule: {name}\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: NOTICE\n"
NOISY = "Unexpected UDP Traffic"
SHIPPED = "Launch Ingress Remote File Copy Tools in Container"


def set_of(name, place, content=""):
    return {"file": f"000-falco-{place}-{name}.yaml", "item": f"falco_ebpf_{name}_rules", "content": content}


INCUBATING = set_of("incubating", 2, RULE.format(name=NOISY))


def values(*sets, **inputs):
    chosen = {each["item"]: "1.0.0" for each in sets}
    given = {"__falco_ebpf_driver": {"driver": "modern_ebpf"}, "__falco_ebpf_rule_sets": {"files": list(sets)}}
    return release_values("falco_ebpf", {**given, **chosen, **inputs})["falco"]


def names_off(found):
    return [each["disable"]["rule"] for each in found["falco"]["rules"] if "disable" in each]


def test_without_sets_the_image_has_the_rules():
    found = values()
    assert "rules_files" not in found["falco"] and names_off(found) == []
    assert list(found["customRules"]) == ["000-runtime_security_rules.yaml"]


def test_sets_come_before_the_roles_rules_and_the_users():
    stable, sandbox = set_of("stable", 1), set_of("sandbox", 3)
    ours = [{"name": "ours", "content": "- list: l\n  items: []\n"}]
    found = values(stable, INCUBATING, sandbox, falco_ebpf_rules=ours)
    # Falco reads a folder's files by name.
    assert (
        list(found["customRules"])
        == sorted(found["customRules"])
        == [
            "000-falco-1-stable.yaml",
            "000-falco-2-incubating.yaml",
            "000-falco-3-sandbox.yaml",
            "000-runtime_security_rules.yaml",
            "001-ours.yaml",
        ]
    )
    assert found["falco"]["rules_files"] == ["/etc/falco/rules.d", "/etc/falco/falco_rules.local.yaml"]


def test_only_a_stable_set_takes_the_place_of_the_images_file():
    assert "rules_files" not in values(INCUBATING)["falco"]


def test_noisy_rules_are_off_unless_named():
    found = values(INCUBATING)
    assert NOISY in names_off(found)
    # The role's own rule of the name of a noisy one stays on.
    assert SHIPPED not in names_off(found) and SHIPPED in names_off(values(INCUBATING, falco_ebpf_shipped_rules=False))
    wanted = values(INCUBATING, falco_ebpf_rules_enabled={"names": [NOISY]})["falco"]["rules"]
    assert wanted.index({"enable": {"rule": NOISY}}) > wanted.index({"disable": {"rule": NOISY}})
    own = [{"name": "ours", "content": RULE.format(name=NOISY)}]
    assert NOISY not in names_off(values(INCUBATING, falco_ebpf_rules=own))
    assert NOISY not in names_off(values(INCUBATING, falco_ebpf_values={"customRules": {"a.yaml": own[0]["content"]}}))
    tuned = [{"name": "ours", "content": f"- rule: {NOISY}\n  condition: and x\n  override: {{condition: append}}\n"}]
    assert NOISY in names_off(values(INCUBATING, falco_ebpf_rules=tuned))


def test_noisy_rules_of_a_set_that_is_not_loaded_are_not_named():
    assert all("Write below" not in name for name in names_off(values(INCUBATING)))


@pytest.mark.parametrize(
    ("files", "problems"), [(["/etc/falco/rules.d"], 0), (["/etc/falco/falco_rules.yaml", "/etc/falco/rules.d"], 1)]
)
def test_the_images_file_beside_a_stable_set_is_refused(files, problems):
    given = {
        "__falco_ebpf_rule_sets": {"files": [set_of("stable", 1)]},
        "falco_ebpf_values": {"falco": {"rules_files": files}},
    }
    found = templated_by("falco_ebpf", "__falco_ebpf_rules_read", given)["never_loaded"]
    assert len(found) == problems
    assert all("the place of which falco_ebpf_stable_rules takes. Remove it" in each for each in found)


def test_another_version_is_another_fingerprint():
    def fingerprint(content):
        given = {"__falco_ebpf_rule_sets": {"files": [set_of("stable", 1, content)]}}
        return templated_by("falco_ebpf", "__falco_ebpf_rules_read", given)["fingerprint"]

    assert fingerprint("- list: l\n") != fingerprint("- list: m\n")
