# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""grafana_admin_password with the administrator's Secret: when Grafana is asked, and what is recorded."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_admin_password
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import OWNER
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from api_double import Cluster
from grafana_double import RELEASES, Double
from grafana_double.server import USER
from objects_double import made

MARK = "runtime-security/password"
# Nothing listens there.
NOWHERE = "http://127.0.0.1:1"


def secret(labels, mark=None, password=USER[1]):
    words = {"admin-user": USER[0], "admin-password": password}
    data = {key: base64.b64encode(word.encode()).decode() for key, word in words.items()}
    found = made("Secret", "grafana-admin", dict(labels), data=data)
    if mark:
        found["metadata"]["annotations"] = {MARK: mark}
    return found


def mark_of(cluster):
    return cluster.objects["v1", "monitoring", "secrets", "grafana-admin"]["metadata"].get("annotations", {}).get(MARK)


@pytest.fixture
def grafana():
    with Double(RELEASES["13.2.0"]) as double:
        yield double


@pytest.fixture
def task(work_on):
    def run(cluster, url, check=False, **more):
        options = {"url": url, "service": {"namespace": "monitoring"}}
        return work_on(grafana_admin_password, cluster, check=check, grafana=options, **more)

    return run


@pytest.fixture
def set_in_pod(monkeypatch):
    """Passwords that Grafana's command line was given; it takes them from then on."""
    given, refused = [], grafana_admin_password.refused

    def set_password(client, params, password):
        given.append(password)

    monkeypatch.setattr(grafana_admin_password, "set_password", set_password)
    monkeypatch.setattr(grafana_admin_password, "refused", lambda client: not given and refused(client))
    return given


@pytest.mark.parametrize("mark", [None, "known"])
def test_a_password_that_grafana_has_is_not_tried(task, mark):
    cluster = Cluster(secret(OWNER, mark))
    assert task(cluster, NOWHERE) == {"changed": False}
    assert cluster.changes == []


def test_a_pending_one_that_grafana_takes_is_recorded(task, grafana, set_in_pod):
    cluster = Cluster(secret(OWNER, "pending"))
    assert task(cluster, grafana.url, check=True)["changed"] and cluster.changes == []
    assert task(cluster, grafana.url)["changed"]
    assert (mark_of(cluster), set_in_pod) == ("known", [])
    assert not task(cluster, NOWHERE)["changed"]


def test_a_pending_one_that_grafana_refuses_is_set(task, grafana, set_in_pod):
    cluster = Cluster(secret(OWNER, "pending", "another"))
    assert task(cluster, grafana.url, check=True)["changed"]
    assert (mark_of(cluster), set_in_pod) == ("pending", [])
    assert task(cluster, grafana.url)["changed"]
    assert (mark_of(cluster), set_in_pod) == ("known", ["another"])


def test_it_stays_pending_where_grafana_does_not_take_it(task, grafana, monkeypatch):
    monkeypatch.setattr(grafana_admin_password, "set_password", lambda *_words: None)
    cluster = Cluster(secret(OWNER, "pending", "another"))
    with pytest.raises(WorkError, match="refuses the password that was just set"):
        task(cluster, grafana.url)
    assert mark_of(cluster) == "pending" and cluster.changes == []


def test_one_of_somebody_else_is_tried_each_time_and_gets_no_mark(task, grafana, set_in_pod):
    cluster = Cluster(secret({}))
    assert not task(cluster, grafana.url)["changed"]
    other = Cluster(secret({}, password="another"))
    assert task(other, grafana.url)["changed"]
    assert set_in_pod == ["another"] and cluster.changes == other.changes == []


def test_one_of_somebody_else_is_not_tried_where_a_new_pod_reads_it(task):
    assert not task(Cluster(secret({})), NOWHERE, persistence=False)["changed"]


def test_a_grafana_that_does_not_answer_is_an_error_but_in_check_mode(task):
    cluster = Cluster(secret(OWNER, "pending"))
    with pytest.raises(WorkError, match="no answer from Grafana"):
        task(cluster, NOWHERE)
    assert not task(cluster, NOWHERE, check=True)["changed"]
    with pytest.raises(WorkError, match="has no Secret grafana-admin"):
        task(Cluster(), NOWHERE)
