# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what Kubernetes reads."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import Check, expect, named
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.names import is_dns_subdomain
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.numbers import is_quantity
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.kubeconfig import usable

_NAME = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_TOLERATION = ("key", "operator", "value", "effect", "tolerationSeconds")
_EFFECTS = ("", None, "NoSchedule", "PreferNoSchedule", "NoExecute")


def is_label_key(key: t.Any) -> bool:
    """Whether a value is the key of a label, with or without a prefix."""
    if not isinstance(key, str):
        return False
    prefix, slash, name = key.rpartition("/")
    return _NAME.fullmatch(name) is not None and (not slash or is_dns_subdomain(prefix))


def is_label_value(value: t.Any) -> bool:
    """Whether a value is the value of a label."""
    return isinstance(value, str) and (value == "" or _NAME.fullmatch(value) is not None)


def is_labels(value: t.Any) -> bool:
    """Whether a value is a dictionary of labels."""
    return isinstance(value, dict) and all(is_label_key(key) and is_label_value(text) for key, text in value.items())


def is_amounts(value: t.Any) -> bool:
    """Whether a value has quantities by name. Other than of a volume a container may have none of something."""
    return isinstance(value, dict) and all(
        is_label_key(key) and (is_quantity(amount) or str(amount) == "0") for key, amount in value.items()
    )


def is_resources(value: t.Any) -> bool:
    """Whether a value has requests and limits of a container."""
    return isinstance(value, dict) and set(value) <= {"requests", "limits"} and all(map(is_amounts, value.values()))


def is_toleration(item: t.Any) -> bool:
    """Whether a value is one toleration."""
    if not isinstance(item, dict) or not set(item) <= set(_TOLERATION):
        return False
    operator, effect, seconds = item.get("operator", "Equal"), item.get("effect"), item.get("tolerationSeconds", 0)
    return (
        (is_label_key(item["key"]) if item.get("key") else operator == "Exists")
        and (
            is_label_value(item.get("value", ""))
            if operator == "Equal"
            else operator == "Exists" and not item.get("value")
        )
        and effect in _EFFECTS
        and isinstance(seconds, int)
        and not isinstance(seconds, bool)
        and ("tolerationSeconds" not in item or effect == "NoExecute")
    )


def is_tolerations(value: t.Any) -> bool:
    """Whether a value is a list of tolerations."""
    return isinstance(value, (list, tuple)) and all(map(is_toleration, value))


@named
def kubeconfig() -> Check:
    """The path of a kubeconfig, or its content."""
    expected = "a path, or the content of a kubeconfig with clusters, contexts and users"
    return expect(usable, expected, "~/.kube/config", several_lines=True)


@named
def labels() -> Check:
    """Labels of objects."""
    return expect(is_labels, "labels as Kubernetes takes them, each value a string", {"disktype": "ssd"})


@named
def tolerations() -> Check:
    """Tolerations of pods."""
    expected = "a list of tolerations as Kubernetes takes them, of key, operator, value, effect and tolerationSeconds"
    return expect(is_tolerations, expected, [{"key": "dedicated", "operator": "Exists"}])


@named
def resources() -> Check:
    """Requests and limits of a container."""
    expected = "{requests: {...}, limits: {...}}, each of names and quantities"
    return expect(is_resources, expected, {"requests": {"memory": "512Mi"}})
