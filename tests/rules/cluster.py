"""The cluster whose Falco is tested: one of the lab's, named by PIPELINE_INPUTS as molecule hands it over."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

INPUTS = json.loads(os.environ["PIPELINE_INPUTS"])
BUNDLE = Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).parent
# The bundle has one for each line; this is the current one's.
(CHART,) = map(str, (BUNDLE / "charts").glob("falco-9.*.tgz"))
FALCO = INPUTS.get("falco_ebpf_namespace", "falco")
CONNECTION = ("--kubeconfig", INPUTS["runtime_security_kubeconfig"])
KUBECTL = [str(BUNDLE / "bin" / "kubectl"), *CONNECTION, "--context", INPUTS["minikube_profile"]]
HELM = [str(BUNDLE / "bin" / "helm"), *CONNECTION, "--kube-context", INPUTS["minikube_profile"], "--namespace", FALCO]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def kubectl(*words, **options):
    return run([*KUBECTL, *words], **options)


def helm(*words, **options):
    return run([*HELM, *words], **options)


def generation():
    """The DaemonSet's: another one means that something reached the sensor."""
    return kubectl("get", "daemonset", "falco", "--namespace", FALCO, "-o", "jsonpath={.metadata.generation}")


def jobs():
    return kubectl("get", "jobs", "--namespace", FALCO, "-o", "name").split()
