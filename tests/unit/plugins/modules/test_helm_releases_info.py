# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import helm_records
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import NotAllowed


def history(*statuses):
    """Metadata of the Secrets that Helm keeps, in no order."""
    secrets = [
        {
            "name": f"sh.helm.release.v1.loki.v{number}",
            "namespace": "monitoring",
            "labels": {"name": "loki", "version": str(number), "status": status},
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [{"time": "2026-01-01T00:00:20Z"}],
        }
        for number, status in enumerate(statuses, start=9)
    ]
    return helm_records.histories(secrets[::-1])


class Account:
    """A reader that may list in one namespace."""

    def all(self, kind, api_version, namespace=None, labels="", metadata_only=False):
        if namespace != "monitoring":
            raise NotAllowed("403")
        names = {"Secret": {"name": "loki"}, "ConfigMap": {helm_records.MARK: "loki"}}[kind]
        return [{"metadata": {"namespace": namespace, "name": kind, "labels": names, "selector": labels}}]


@pytest.mark.parametrize(
    ("statuses", "revision"),
    [
        (["pending-install"], 9),
        (["failed"], 9),
        (["superseded", "deployed", "pending-upgrade"], 10),
        (["deployed", "failed", "failed"], 9),
        (["deployed", "pending-rollback"], 9),
        (["superseded", "uninstalling"], 10),
    ],
)
def test_a_release_that_was_interrupted_goes_back_to_what_was_deployed(statuses, revision):
    found = {"name": "loki", "status": statuses[-1], "newest": 8 + len(statuses), "revision": revision, "idle": 40}
    # 2026-01-01 00:01:00
    assert helm_records.interrupted(history(*statuses), 1767225660.0) == {"monitoring/loki": found}
    assert helm_records.interrupted(history(*statuses), None)["monitoring/loki"]["idle"] == 0


def test_one_that_is_deployed_is_left_alone():
    assert helm_records.interrupted(history("failed", "pending-install", "deployed"), None) == {}


def test_an_account_of_one_namespace_looks_there_and_says_where_it_may_not():
    found = helm_records.read(Account(), ["grafana", "loki"], ["falco", "monitoring"])
    assert [one["selector"] for one in found.secrets] == ["owner=helm,name in (grafana,loki)"]
    assert [one["name"] for one in found.marks] == ["ConfigMap"]
    assert found.hidden == ["falco"] and not found.everywhere


def test_the_paths_of_our_values_are_read_from_the_mark():
    labels = {helm_records.MARK: "loki"}
    marks = [
        {"name": "a", "namespace": "monitoring", "labels": labels, "annotations": {helm_records.PATHS: '["/a/b"]'}}
    ]
    assert helm_records.managed_paths(marks) == {"monitoring/loki": ["/a/b"]}
    assert helm_records.managed_paths([marks[0] | {"annotations": None}]) == {"monitoring/loki": None}
