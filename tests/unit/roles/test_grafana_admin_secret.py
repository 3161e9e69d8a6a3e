# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""grafana_admin_secret: what is written into the Secret of Grafana's administrator, and what is refused."""

from __future__ import annotations

import base64
import json
import re

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_admin_secret
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import OWNER
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from api_double import Cluster
from objects_double import made

MARK = "runtime-security/password"
GRAFANA = made("Deployment", "grafana")


def secret(labels=OWNER, mark=None, **entries):
    data = {key.replace("_", "-"): base64.b64encode(value.encode()).decode() for key, value in entries.items()}
    found = made("Secret", "grafana-admin", dict(labels), data=data)
    found["metadata"]["resourceVersion"] = "7"
    if mark:
        found["metadata"]["annotations"] = {MARK: mark}
    return found


def stored(cluster):
    """User, password and mark."""
    found = cluster.objects["v1", "monitoring", "secrets", "grafana-admin"]
    data = {key: base64.b64decode(value).decode() for key, value in found["data"].items()}
    return data.get("admin-user"), data.get("admin-password"), found["metadata"].get("annotations", {}).get(MARK)


@pytest.fixture
def task(work_on):
    return lambda cluster, **options: work_on(grafana_admin_secret, cluster, **options)


def test_a_new_one_has_a_generated_password_that_is_nowhere_else(task):
    cluster = Cluster()
    result = task(cluster, diff=True)
    user, password, mark = stored(cluster)
    assert (user, mark) == ("admin", "known")
    assert re.fullmatch("[A-Za-z0-9]{32}", password)
    assert result["changed"] and result["managed"] and not result["pending"] and result["version"] == ""
    encoded = base64.b64encode(password.encode()).decode()
    assert password not in json.dumps(result) and encoded not in json.dumps(result)
    again = task(cluster)
    assert not again["changed"] and cluster.changes == ["POST secrets/grafana-admin"]


def test_check_mode_announces_it_also_without_its_namespace(task):
    cluster = Cluster()
    result = task(cluster, check=True, diff=True)
    assert result["changed"] and cluster.changes == []
    assert set(result["diff"][0]["after"]["data"]) == {"admin-user", "admin-password"}


def test_with_a_grafana_the_password_is_pending(task):
    """Its database was made with another one."""
    cluster = Cluster(GRAFANA)
    assert task(cluster)["pending"]
    assert stored(cluster)[2] == "pending"
    # Until Grafana has it.
    assert task(cluster)["pending"] and len(cluster.changes) == 1


@pytest.mark.parametrize("lacking", ["admin_user", "admin_password"])
def test_half_of_ours_is_completed_and_the_rest_stays(task, lacking):
    entries = {"admin_user": "admin", "admin_password": "word"}
    del entries[lacking]
    cluster = Cluster(secret(**entries))
    assert task(cluster)["changed"]
    user, password, _mark = stored(cluster)
    assert user == "admin" and (password == "word") is (lacking == "admin_user")


def test_a_given_password_is_written(task):
    cluster = Cluster(secret(admin_user="admin", admin_password="old"), GRAFANA)
    result = task(cluster, admin_password="new", diff=True)
    assert result["changed"] and result["pending"]
    assert stored(cluster) == ("admin", "new", "pending")
    assert set(result["diff"][0]["after"]["data"]) == {"admin-password"}
    assert not task(cluster, admin_password="new")["changed"]


def test_a_secret_of_somebody_else_is_used_as_it_is(task):
    cluster = Cluster(secret({}, admin_user="root", admin_password="word"))
    result = task(cluster, admin_user="admin")
    assert (result["changed"], result["managed"], result["pending"], result["version"]) == (False, False, False, "7")
    assert not task(cluster, admin_password="word")["changed"]
    assert not task(cluster, state="absent")["changed"]
    assert cluster.changes == []


@pytest.mark.parametrize(
    ("found", "options", "words"),
    [
        (secret({}, admin_user="a"), {}, "Secret monitoring/grafana-admin lacks admin-password, and was not made"),
        (
            secret({}, admin_user="a", admin_password="word"),
            {"admin_password": "other"},
            "THE_PASSWORD: it differs from the password in Secret monitoring/grafana-admin",
        ),
        (secret(admin_user="a", admin_password="word"), {"admin_user": "b"}, "was made with the name in Secret"),
    ],
)
def test_what_grafana_would_not_use_is_refused(task, found, options, words):
    cluster = Cluster(found)
    with pytest.raises(WorkError, match=words) as refused:
        task(cluster, variables={"admin_password": "THE_PASSWORD"}, **options)
    assert cluster.changes == []
    assert "word'" not in str(refused.value) and "other" not in str(refused.value)


def test_without_a_volume_another_name_is_written(task):
    cluster = Cluster(secret(admin_user="a", admin_password="word"))
    assert task(cluster, admin_user="b", persistence=False)["changed"]
    assert stored(cluster)[:2] == ("b", "word")


def test_rotation_stores_another_password_each_time(task):
    cluster = Cluster(secret(admin_user="a", admin_password="word", mark="known"))
    assert task(cluster, state="rotated", check=True)["changed"] and cluster.changes == []
    result = task(cluster, state="rotated")
    first = stored(cluster)
    assert result["changed"] and result["pending"] and first[0] == "a" and first[1] != "word" and first[2] == "pending"
    assert task(cluster, state="rotated")["changed"] and stored(cluster)[1] != first[1]


@pytest.mark.parametrize(
    ("objects", "options"),
    [
        ([], {}),
        ([secret({}, admin_user="a", admin_password="word")], {}),
        ([secret(admin_user="a", admin_password="word")], {"admin_password": "word"}),
    ],
    ids=["none", "of others", "given"],
)
def test_only_a_generated_password_is_rotated(task, objects, options):
    cluster = Cluster(*objects)
    with pytest.raises(WorkError, match="only a password that this collection generated can be rotated"):
        task(cluster, state="rotated", **options)
    assert cluster.changes == []


def test_ours_is_removed(task):
    cluster = Cluster(secret(admin_user="a", admin_password="word"))
    assert task(cluster, state="absent", check=True)["changed"] and cluster.changes == []
    assert task(cluster, state="absent")["changed"] and cluster.names() == set()
    assert not task(cluster, state="absent")["changed"]


class Late(Cluster):
    """Somebody makes the Secret after it was asked for."""

    def answer(self, method, path, words, body):
        if method == "POST" and path.endswith("/secrets"):
            other = secret({}, admin_user="theirs", admin_password="theirs")
            self.objects["v1", "monitoring", "secrets", "grafana-admin"] = other
        return super().answer(method, path, words, body)


def test_one_that_came_to_exist_meanwhile_keeps_its_password(task):
    cluster = Late()
    with pytest.raises(WorkError, match="exists, and a moment ago the API server did not know it"):
        task(cluster)
    assert stored(cluster)[:2] == ("theirs", "theirs")
