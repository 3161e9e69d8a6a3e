# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an object differs from its definition, which patch removes the difference, and what is shown of it."""

from __future__ import annotations

import datetime
import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.object_comparison import (
    diff,
    holds,
    normal,
    patch,
)

FOUND = {"kind": "Service", "metadata": {"name": "a", "uid": "1"}, "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}
POD = {"containers": [{"name": "mesh", "image": "m"}, {"name": "falco", "image": "a", "command": ["x"]}]}


@pytest.mark.parametrize(
    "wanted",
    [
        FOUND,
        {"kind": "Service"},
        {"metadata": {"name": "a"}},
        {"spec": {"ports": [{"port": 80}], "externalIPs": []}},
        {"metadata": {"finalizers": None}},
    ],
)
def test_an_object_may_have_more(wanted):
    assert holds(FOUND, wanted)
    assert patch(FOUND, wanted) == {}


@pytest.mark.parametrize(
    "wanted",
    [
        {"metadata": {"name": "b"}},
        {"metadata": {"uid": None}},
        {"metadata": {"labels": {}}},
        {"metadata": {"finalizers": ["a"]}},
        {"spec": {"ports": [{"port": 81}]}},
        {"spec": {"ports": []}},
        {"spec": {"ports": [{"port": 80}, {"port": 81}]}},
        {"spec": {"ports": {"port": 80}}},
        {"spec": ["ports"]},
    ],
)
def test_a_difference_is_patched(wanted):
    assert not holds(FOUND, wanted)
    assert patch(FOUND, wanted) == wanted


def test_entries_that_others_add_to_a_list_of_names_are_no_difference():
    """A mesh adds its container to each pod."""
    assert holds(POD, {"containers": [{"name": "falco"}]})
    assert not holds(POD, {"containers": [{"name": "falco", "image": "b"}]})
    assert not holds(POD, {"containers": [{"name": "other"}]})


def test_a_list_of_names_is_patched_with_what_others_have_in_it():
    wanted = {"containers": [{"name": "falco", "image": "b", "command": None}, {"name": "new", "env": None}]}
    assert patch(POD, wanted) == {
        "containers": [{"name": "mesh", "image": "m"}, {"name": "falco", "image": "b"}, {"name": "new"}]
    }


def test_entries_with_the_same_name_are_one_value():
    ports = [{"name": "dns", "port": 53}, {"name": "dns", "port": 54}]
    assert holds({"ports": ports}, {"ports": ports})
    assert patch({"ports": ports}, {"ports": ports[:1]}) == {"ports": ports[:1]}


def test_an_entry_that_is_null_is_removed_once():
    wanted = {"data": {"old": None, "new": "1"}}
    assert patch({"data": {"old": "1", "kept": "2"}}, wanted) == wanted
    assert patch({"data": {"new": "1", "kept": "2"}}, wanted) == {}


def test_a_definition_is_brought_to_the_form_that_the_api_server_returns():
    given = {
        "kind": "Secret",
        "metadata": {"annotations": {"since": datetime.date(2026, 11, 29)}},
        "data": {"a": "YQ==", "b": None},
        "stringData": {"b": "text", "port": 25},
    }
    assert normal(given)["data"] == {"a": "YQ==", "b": "dGV4dA==", "port": "MjU="}
    assert "stringData" not in normal(given)
    assert normal(given)["metadata"]["annotations"] == {"since": "2026-11-29"}
    assert normal({"kind": "ConfigMap", "stringData": {}}) == {"kind": "ConfigMap", "stringData": {}}


def secret(**data):
    copy = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(data)}
    metadata = {"name": "a", "annotations": copy, "resourceVersion": str(len(data)), "managedFields": [str(data)]}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def test_the_difference_of_a_secret_has_its_keys_alone():
    shown = diff("Secret a", secret(same="c2FtZQ==", old="b2xk", word="b25l"), secret(same="c2FtZQ==", word="dHdv"))
    assert shown["before"]["data"] == {"old": "(hidden, before)", "word": "(hidden, before)"}
    assert shown["after"]["data"] == {"word": "(hidden, after)"}
    assert not any(word in json.dumps(shown) for word in ("c2FtZQ==", "b2xk", "b25l", "dHdv"))


def test_a_secret_that_is_new_or_removed_is_hidden_too():
    for before, after in (({}, secret(word="b25l")), (secret(word="b25l"), {})):
        shown = diff("Secret a", before, after)
        assert "b25l" not in json.dumps(shown)
        assert "word" in (shown["after"] or shown["before"])["data"]


def test_the_difference_of_anything_else_has_its_values():
    before = {"kind": "ConfigMap", "metadata": {"name": "a", "resourceVersion": "1"}, "data": {"a": "1", "b": "2"}}
    after = {"kind": "ConfigMap", "metadata": {"name": "a", "resourceVersion": "2"}, "data": {"a": "1", "b": "3"}}
    shown = diff("ConfigMap a", before, after)
    assert (shown["before"], shown["after"]) == ({"data": {"b": "2"}}, {"data": {"b": "3"}})
    assert shown["before_header"] == "ConfigMap a"
