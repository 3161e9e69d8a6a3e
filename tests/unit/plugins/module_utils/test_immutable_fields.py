# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.immutable_fields import changes, message


def claim(size="10Gi", **spec):
    return {"resources": {"requests": {"storage": size}}, "accessModes": ["ReadWriteOnce"]} | spec


def stateful(*claims, **spec):
    templates = [{"metadata": {"name": f"data-{number}"}, "spec": one} for number, one in enumerate(claims)]
    return {"kind": "StatefulSet", "metadata": {"name": "loki"}, "spec": {"volumeClaimTemplates": templates} | spec}


def volume(*arguments, **spec):
    return {"kind": "PersistentVolumeClaim", "metadata": {"name": "grafana"}, "spec": claim(*arguments, **spec)}


def deployment(selector):
    return {"kind": "Deployment", "metadata": {"name": "grafana"}, "spec": {"selector": selector}}


@pytest.mark.parametrize(
    ("before", "after", "subject"),
    [
        (stateful(claim("50Gi")), stateful(claim("10Gi")), "size"),
        (stateful(claim("10Gi")), stateful(claim("50Gi")), "size"),
        (stateful(claim()), stateful(claim(storageClassName="fast")), "storage_class"),
        (stateful(claim()), stateful(), "persistence"),
        (stateful(), stateful(claim()), "persistence"),
        (stateful(serviceName="a"), stateful(serviceName="b"), "serviceName"),
        (volume("5Gi"), volume("1Gi"), "size"),
        (volume(), volume(storageClassName="fast"), "storage_class"),
        (deployment({"a": 1}), deployment({"a": 2}), "selector"),
    ],
)
def test_what_kubernetes_does_not_change_is_found(before, after, subject):
    assert [change.subject for change in changes([before], [after], "logs")] == [subject]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (stateful(claim("1Gi")), stateful(claim("1024Mi"))),
        (volume("1Gi"), volume("5Gi")),
        (volume(), {"kind": "ConfigMap", "metadata": {"name": "grafana"}}),
        (None, volume()),
        (stateful(replicas=1), stateful(replicas=2)),
    ],
)
def test_what_may_change_is_not(before, after):
    assert changes([before], [after], "logs") == []


def test_the_message_has_variable_value_and_fix():
    (change,) = changes([stateful(claim("50Gi"))], [stateful(claim("10Gi"))], "logs")
    said = message(change, "loki", "logs", {"size": "loki_stack_persistence_size"})
    assert said.startswith(
        "loki_stack_persistence_size: size of StatefulSet logs/loki, volume data-0 cannot change to 10Gi. Expected 50Gi"
    )
    assert "Fix: set loki_stack_persistence_size to 50Gi" in said
