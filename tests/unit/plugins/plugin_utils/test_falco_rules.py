from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.lookup.falco_rules import SHIPPED
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import falco_rules

GOOD = "- list: l\n  items: [a]\n"


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


RENDERED = yaml.safe_load("""
- kind: ConfigMap
  metadata: {name: falco}
  data: {falco.yaml: "rules_files: [/etc/falco/falco_rules.yaml, /etc/falco/rules.d]"}
- kind: ConfigMap
  metadata: {name: falco-rules}
  data: {002-b.yaml: B, 001-a.yaml: A}
- kind: DaemonSet
  metadata: {name: falco}
  spec:
    template:
      spec:
        tolerations: [{operator: Exists}]
        initContainers:
          - {name: driver, image: d, securityContext: {privileged: true}}
          - {name: artifacts, image: i, volumeMounts: [{name: plugins, mountPath: /plugins}]}
        containers:
          - name: falco
            image: falco:1
            securityContext: {privileged: true}
            volumeMounts:
              - {name: proc, mountPath: /host/proc}
              - {name: secret, mountPath: /etc/falco/certs}
              - {name: config, mountPath: /etc/falco/falco.yaml, subPath: falco.yaml}
              - {name: rules, mountPath: /etc/falco/rules.d}
              - {name: plugins, mountPath: /plugins}
          - {name: sidecar, image: s}
        volumes:
          - {name: proc, hostPath: {path: /proc}}
          - {name: secret, secret: {secretName: s}}
          - {name: config, configMap: {name: falco, items: [{key: falco.yaml, path: falco.yaml}]}}
          - {name: rules, configMap: {name: falco-rules}}
          - {name: plugins, emptyDir: {}}
""")


def test_the_job_is_the_sensor_without_rights():
    job = falco_rules.job(RENDERED, "falco", "ns", {"a": "b"}, 300)
    template = job["spec"]["template"]
    pod = template["spec"]
    assert job["metadata"] == {"generateName": "falco-rules-", "namespace": "ns", "labels": {"a": "b"}}
    assert [volume["name"] for volume in pod["volumes"]] == ["config", "rules", "plugins"]
    assert sorted(template["metadata"]["annotations"].values()) == ["A", "B", RENDERED[0]["data"]["falco.yaml"]]
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert [container["name"] for container in pod["initContainers"]] == ["artifacts"]
    (falco,) = pod["containers"]
    assert falco["image"] == "falco:1"
    assert [mount["name"] for mount in falco["volumeMounts"]] == ["config", "rules", "plugins"]
    assert falco["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in falco["securityContext"]
    assert falco["args"][2:] == [
        "--validate",
        "/etc/falco/falco_rules.yaml",
        "--validate",
        "/etc/falco/rules.d/001-a.yaml",
        "--validate",
        "/etc/falco/rules.d/002-b.yaml",
    ]


def test_the_job_vanishes_by_itself():
    spec = falco_rules.job(RENDERED, "falco", "ns", {}, 300)["spec"]
    assert spec["ttlSecondsAfterFinished"] <= 120
    assert spec["activeDeadlineSeconds"] == 300
    assert spec["backoffLimit"] == 0


def test_a_chart_without_the_daemon_set():
    with pytest.raises(ValueError, match="no DaemonSet falco"):
        falco_rules.job([], "falco", "ns", {}, 300)


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
    log = "Mon: Validating\n%s\nError: x\n" % json.dumps({"falco_load_results": results}, separators=(",", ":"))
    assert falco_rules.verdict(log, [{"file": "001-a.yaml", "item": "falco_ebpf_rules[0] 'a'"}]) == [
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
    assert falco_rules.verdict(log, [])[0].startswith(f"{item} ({file})")


def test_no_verdict():
    assert falco_rules.verdict("a\n\nError: cannot load plugin\n", []) == [
        "Falco gave no verdict. Its last lines: a | Error: cannot load plugin"
    ]


def test_the_shipped_rules_fit():
    assert read([], SHIPPED.read_text(encoding="utf-8"))["problems"] == []


def test_each_shipped_rule_can_be_tuned():
    entries = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    macros = {entry["macro"] for entry in entries if "macro" in entry}
    rules = [entry for entry in entries if "rule" in entry]
    assert len(rules) == 6
    for entry in rules:
        assert entry["exceptions"], entry["rule"]
        assert any("expected" in macro and macro in entry["condition"] for macro in macros), entry["rule"]
        assert entry["tags"][0] == "runtime_security"
        assert any(tag.startswith("mitre_") for tag in entry["tags"]), entry["rule"]
    names = [entry.get("list") or entry.get("macro") for entry in entries if "list" in entry or "macro" in entry]
    assert all(name.startswith("runtime_security_") for name in names)
