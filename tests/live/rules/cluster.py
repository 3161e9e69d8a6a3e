"""Falco's release in the cluster under test."""

from __future__ import annotations

from live.lab_cluster import BUNDLE, CONTEXT, FALCO, KUBECONFIG, kubectl, run

# The bundle has one for each variant; this is the current one's.
(CHART,) = map(str, (BUNDLE / "charts").glob("falco-9.*.tgz"))
HELM = [BUNDLE / "bin" / "helm", "--kubeconfig", KUBECONFIG, "--kube-context", CONTEXT, "--namespace", FALCO]


def helm(*words, **options):
    return run([*HELM, *words], **options)


def generation():
    """The DaemonSet's: another one means that something reached the sensor."""
    return kubectl("get", "daemonset", "falco", "--namespace", FALCO, "-o", "jsonpath={.metadata.generation}")


def jobs():
    return kubectl("get", "jobs", "--namespace", FALCO, "-o", "name").split()
