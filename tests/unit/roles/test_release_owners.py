# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose releases there are, asked by an account that may not look into all namespaces."""

from __future__ import annotations

import pytest
from api_double import Cluster
from objects_double import made, mark, release
from plays import entry, run

ASKED = ("secrets", "configmaps")


class Limited(Cluster):
    """An API server that lets Secrets and ConfigMaps be listed in some namespaces only."""

    allowed: tuple[str, ...] = ()

    def answer(self, method, path, words, body):
        namespace = path.partition("/namespaces/")[2].partition("/")[0]
        if path.endswith(ASKED) and method == "GET" and namespace not in self.allowed:
            return 403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}
        return super().answer(method, path, words, body)


def one_line(text):
    return " ".join(text.split())


def ran(allowed, role, name, *objects, **inputs):
    cluster = Limited(made("Namespace", "monitoring"), made("Namespace", "falco"), *objects)
    cluster.allowed = allowed
    done = run(cluster, [entry(role, name)], **inputs)
    return cluster, one_line(done.stdout)


def test_a_release_of_somebody_else_is_refused_also_without_rights_elsewhere():
    cluster, said = ran(("monitoring",), "metrics_stack", "apply", release("grafana"))
    assert "Release grafana in namespace monitoring was not installed by this collection." in said
    assert cluster.changes == []


@pytest.mark.parametrize("role", ["metrics_stack", "loki_stack"])
def test_what_cannot_be_seen_is_refused(role):
    cluster, said = ran((), role, "apply")
    assert "in namespace monitoring cannot be seen: the right to list secrets and configmaps there is missing" in said
    assert f"{role}_take_ownership" in said
    assert cluster.changes == []


def test_removal_refuses_what_cannot_be_seen():
    cluster, said = ran((), "metrics_stack", "remove", release("grafana"))
    assert "cannot be seen: the right to list secrets and configmaps there is missing" in said
    assert cluster.changes == []
    assert "Secret/sh.helm.release.v1.grafana.v1" in cluster.names()


def test_removal_takes_ours_and_leaves_what_is_of_others():
    cluster, said = ran(
        ("monitoring",), "metrics_stack", "remove", release("grafana"), release("prometheus"), mark("prometheus")
    )
    assert "failed=0" in said
    assert cluster.names() & {"Secret/sh.helm.release.v1.grafana.v1", "Secret/sh.helm.release.v1.prometheus.v1"} == {
        "Secret/sh.helm.release.v1.grafana.v1"
    }


def test_the_namespace_of_a_later_role_is_looked_into():
    theirs = release("loki")
    theirs["metadata"]["namespace"] = "logs"
    cluster = Limited(made("Namespace", "monitoring"), made("Namespace", "logs"), theirs)
    cluster.allowed = ("monitoring", "logs")
    roles = {"metrics_stack": ("remove", {}), "loki_stack": ("apply", {"loki_stack_namespace": "logs"})}
    tasks = [
        {
            "ansible.builtin.include_role": {"name": f"runtime_security.kubernetes.{role}", "tasks_from": name},
            "vars": own,
        }
        for role, (name, own) in roles.items()
    ]
    said = one_line(run(cluster, tasks).stdout)
    assert "Release loki in namespace logs was not installed by this collection." in said


class Forgetful(Limited):
    """An API server whose list of Secrets is empty although there are some."""

    allowed = ("monitoring", "falco")

    def listed(self, version, namespace, kinds, words):
        found = super().listed(version, namespace, kinds, words)
        return found | {"items": []} if kinds == "secrets" else found


def forgetful(name, *objects):
    cluster = Forgetful(made("Namespace", "monitoring"), *objects)
    return cluster, one_line(run(cluster, [entry("loki_stack", name)], loki_stack_persistence=False).stdout)


def test_removal_takes_nothing_of_which_it_does_not_know_that_it_is_ours():
    """Before, what was not known to be of others was uninstalled."""
    cluster, said = forgetful("remove", release("loki"), made("StatefulSet", "loki"))
    assert "failed=0" in said
    assert cluster.changes == []


def test_a_release_that_the_list_lacks_is_neither_marked_nor_overwritten():
    pods = made("StatefulSet", "loki")
    pods["metadata"]["annotations"] = {"meta.helm.sh/release-name": "loki"}
    cluster, said = forgetful("apply", release("loki"), pods)
    assert "Workloads of release loki exist in namespace monitoring, and Helm has no record of it." in said
    assert cluster.changes == []
