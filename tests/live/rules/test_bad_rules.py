"""Rules that Falco refuses: its words come back with the file and the line, and the sensor that runs is not touched."""

from __future__ import annotations

import json
import re
import time

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rules, rules_job, rules_verdict

from live.lab_cluster import FALCO, kubectl, playbook

from .cluster import CHART, generation, helm, jobs

LABELS = {"runtime-security/test": "rules"}
SELECTOR = "runtime-security/test=rules"


def rule(condition, **more):
    return [{"rule": "A", "desc": "d", "condition": condition, "output": "x", "priority": "NOTICE"} | more]


# kind: (entries of a rules file, line of the mistake, Falco's words)
BAD = {
    "unknown field": (rule("evt.type = execve and proc.nme = sh"), 3, "nonexistent field proc.nme"),
    "unknown macro": (rule("evt.type = execve and nowhere"), 1, "Undefined macro 'nowhere'"),
    "syntax": (rule("(evt.type = execve"), 3, "expected a ')' token"),
    "operator": (rule("evt.type = execve and proc.name is sh"), 3, "expected a valid check operator"),
    "type": (rule("evt.type = execve and proc.pid startswith 1"), 3, "not supported for numeric filters"),
    "event type": (rule("evt.type = execvee"), 3, "unknown event type execvee"),
    "output": (rule("evt.type = execve", output="%proc.nme"), 4, "Error compiling output"),
    "priority": (rule("evt.type = execve", priority="HIGH"), 5, "Invalid priority"),
    "missing key": (
        [{"rule": "A", "desc": "d", "condition": "evt.type = execve", "priority": "NOTICE"}],
        1,
        "'output'",
    ),
    "list without items": ([{"list": "l"}], 1, "'items'"),
    "override of an unknown rule": (
        [{"rule": "B", "tags": ["x"], "override": {"tags": "replace"}}],
        1,
        "no rule by that name",
    ),
    "exception": (
        rule("evt.type = execve", exceptions=[{"name": "e", "fields": ["proc.nme"]}]),
        7,
        "not a supported filter field",
    ),
}


def file_of(kind):
    return kind.replace(" ", "-") + ".yaml"


def text_of(kind):
    return yaml.safe_dump(BAD[kind][0], sort_keys=False, width=1000)


FILES = [{"file": file_of(kind), "item": f"item {kind}", "content": text_of(kind)} for kind in BAD]


def job():
    """The role's Job with a container for each kind, which reads that file alone, and the ConfigMap with the files."""
    values = json.loads(helm("get", "values", "falco", "--output", "json"))
    values["customRules"] = {each["file"]: each["content"] for each in FILES}
    rendered = helm("template", "falco", CHART, "--values", "-", input=json.dumps(values))
    manifests = [each for each in yaml.safe_load_all(rendered) if each]
    made, files = rules_job.job(manifests, "falco", FALCO, LABELS, 600, "bad-rules")
    pod = made["spec"]["template"]["spec"]
    (falco,) = pod["containers"]
    pod["containers"] = [
        falco
        | {"name": kind.replace(" ", "-"), "resources": {}}
        | {
            "command": ["/usr/bin/falco"],
            "args": ["-o", "json_output=true", "--validate", rules.FOLDER + file_of(kind)],
        }
        for kind in BAD
    ]
    return {"apiVersion": "v1", "kind": "List", "items": [files, made]}


@pytest.fixture(scope="module")
def validated():
    """Falco's log by the container's name."""
    before = generation()
    try:
        kubectl("create", "--filename", "-", input=json.dumps(job()))
        # All of them fail, and so does the Job.
        kubectl("wait", "--namespace", FALCO, "job", "-l", SELECTOR, "--for", "condition=Failed", "--timeout", "300s")
        said = kubectl(
            "logs",
            "--namespace",
            FALCO,
            "-l",
            SELECTOR,
            "--all-containers",
            "--prefix",
            "--tail=-1",
            "--max-log-requests=20",
        )
        found = [re.fullmatch(r"\[pod/[^/]+/([^]]+)\] (.*)", line) for line in said.splitlines()]
        yield {
            name: "\n".join(line[2] for line in found if line and line[1] == name)
            for name in {line[1] for line in found if line}
        }
    finally:
        kubectl("delete", "jobs,configmaps", "--namespace", FALCO, "-l", SELECTOR, "--cascade=foreground")
    assert generation() == before


@pytest.mark.parametrize("kind", BAD)
def test_kind(validated, kind):
    _entries, line, words = BAD[kind]
    findings = rules_verdict.verdict(validated[kind.replace(" ", "-")], FILES)["errors"]
    assert len(findings) == 1
    assert findings[0].startswith(f"item {kind} (/etc/falco/rules.d/{file_of(kind)}), line {line}, column ")
    assert words in findings[0]


def test_the_role_stops_before_the_release():
    before, others = generation(), set(jobs())
    bad = {"falco_ebpf_rules": [{"name": "bad", "content": text_of("unknown field")}]}
    code, text = playbook("site.yml", "--tags", "falco_ebpf", **bad)
    said = " ".join(text.replace("''", "'").split())
    assert code != 0
    assert "falco_ebpf_rules: refused by Falco" in said
    assert "falco_ebpf_rules[0] 'bad' (/etc/falco/rules.d/001-bad.yaml), line 3, column 14, rule 'A'" in said
    assert "filter_check called with nonexistent field proc.nme" in said
    assert generation() == before
    # Its deletion is asked for and not waited for; the job of the other tests stays until they are through.
    deadline = time.monotonic() + 15
    while set(jobs()) > others and time.monotonic() < deadline:
        time.sleep(0.5)
    assert set(jobs()) <= others


def test_a_warning_ends_the_run_on_request():
    before = generation()
    dead = yaml.safe_dump(
        rule("evt.type = open and evt.dir = > and fd.name = /etc/shadow"), sort_keys=False, width=1000
    )
    given = {"falco_ebpf_rules": [{"name": "old", "content": dead}], "falco_ebpf_rules_strict": True}
    code, text = playbook("site.yml", "--tags", "falco_ebpf", **given)
    said = " ".join(text.replace("''", "'").split())
    assert code != 0
    assert "falco_ebpf_rules_strict is true" in said
    assert "falco_ebpf_rules[0] 'old' (/etc/falco/rules.d/001-old.yaml), line 3, column " in said
    assert "LOAD_DEPRECATED_ITEM of field evt.dir" in said
    assert generation() == before
