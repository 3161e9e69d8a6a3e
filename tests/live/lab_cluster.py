"""The cluster under test and its lab: PIPELINE_INPUTS, as molecule hands it over, says where they are."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).parents[2]
for name in ("PIPELINE_INPUTS", "RUNTIME_SECURITY_BUNDLE"):
    if name not in os.environ:
        raise RuntimeError(
            f"{name} is not set: tests/live needs a running cluster. Run tools/molecule.sh or make infra."
        )
INPUTS = json.loads(os.environ["PIPELINE_INPUTS"])
BUNDLE = Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).parent
CONTEXT = INPUTS["minikube_profile"]
KUBECONFIG = INPUTS["runtime_security_kubeconfig"]
FALCO = INPUTS.get("falco_ebpf_namespace", "falco")
# How a run prints what changed() reads.
AS_JSON = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
KUBECTL = [str(BUNDLE / "bin" / "kubectl"), "--kubeconfig", KUBECONFIG, "--context", CONTEXT]


def run(command, **options):
    """Standard output of a command; one that fails shows what it printed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def kubectl(*words, **options):
    return run([*KUBECTL, *words], **options)


def staying_pods(namespace, *options):
    """A namespace's pods but those that end: they stay listed for the whole of their grace period."""
    listed = json.loads(kubectl("get", "pods", "--namespace", namespace, "--output", "json", *options))["items"]
    return [pod for pod in listed if "deletionTimestamp" not in pod["metadata"]]


def playbook(name, *options, **inputs):
    """Runs a playbook with the lab's inputs; its exit code and what it printed."""
    command = ["ansible-playbook", name, "-e", f"@{BUNDLE}/bundle.yml", "-e", json.dumps(INPUTS | inputs), *options]
    plain = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_CONFIG": str(TOP / "ansible.cfg")}
    done = subprocess.run(
        command,
        cwd=TOP,
        env=os.environ | plain,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def succeeded(name, *options, **inputs):
    """A playbook that has to go well; how many seconds it took."""
    began = time.monotonic()
    code, text = playbook(name, *options, **inputs)
    assert code == 0, text[-4000:]
    return time.monotonic() - began


def changed(printed):
    """The tasks that changed something or would, each with the item it did that for, of a run that was printed AS_JSON."""
    found = set()
    for task in (task for play in json.loads(printed)["plays"] for task in play["tasks"]):
        result = task["hosts"].get("localhost", {})
        for one in result.get("results", [result]):
            if one.get("changed"):
                label = one.get("_ansible_item_label", one.get("item", ""))
                found.add((task["task"]["name"], str(label)))
    return found
