# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""helm_releases with an account that may not do everything."""

from __future__ import annotations

from api_double import Cluster
from helm_inputs import DEPLOYED, LOKI, NAMESPACE, RECORD, actions
from objects_double import mark


class Account(Cluster):
    """An API server that refuses what is asked for at some paths."""

    refused = staticmethod(lambda path, words: False)

    def answer(self, method, path, words, body):
        if method == "GET" and self.refused(path, words):
            return 403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}
        return super().answer(method, path, words, body)


def test_an_account_of_one_namespace_is_enough(helm_module):
    cluster = Account(NAMESPACE, DEPLOYED, RECORD)
    cluster.refused = lambda path, words: "/namespaces/monitoring" not in path and path.count("/") > 2
    result = helm_module(cluster, LOKI | {"values": {"b": 2}, "one_per_cluster": "of a reason"})
    assert actions(result) == {"loki": "upgraded"}
    assert "releases elsewhere are not seen" in result["warnings"][0]


def test_what_cannot_be_seen_is_refused_or_taken_over(helm_module):
    cluster = Account(NAMESPACE, DEPLOYED, RECORD)
    cluster.refused = lambda path, words: path.endswith(("/secrets", "/configmaps"))
    for state in ("present", "validated", "absent"):
        result = helm_module(cluster, LOKI, state=state, variables={"kubeconfig": "loki_stack_kubeconfig"})
        assert "Whether this collection manages loki in namespace monitoring cannot be seen" in result["msg"]
        assert "the account of loki_stack_kubeconfig" in result["msg"]
    assert cluster.changes == []
    result = helm_module(cluster, LOKI, take_ownership=True)
    assert actions(result) == {"loki": "upgraded"} and "HELM upgrade loki" in cluster.changes


def test_values_of_others_that_cannot_be_read_are_not_overwritten(helm_module):
    cluster = Account(NAMESPACE, DEPLOYED, mark("loki", []))
    cluster.refused = lambda path, words: "/secrets/" in path
    assert "the values that others set in it cannot be read" in helm_module(cluster, LOKI)["msg"]
    assert cluster.changes == []
