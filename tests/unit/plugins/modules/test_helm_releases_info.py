# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.modules import helm_releases_info


def history(*statuses):
    """Metadata of the Secrets that Helm keeps, in no order."""
    secrets = [
        {"namespace": "monitoring", "labels": {"name": "loki", "version": str(number), "status": status}}
        for number, status in enumerate(statuses, start=9)
    ]
    return helm_releases_info.revisions(secrets[::-1])


class Account:
    """A client that may list in one namespace."""

    def resource(self, kind, api_version):
        return kind

    def get(self, kind, namespace=None, **wanted):
        if namespace != "monitoring":
            raise helm_releases_info.ForbiddenError(
                SimpleNamespace(status=403, reason="Forbidden", body="", headers={})
            )
        items = [{"metadata": {"namespace": namespace, "kind": kind, "selector": wanted["label_selector"]}}]
        return SimpleNamespace(to_dict=lambda: {"items": items})


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
def test_a_release_that_was_cut_off_goes_back_to_what_was_deployed(statuses, revision):
    found = {"name": "loki", "status": statuses[-1], "revision": revision}
    assert helm_releases_info.cut_off(history(*statuses)) == {"monitoring/loki": found}


def test_one_that_stands_is_left_alone():
    assert helm_releases_info.cut_off(history("failed", "pending-install", "deployed")) == {}


def test_an_account_of_one_namespace_looks_there_and_says_where_it_may_not():
    names = ["grafana", "loki"]
    with pytest.raises(helm_releases_info.ForbiddenError):
        helm_releases_info.traces(Account(), names)
    secrets, marks, hidden = helm_releases_info.traces_in(Account(), names, ["falco", "monitoring"])
    assert [found["selector"] for found in secrets] == ["owner=helm,name in (grafana,loki)"]
    assert [found["kind"] for found in marks] == ["ConfigMap"]
    assert hidden == ["falco"]
