# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_data_source_settings as sources

OPTIONAL = (
    "basic_auth_user",
    "basic_auth_password",
    "http_headers",
    "tls_ca_cert",
    "tls_client_cert",
    "tls_client_key",
    "tls_server_name",
    "tls_skip_verify",
    "user",
    "database",
)


def _declared(**more):
    return {
        "uid": "loki",
        "name": "Loki",
        "type": "loki",
        "ds_url": "http://loki:3100",
        "access": "proxy",
        "is_default": None,
        **dict.fromkeys(OPTIONAL),
        "json_data": {},
        "secure_json_data": None,
        "owner": None,
        **more,
    }


def _stored(body, secure=()):
    """What Grafana gives back of a source that was written with body."""
    shown = {key: value for key, value in body.items() if key != "secureJsonData"}
    return {**shown, "id": 7, "version": 3, "readOnly": False, "secureJsonFields": {key: True for key in secure}}


def _second_run(first, second, secure=()):
    current = _stored(sources.desired(first, None), secure)
    body = sources.desired(second, current)
    return current, body


def test_a_missing_source_is_written():
    body = sources.desired(_declared(), None)
    assert sources.changes(None, body)
    assert body["isDefault"] is False
    assert body["secureJsonData"] == {}


def test_the_same_declaration_changes_nothing():
    declared = _declared(secure_json_data={"password": "geheim"}, json_data={"maxLines": 10})
    current, body = _second_run(declared, declared, ["password"])
    assert not sources.changes(current, body)
    assert body["version"] == 3


@pytest.mark.parametrize(
    "change",
    [{"ds_url": "http://other:3100"}, {"name": "Logs"}, {"is_default": True}, {"json_data": {"maxLines": 10}}],
)
def test_a_changed_setting_is_noticed(change):
    current, body = _second_run(_declared(), _declared(**change))
    assert sources.changes(current, body)


def test_a_changed_secret_is_noticed_and_never_shown():
    current, body = _second_run(
        _declared(secure_json_data={"password": "geheim-1"}),
        _declared(secure_json_data={"password": "geheim-2"}),
        ["password"],
    )
    assert sources.changes(current, body)
    assert body["secureJsonData"] == {"password": "geheim-2"}
    assert "geheim" not in json.dumps([sources.view(current), sources.view(body)])


def test_a_secret_that_vanished_from_grafana_is_sent_again():
    declared = _declared(secure_json_data={"password": "geheim"})
    current, body = _second_run(declared, declared, secure=[])
    assert sources.changes(current, body)


def test_a_secret_that_is_no_longer_declared_is_emptied():
    current, body = _second_run(
        _declared(secure_json_data={"old": "a", "kept": "b"}),
        _declared(secure_json_data={"kept": "b"}),
        ["old", "kept"],
    )
    assert sources.changes(current, body)
    assert body["secureJsonData"] == {"old": "", "kept": "b"}


def test_an_empty_dictionary_removes_secrets_and_fingerprint():
    current, body = _second_run(_declared(secure_json_data={"a": "b"}), _declared(secure_json_data={}), ["a"])
    assert sources.changes(current, body)
    assert body["secureJsonData"] == {"a": ""}
    assert sources.FINGERPRINT not in body["jsonData"]


def test_secrets_that_are_not_mentioned_stay():
    current, body = _second_run(_declared(secure_json_data={"a": "b"}), _declared(), ["a"])
    assert not sources.changes(current, body)
    assert body["secureJsonData"] == {}


def test_settings_made_elsewhere_stay_and_null_removes():
    current = _stored(sources.desired(_declared(json_data={"mine": 1, "theirs": 2}), None))
    body = sources.desired(_declared(json_data={"mine": None}), current)
    assert body["jsonData"] == {"theirs": 2}


def test_the_default_is_left_alone_unless_named():
    current = _stored(sources.desired(_declared(is_default=True), None))
    assert not sources.changes(current, sources.desired(_declared(), current))
    assert sources.changes(current, sources.desired(_declared(is_default=False), current))


def test_only_a_source_we_made_is_ours():
    made = _stored(sources.desired(_declared(owner="us"), None))
    found = _stored(sources.desired(_declared(), None))
    adopted = _stored(sources.desired(_declared(owner="us"), found))
    assert sources.is_owned(made, "us")
    assert not sources.is_owned(adopted, "us")
    assert not sources.is_owned(made, "them")
    assert sources.is_owned(found, None)


def test_fingerprints_are_salted_and_independent_of_order():
    values = {"a": "1", "b": "2"}
    assert sources.fingerprint(values) != sources.fingerprint(values)
    assert sources.matches({"b": "2", "a": "1"}, sources.fingerprint(values))
    assert not sources.matches({"a": "1", "b": "3"}, sources.fingerprint(values))


@pytest.mark.parametrize("stored", ["", "no-dot", "zz.11", "11"])
def test_a_damaged_fingerprint_matches_nothing(stored):
    assert not sources.matches({"a": "1"}, stored)


def test_headers_are_numbered_by_name_and_stale_ones_go():
    first = _declared(http_headers={"X-Scope-OrgID": "team-a", "Authorization": "Bearer x"})
    body = sources.desired(first, None)
    assert body["jsonData"]["httpHeaderName1"] == "Authorization"
    assert body["secureJsonData"] == {"httpHeaderValue1": "Bearer x", "httpHeaderValue2": "team-a"}
    current, body = _second_run(
        first, _declared(http_headers={"X-Scope-OrgID": 7}), ["httpHeaderValue1", "httpHeaderValue2"]
    )
    assert sources.changes(current, body)
    assert body["jsonData"]["httpHeaderName1"] == "X-Scope-OrgID"
    assert "httpHeaderName2" not in body["jsonData"]
    assert body["secureJsonData"] == {"httpHeaderValue1": "7", "httpHeaderValue2": ""}


def test_the_order_of_headers_does_not_count():
    headers = {"A": "1", "B": "2"}
    secure = ["httpHeaderValue1", "httpHeaderValue2"]
    current, body = _second_run(
        _declared(http_headers=headers), _declared(http_headers=dict(reversed(headers.items()))), secure
    )
    assert not sources.changes(current, body)


def test_options_for_tls_and_basic_authentication_become_grafanas_fields():
    body = sources.desired(
        _declared(
            basic_auth_user="reader",
            basic_auth_password="pw",
            tls_ca_cert="ca",
            tls_client_cert="cert",
            tls_client_key="key",
            tls_server_name="loki.example.org",
            tls_skip_verify=False,
        ),
        None,
    )
    assert (body["basicAuth"], body["basicAuthUser"]) == (True, "reader")
    assert body["secureJsonData"] == {
        "basicAuthPassword": "pw",
        "tlsCACert": "ca",
        "tlsClientCert": "cert",
        "tlsClientKey": "key",
    }
    shown = {
        key: value for key, value in body["jsonData"].items() if key not in (sources.FINGERPRINT, sources.CERTIFICATE)
    }
    assert body["jsonData"][sources.CERTIFICATE] == sources.certificate_fingerprint(body["secureJsonData"])
    assert shown == {
        "serverName": "loki.example.org",
        "tlsAuth": True,
        "tlsAuthWithCACert": True,
        "tlsSkipVerify": False,
    }


def test_empty_texts_end_tls_and_basic_authentication():
    first = _declared(basic_auth_user="reader", basic_auth_password="pw", tls_ca_cert="ca")
    second = _declared(basic_auth_user="", basic_auth_password="", tls_ca_cert="")
    current, body = _second_run(first, second, ["basicAuthPassword", "tlsCACert"])
    assert (body["basicAuth"], body["jsonData"]["tlsAuthWithCACert"]) == (False, False)
    assert body["secureJsonData"] == {"basicAuthPassword": "", "tlsCACert": ""}
    assert sources.FINGERPRINT not in body["jsonData"]


@pytest.mark.parametrize("change", [{"user": "writer"}, {"database": "other"}, {"basic_auth_user": "other"}])
def test_a_changed_field_is_noticed_and_an_unmentioned_one_carried(change):
    declared = _declared(user="reader", database="events", basic_auth_user="grafana")
    current, body = _second_run(declared, _declared(**change))
    assert sources.changes(current, body)
    current, body = _second_run(declared, _declared())
    assert not sources.changes(current, body)
    assert (body["user"], body["database"], body["basicAuthUser"]) == ("reader", "events", "grafana")
