# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which API dashboards and folders go by."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_apis import (
    DASHBOARDS,
    FOLDERS,
    Apis,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import GrafanaError


class FakeGrafana:
    """Answers by path; an exception is raised."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def get_object(self, api_path, *_keys, absent=()):
        self.asked.append(api_path)
        answer = self.answers[api_path.rpartition("/")[2]]
        if isinstance(answer, Exception):
            raise answer
        return answer


def listed(**groups):
    found = [
        {"name": f"{name}.grafana.app", "versions": [{"version": version} for version in versions]}
        for name, versions in groups.items()
    ]
    return {"groups": found}


@pytest.mark.parametrize(
    ("versions", "stable"),
    [
        (["v1beta1", "v0alpha1", "v2alpha1", "v2beta1"], ""),
        (["v2", "v1", "v1beta1", "v0alpha1"], "v1"),
        (["v2", "v3", "v10", "v2beta1"], "v10"),
        ([], ""),
    ],
)
def test_a_stable_version_is_used_if_there_is_one(versions, stable):
    assert Apis(FakeGrafana(apis=listed(dashboard=versions))).stable(DASHBOARDS) == stable


def test_each_group_is_decided_by_itself():
    apis = Apis(FakeGrafana(apis=listed(dashboard=["v1"], folder=["v1beta1"])))
    assert (apis.stable(DASHBOARDS), apis.stable(FOLDERS)) == ("v1", "")
    assert apis.grafana.asked == ["/apis"]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_without_the_newer_api_the_classic_one_is_used(status):
    assert Apis(FakeGrafana(apis=GrafanaError("no", status))).stable(DASHBOARDS) == ""


@pytest.mark.parametrize("odd", [None, 7, {}, [None, 7, {"name": "x", "versions": 3}, {"versions": [7]}]])
def test_an_odd_list_has_no_stable_version(odd):
    assert Apis(FakeGrafana(apis={"groups": odd})).stable(DASHBOARDS) == ""


def test_what_is_not_known_decides_nothing():
    grafana = FakeGrafana(apis=GrafanaError("broken", 500))
    apis = Apis(grafana)
    for _again in range(2):
        with pytest.raises(GrafanaError, match="broken"):
            apis.stable(DASHBOARDS)
    grafana.answers["apis"] = listed(dashboard=["v1"])
    assert apis.stable(DASHBOARDS) == "v1"


@pytest.mark.parametrize(("settings", "space"), [({"namespace": "org-2"}, "org-2"), ({}, "default"), (None, "default")])
def test_the_namespace_is_grafanas(settings, space):
    apis = Apis(FakeGrafana(settings=settings))
    place = apis.place(FOLDERS, "v1", "a b", "counts", limit=1)
    assert place == f"/apis/folder.grafana.app/v1/namespaces/{space}/folders/a%20b/counts?limit=1"
    apis.place(DASHBOARDS, "v2")
    assert len(apis.grafana.asked) == 1
