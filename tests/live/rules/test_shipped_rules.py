"""Each rule that the role ships, run in a pod against the sensor that runs: what has to be reported, and what must not be."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import time
import uuid

import pytest

from live.lab_cluster import FALCO, KUBECTL, kubectl

NAMESPACE = "rules-test"
MARK = "m" + uuid.uuid4().hex[:8]
# Seconds for the last event to be written.
LATE = 20

SHELL = "Terminal shell in container"
PACKAGES = "Launch Package Management Process in Container"
DOWNLOAD = "Launch Ingress Remote File Copy Tools in Container"
READ = "Read sensitive file untrusted"
WRITE = "Write below etc"
API = "Contact K8S API Server From Container"

# busybox takes the applet's name from the first argument, the kernel the program's name from the file.
AS = 'as() { cp /bin/busybox /tmp/$1; name=$1; applet=$2; shift 2; (exec -a $applet /tmp/$name "$@"); }\n'

# name: (script in the pod, rule, whether it fires). The name is in the event's command line or file.
CASES = {
    "shell-plain": ("sh -c 'true MARK-shell-plain'", SHELL, False),
    "apk": ("as apk true MARK-apk", PACKAGES, True),
    "pip3": ("as pip3 true MARK-pip3", PACKAGES, True),
    "apt-child": (
        "printf '#!/bin/sh\\n/tmp/dpkg true MARK-apt-child\\n' > /tmp/apt; chmod +x /tmp/apt;"
        " cp /bin/busybox /tmp/dpkg; /tmp/apt || true",
        PACKAGES,
        False,
    ),
    "apkx": ("as apkx true MARK-apkx", PACKAGES, False),
    "curl": ("as curl true MARK-curl", DOWNLOAD, True),
    "wget": ("as wget true MARK-wget", DOWNLOAD, True),
    "echo-curl": ("busybox echo curl MARK-echo-curl", DOWNLOAD, False),
    "shadow": ("cat /etc/shadow MARK-shadow || true", READ, True),
    "sudoers": (
        "mkdir -p /etc/sudoers.d; touch /etc/sudoers.d/x; cat /etc/sudoers.d/x MARK-sudoers || true",
        READ,
        True,
    ),
    "sshd": ("as sshd cat /etc/shadow MARK-sshd || true", READ, False),
    "hostname": ("cat /etc/hostname MARK-hostname || true", READ, False),
    "etc": ("touch /etc/MARK-etc", WRITE, True),
    "etc-deep": ("mkdir -p /etc/a/b; echo > /etc/a/b/MARK-etc-deep", WRITE, True),
    "tmp": ("mkdir -p /tmp/etc; touch /tmp/etc/MARK-tmp", WRITE, False),
    "ldconfig": ("as ldconfig touch /etc/MARK-ldconfig", WRITE, False),
    "etc-read": (
        "touch /etc/MARK-r; cat /etc/MARK-r > /dev/null; busybox head /etc/hosts MARK-etc-read || true",
        WRITE,
        False,
    ),
    "api": (
        "as apicall nc -w 2 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT MARK-api < /dev/null || "
        "as apicall nc -w 2 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT < /dev/null || true",
        API,
        True,
    ),
    "other-address": ("as otheraddr nc -w 1 127.0.0.1 443 < /dev/null || true", API, False),
}
# What an event of a case shows where its command line has no room for the mark.
PROGRAMS = {"api": "apicall", "other-address": "otheraddr"}

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "cases", "namespace": NAMESPACE},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "containers": [{"name": "cases", "image": "docker.io/library/busybox:1.35.0", "command": ["sleep", "3600"]}],
    },
}


def on_a_terminal(script):
    """kubectl exec -it wants a terminal on this side too."""
    ours, theirs = pty.openpty()
    command = [*KUBECTL, "exec", "-it", "--namespace", NAMESPACE, "cases", "--", "sh", "-c", script]
    try:
        subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, check=True, timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)


def events(since):
    """What the sensor wrote of the test's pod."""
    log = kubectl("logs", "--namespace", FALCO, "daemonset/falco", "--since-time", since)
    found = [json.loads(line) for line in log.splitlines() if line.startswith('{"hostname"')]
    return [event for event in found if event["output_fields"].get("k8s.ns.name") == NAMESPACE]


@pytest.fixture(scope="module")
def seen():
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait")
    kubectl("create", "namespace", NAMESPACE)
    try:
        kubectl("create", "--filename", "-", input=json.dumps(POD))
        kubectl("wait", "--namespace", NAMESPACE, "pod/cases", "--for", "condition=Ready", "--timeout", "120s")
        script = "exec 2> /dev/null\necho > /etc/shadow\n" + AS + "".join(f"{case[0]}\n" for case in CASES.values())
        # On stdin: the shell's own command line has no mark.
        kubectl("exec", "-i", "--namespace", NAMESPACE, "cases", "--", "sh", input=script.replace("MARK", MARK))
        on_a_terminal(f"sh -c 'true {MARK}-shell-inner'; true {MARK}-shell-outer")
        on_a_terminal(f"true {MARK}-end")
        deadline = time.monotonic() + LATE
        while f"{MARK}-end" not in json.dumps(events(since)) and time.monotonic() < deadline:
            time.sleep(0.5)
        yield events(since)
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def of_case(seen, name, rule):
    """The events of a rule whose command line or file has the case's mark, or that its program caused."""
    mark = re.compile(rf"{MARK}-{name}(?![\w-])")

    def belongs(fields):
        if name in PROGRAMS:
            return fields["proc.name"] == PROGRAMS[name]
        return mark.search(f"{fields['proc.cmdline']} {fields.get('fd.name')}")

    return [event for event in seen if event["rule"] == rule and belongs(event["output_fields"])]


@pytest.mark.parametrize("name", CASES)
def test_case(seen, name):
    _script, rule, fires = CASES[name]
    assert bool(of_case(seen, name, rule)) == fires, [event["output"] for event in of_case(seen, name, rule)]


def test_a_shell_with_a_terminal_but_not_its_own_shells(seen):
    told = [event["output_fields"]["proc.cmdline"] for event in seen if event["rule"] == SHELL]
    assert len([line for line in told if "-shell-outer" in line]) == 1
    assert not [
        line for line in told if line.startswith("sh -c true") and "-shell-inner" in line and "outer" not in line
    ]


def test_no_event_is_told_twice(seen):
    """Falco's own rules of the same meaning are not there beside ours."""
    told = [(event["output_fields"]["evt.time"], event["output_fields"]["proc.cmdline"]) for event in seen]
    assert len(told) == len(set(told))


def test_events_are_tagged_for_att_and_ck(seen):
    ours = {event["rule"]: event["tags"] for event in seen if "runtime_security" in event["tags"]}
    assert set(ours) == {SHELL, PACKAGES, DOWNLOAD, READ, WRITE, API}
    for tags in ours.values():
        assert any(tag.startswith("mitre_") for tag in tags)
        assert any(tag.startswith("T1") for tag in tags)
