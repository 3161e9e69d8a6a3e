# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import NotAllowed
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import records


def history(*statuses):
    """Metadata of the Secrets that Helm keeps."""
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
    # In no order.
    return records.histories(secrets[::-1])["monitoring/loki"]


class Account:
    """A reader that may list in one namespace."""

    def all(self, kind, api_version, namespace=None, labels="", metadata_only=False):
        if namespace != "monitoring":
            raise NotAllowed("403")
        names = {"Secret": {"name": "loki"}, "ConfigMap": {records.MARK: "loki"}}[kind]
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
def test_the_revision_to_go_back_to_is_the_one_that_was_deployed_last(statuses, revision):
    assert records.last_deployed(history(*statuses)) == revision


def test_the_age_of_a_record_goes_by_the_servers_clock():
    (newest,) = history("failed")
    # 2026-01-01 00:01:00
    assert records.idle_seconds(newest, 1767225660.0) == 40
    assert records.idle_seconds(newest, None) == 0


@pytest.mark.parametrize("everywhere", [True, False])
def test_an_account_of_one_namespace_looks_there_and_says_where_it_may_not(everywhere):
    found = records.read(Account(), ["grafana", "loki"], ["falco", "monitoring"], everywhere)
    assert [one["selector"] for one in found.secrets] == ["owner=helm,name in (grafana,loki)"]
    assert [one["name"] for one in found.marks] == ["ConfigMap"]
    assert found.hidden == ["falco"] and not found.everywhere


def test_the_paths_of_our_values_are_read_from_the_mark():
    labels = {records.MARK: "loki"}
    marks = [{"name": "a", "namespace": "monitoring", "labels": labels, "annotations": {records.PATHS: '["/a/b"]'}}]
    assert records.managed_paths(marks) == {"monitoring/loki": ["/a/b"]}
    assert records.managed_paths([marks[0] | {"annotations": None}]) == {"monitoring/loki": None}
