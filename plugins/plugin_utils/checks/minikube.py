# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role minikube."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Inputs,
    Problem,
    condition,
    expect,
    matches,
    named,
)

_CNI = ("auto", "bridge", "calico", "cilium", "flannel", "kindnet", "false")
_MEMORY = re.compile(r"[0-9]{1,9} *(m|mb|mi|g|gb|gi)?", re.IGNORECASE)
_SETTING = matches(r"(?s)[a-z-]+[.][A-Za-z0-9-]+=.*")
_OPTION = matches(r"(?s)-[-a-z].*")
_SEVERAL_NODES = matches(r"(?s)--(ha|nodes=(?!1$)).*")
_LEVELS = ("None", "Metadata", "Request", "RequestResponse")


@condition()
def profile_of_driver(profile: str, inputs: Inputs) -> Problem | None:
    """A profile that the driver takes (minikube, cmd/minikube/cmd/start.go, validateBareMetal)."""
    if inputs["minikube_driver"] != "none" or profile == "minikube":
        return None
    return Problem("minikube, the only profile that the driver none takes", fix="set it to 'minikube'")


@named
def kubeconfig_path() -> Check:
    """A path: the content of a kubeconfig, which the other roles take, is nothing minikube could write to."""
    return expect(lambda value: not value.lstrip().startswith("{"), "the path of a file", "~/.kube/config")


@named
def cni() -> Check:
    """A network of minikube, or a manifest of one."""
    return expect(
        lambda value: value in _CNI or matches(r"(?s)[./~].+")(value),
        "%s, or the path of a manifest" % ", ".join(_CNI),
        "bridge",
    )


@named
def memory() -> Check:
    """Memory of the cluster."""
    return expect(
        lambda value: _MEMORY.fullmatch(str(value)) is not None,
        "a whole number of MiB, or one with the unit m or g",
        "6g",
    )


@named
def settings() -> Check:
    """Settings of Kubernetes' components."""
    expected = "a list of entries of the form component.key=value"
    return expect(lambda values: all(map(_SETTING, values)), expected, ["kubelet.max-pods=200"])


@named
def audit_rules() -> Check:
    """Rules of an audit policy."""
    return expect(
        lambda rules: all(rule.get("level") in _LEVELS for rule in rules),
        "rules of an audit policy, each with the level %s" % ", ".join(_LEVELS),
        [{"level": "Metadata"}],
    )


@condition()
def start_options(options: list[t.Any], inputs: Inputs) -> Problem | None:
    """Options of 'minikube start' that the driver takes."""
    if not all(map(_OPTION, options)):
        return Problem("a list of options of 'minikube start', each beginning with '-'", example=["--nodes=2"])
    if inputs["minikube_driver"] == "none" and any(map(_SEVERAL_NODES, options)):
        expected = "options without --nodes and --ha, as the driver none has one node"
        return Problem(expected, "several nodes", "remove them, or choose another driver")
    return None


@named
def image_reference() -> Check:
    """An image, also by its digest."""
    return expect(matches(r"[^\s:/][^\s]*"), "an image reference", "docker.io/kicbase/stable:v0.0.50")


@named
def paths() -> Check:
    """Paths of files."""
    expected = "a list of paths"
    return expect(lambda values: all(value.strip() for value in values), expected, ["/srv/bundle/images/loki.tar"])
