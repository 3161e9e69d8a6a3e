# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why there is k8s_objects beside kubernetes.core.k8s: what each writes and shows of the same Secret."""

from __future__ import annotations

import base64

from api_double import Cluster
from objects_double import made
from plays import run

OLD, NEW = (base64.b64encode(word.encode()).decode() for word in ("planted-old", "planted-new"))
OTHERS = made("Secret", "theirs", data={"password": OLD})
SECRET = made("Secret", "mail", data={"password": OLD})
WANTED = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "mail", "namespace": "monitoring"},
    "data": {"password": NEW},
}
CONNECTION = {"kubeconfig": "{{ runtime_security_kubeconfig | from_json }}"}


def twice(module, option):
    """What two runs change, and what they print."""
    cluster = Cluster(made("Namespace", "monitoring"), SECRET, OTHERS)
    task = {module: CONNECTION | {option: [WANTED]}}
    printed = [run(cluster, [task], "--diff").stdout for _time in range(2)]
    assert [text.partition("changed=")[2][:1] for text in printed] == ["1", "0"], printed
    return cluster.changes, "".join(printed)


def test_kubernetes_core_writes_each_time_and_shows_the_values():
    changes, printed = twice("kubernetes.core.k8s", "resource_definition")
    assert changes == ["PATCH secrets/mail"] * 2
    assert OLD in printed and NEW in printed


def test_ours_writes_once_and_shows_the_keys():
    changes, printed = twice("runtime_security.kubernetes.k8s_objects", "objects")
    assert changes == ["PATCH secrets/mail"]
    assert OLD not in printed and NEW not in printed
    assert "password" in printed


def test_somebody_elses_object_is_changed_by_the_one_and_refused_by_the_other():
    theirs = WANTED | {"metadata": OTHERS["metadata"]}
    for module, option, more, code in (
        ("kubernetes.core.k8s", "resource_definition", {}, 0),
        ("runtime_security.kubernetes.k8s_objects", "objects", {"owner": {"app": "mine"}}, 2),
    ):
        cluster = Cluster(made("Namespace", "monitoring"), OTHERS)
        done = run(cluster, [{module: CONNECTION | {option: [theirs]} | more}])
        assert done.returncode == code, done.stdout
        assert bool(cluster.changes) is (code == 0)
