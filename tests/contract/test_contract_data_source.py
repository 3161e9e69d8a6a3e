# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import json

import pytest
from grafana_double import RELEASES, Double
from modules import run

LOKI = {"uid": "loki", "name": "Loki", "type": "loki", "ds_url": "http://loki:3100", "owner": "us"}
SECRETS = {
    "basic_auth_user": "grafana",
    "basic_auth_password": "geheim-1",
    "http_headers": {"X-Scope-OrgID": "geheim-2", "Authorization": "Bearer geheim-3"},
    "tls_ca_cert": "geheim-4",
    "tls_client_cert": "geheim-5",
    "tls_client_key": "geheim-6",
    "tls_server_name": "loki.example.org",
    "secure_json_data": {"apiKey": "geheim-7"},
}


@pytest.fixture
def have(grafana):
    return functools.partial(run, "grafana_data_source", grafana.url)


def test_create_keep_update_and_remove(grafana, have):
    dry = have(**LOKI, check=True)
    assert dry["changed"]
    assert grafana.writes() == []
    made = have(**LOKI)
    assert made["changed"]
    assert dry["data_source"] == made["data_source"]
    assert made["diff"]["before"] == {}
    assert made["diff"]["after"]["url"] == "http://loki:3100"
    assert not have(**LOKI)["changed"]
    moved = have(**{**LOKI, "ds_url": "http://loki:3200"})
    assert moved["changed"]
    assert moved["diff"]["before"]["url"] == "http://loki:3100"
    # In place: what refers to it by number or by uid goes on doing so.
    assert grafana.data_sources.stored["loki"]["id"] == 1
    assert have(uid="loki", owner="us", state="absent", check=True)["changed"]
    assert have(uid="loki", owner="us", state="absent")["changed"]
    assert not have(uid="loki", owner="us", state="absent")["changed"]
    assert grafana.data_sources.stored == {}


def test_secrets_are_kept_rotated_and_taken_back(grafana, have):
    first = have(**LOKI, **SECRETS)
    assert grafana.data_sources.secrets["loki"] == {
        "basicAuthPassword": "geheim-1",
        "httpHeaderValue1": "Bearer geheim-3",
        "httpHeaderValue2": "geheim-2",
        "tlsCACert": "geheim-4",
        "tlsClientCert": "geheim-5",
        "tlsClientKey": "geheim-6",
        "apiKey": "geheim-7",
    }
    stored = grafana.data_sources.stored["loki"]
    assert (stored["basicAuth"], stored["basicAuthUser"]) == (True, "grafana")
    shown = {key: value for key, value in stored["jsonData"].items() if not key.endswith("Fingerprint")}
    assert shown == {
        "httpHeaderName1": "Authorization",
        "httpHeaderName2": "X-Scope-OrgID",
        "managedBy": "us",
        "serverName": "loki.example.org",
        "tlsAuth": True,
        "tlsAuthWithCACert": True,
    }
    assert not have(**LOKI, **SECRETS)["changed"]
    second = have(**LOKI, **{**SECRETS, "tls_client_key": "geheim-8"})
    assert second["changed"]
    assert second["diff"]["before"] != second["diff"]["after"]
    assert grafana.data_sources.secrets["loki"]["tlsClientKey"] == "geheim-8"
    # Only one header is left, and nothing else.
    third = have(**LOKI, http_headers={"X-Scope-OrgID": "geheim-2"})
    assert third["changed"]
    assert grafana.data_sources.secrets["loki"] == {"httpHeaderValue1": "geheim-2"}
    assert "httpHeaderName2" not in grafana.data_sources.stored["loki"]["jsonData"]
    last = have(**LOKI, http_headers={}, basic_auth_user="")
    assert grafana.data_sources.secrets["loki"] == {}
    assert grafana.data_sources.stored["loki"]["basicAuth"] is False
    assert not have(**LOKI, http_headers={}, basic_auth_user="")["changed"]
    assert "geheim" not in json.dumps([first, second, third, last])


def test_secrets_that_are_not_mentioned_stay(grafana, have):
    have(**LOKI, **SECRETS)
    assert have(**{**LOKI, "name": "Logs"})["changed"]
    assert len(grafana.data_sources.secrets["loki"]) == 7
    assert grafana.data_sources.stored["loki"]["basicAuthUser"] == "grafana"


def test_a_database_of_any_type(grafana, have):
    database = {"uid": "db", "type": "postgres", "ds_url": "db:5432", "user": "reader", "database": "events"}
    options = {"json_data": {"sslmode": "verify-full"}, "secure_json_data": {"password": "geheim"}}
    assert have(**database, **options)["changed"]
    assert grafana.data_sources.stored["db"]["database"] == "events"
    assert not have(**database, **options)["changed"]
    assert have(**{**database, "database": "other"}, **options)["changed"]


def test_what_a_file_provides_is_left_alone(grafana, have):
    grafana.data_sources.add_from_file("loki", type="loki")
    for check in (True, False):
        changed = have(**LOKI, check=check)
        assert "reads it from a provisioning file" in changed["msg"]
        removed = have(uid="loki", state="absent", check=check)
        assert "cannot be removed" in removed["msg"]
    assert grafana.writes() == []
    # As the file says it, there is nothing to do.
    as_it_is = have(uid="loki", type="loki", ds_url="http://file", access="proxy")
    assert not as_it_is["changed"]
    assert "failed" not in as_it_is


def test_a_foreign_source_is_left_alone(grafana, have):
    have(**{**LOKI, "uid": "theirs", "owner": "them"})
    assert "already has a data source named 'Loki' with the uid 'theirs'" in have(**LOKI)["msg"]
    assert not have(uid="theirs", owner="us", state="absent")["changed"]
    assert list(grafana.data_sources.stored) == ["theirs"]


def test_what_was_set_elsewhere_stays(grafana, have):
    have(**LOKI)
    grafana.data_sources.stored["loki"]["jsonData"]["derivedFields"] = [{"name": "trace"}]
    assert not have(**LOKI)["changed"]
    assert have(**LOKI, json_data={"maxLines": 10})["changed"]
    assert grafana.data_sources.stored["loki"]["jsonData"]["derivedFields"] == [{"name": "trace"}]


@pytest.mark.parametrize("uid", ["with a blank", "u" * 41])
def test_a_uid_that_newer_versions_refuse_is_refused_by_all(grafana, have, uid):
    assert "cannot be the identity of a data source" in have(**{**LOKI, "uid": uid}, check=True)["msg"]
    assert grafana.writes() == []


def test_an_old_source_with_such_a_uid_can_still_be_changed(oldest):
    source = {**LOKI, "uid": "a/b c"}
    have = functools.partial(run, "grafana_data_source", oldest.url)
    oldest.data_sources.stored["a/b c"] = {
        "id": 1,
        "uid": "a/b c",
        "name": "Old",
        "type": "loki",
        "url": "http://x",
        "access": "proxy",
        "isDefault": False,
        "jsonData": {},
        "secureJsonFields": {},
        "version": 1,
        "readOnly": False,
    }
    assert "that was not made by us and differs" in have(**source)["msg"]
    assert oldest.writes() == []
    assert have(**source, overwrite=True)["changed"]
    assert not have(**source)["changed"]
    assert not have(**source)["changed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"basic_auth_password": "x"}, "basic_auth_user"),
        ({"tls_client_cert": "x"}, "tls_client_key"),
    ],
)
def test_halves_are_refused(oldest, options, message):
    assert message in run("grafana_data_source", oldest.url, **LOKI, **options)["msg"]
    assert oldest.requests == []


def test_somebody_was_faster():
    with Double(RELEASES["10.0.0"]) as grafana:
        run("grafana_data_source", grafana.url, **LOKI)
        real = grafana.data_sources._update

        def late(uid, body):
            grafana.data_sources.stored[uid]["version"] += 1
            return real(uid, body)

        grafana.data_sources._update = late
        result = run("grafana_data_source", grafana.url, **{**LOKI, "ds_url": "http://other"})
        assert "already been updated by someone else" in result["msg"]
