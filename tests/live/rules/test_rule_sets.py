"""A rule set of the test's own, from a registry on loopback into the sensor: it fires, its next version is compared, a broken one is refused.

The lab's inputs are those of a bundle, which asks no registry: the module fetches the set into the folder that the role then reads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid

import pytest
import yaml
from playbooks.supply import ca, rule_artifacts, servers

from live.lab_cluster import FALCO, TOP, kubectl, playbook

from .cluster import generation

# In CI the role with a double of Falco, and the fetching in tests/playbooks/supply.
pytestmark = pytest.mark.rare
NAMESPACE = "rule-sets-test"
MARK = "m" + uuid.uuid4().hex[:8]
NAME = "Name of the machine read in a container"
# Seconds for an event to be written.
LATE = 20


def rule(name, priority="NOTICE", program="uname", **more):
    condition = f"evt.type in (execve, execveat) and container.id != host and proc.name = {program}"
    output = "Program started | command=%proc.cmdline pod=%k8s.pod.name"
    return {"rule": name, "desc": "d", "condition": condition, "output": output, "priority": priority, **more}


FIRST = [rule(NAME)]
SECOND = [rule(NAME, "WARNING"), rule("Terminal name read in a container", program="tty")]
BROKEN = [*SECOND, rule("Broken", program="x and proc.nme = y")]


@pytest.fixture(scope="module")
def have(tmp_path_factory):
    """Pushes rules as a version of the incubating set and fetches it by digest; the role's inputs for it."""
    folder = tmp_path_factory.mktemp("sets")
    ca.make(folder)
    environment = os.environ | {
        "SSL_CERT_FILE": str(folder / "ca.pem"),
        "PYTHONPATH": str(TOP / ".ansible" / "collections"),
    }
    (folder / "registry").mkdir()
    with servers.registry(folder / "registry", folder) as address:

        def push(version, rules):
            layout = folder / f"layout-{version}"
            layer = rule_artifacts.tar({"rules.yaml": yaml.safe_dump(rules, sort_keys=False)})
            digest = rule_artifacts.layout(layout, layer)
            rule_artifacts.push(layout, f"{address}/rules/falco-incubating-rules:{version}", environment)
            pinned = f"{version}@{digest}"
            arguments = {"incubating": pinned, "repository": f"{address}/rules", "folder": str(folder / "fetched")}
            fetched = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "ansible_collections.runtime_security.kubernetes.plugins.modules.falco_rule_sets",
                ],
                input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert json.loads(fetched.stdout).get("changed") is True, fetched.stdout + fetched.stderr
            return {"falco_ebpf_incubating_rules": pinned, "falco_ebpf_rule_sets_path": str(folder / "fetched")}

        yield push


@pytest.fixture(scope="module")
def first(have):
    """The first version, deployed; without it once the tests are through."""
    given = have("1.0.0", FIRST)
    try:
        said = deployed(**given)
        yield said
    finally:
        deployed()


def run_of_falco(*options, **inputs):
    code, text = playbook("site.yml", "--tags", "falco_ebpf", *options, **inputs)
    return code, " ".join(text.replace("''", "'").split())


def deployed(**inputs):
    code, said = run_of_falco(**inputs)
    assert code == 0, said
    return said


def events(since):
    log = kubectl("logs", "--namespace", FALCO, "daemonset/falco", "--since-time", since)
    found = [json.loads(line) for line in log.splitlines() if line.startswith('{"hostname"')]
    return [event for event in found if MARK in json.dumps(event)]


def test_its_rule_fires(first):
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
    kubectl("create", "namespace", NAMESPACE)
    try:
        kubectl(
            "run", MARK, "--namespace", NAMESPACE, "--image", "docker.io/library/busybox:1.35.0", "--", "sleep", "600"
        )
        kubectl("wait", "--namespace", NAMESPACE, f"pod/{MARK}", "--for", "condition=Ready", "--timeout", "120s")
        # busybox takes the applet's name from the first argument, the kernel the program's name from the file.
        script = "cp /bin/busybox /tmp/uname; (exec -a true /tmp/uname)"
        kubectl("exec", "--namespace", NAMESPACE, MARK, "--", "sh", "-c", script)
        deadline = time.monotonic() + LATE
        while not events(since) and time.monotonic() < deadline:
            time.sleep(0.5)
        told = [(event["rule"], event["priority"]) for event in events(since)]
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    assert told == [(NAME, "Notice")]


def test_the_same_set_again_changes_nothing(first, have):
    code, said = run_of_falco(**have("1.0.1", FIRST))
    assert code == 0 and "changed=0 " in said, said


def test_what_the_next_version_changes_is_shown_before(first, have):
    before = generation()
    code, said = run_of_falco("--check", "--diff", **have("2.0.0", SECOND))
    assert code == 0, said
    assert f"~ rule '{NAME}' (000-falco-2-incubating.yaml): priority" in said
    assert "+ rule 'Terminal name read in a container' (000-falco-2-incubating.yaml)" in said
    assert "runtime_security_rules.yaml)" not in said
    assert generation() == before


def test_a_broken_version_is_refused_by_falco(first, have):
    before = generation()
    code, said = run_of_falco(**have("2.0.1", BROKEN))
    assert code != 0
    assert "falco_ebpf_incubating_rules (/etc/falco/rules.d/000-falco-2-incubating.yaml), line " in said
    assert "rule 'Broken'" in said and "filter_check called with nonexistent field proc.nme" in said
    assert generation() == before


def test_the_next_version_is_deployed(first, have):
    before = generation()
    said = deployed(**have("2.0.2", SECOND))
    assert f"~ rule '{NAME}' (000-falco-2-incubating.yaml): priority" in said
    assert generation() != before
