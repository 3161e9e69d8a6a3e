"""The module that writes objects, against the API server of a pipeline that runs."""

from __future__ import annotations

import base64
import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import k8s_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, result_of

from live.lab_cluster import AS_JSON, CONTEXT, KUBECONFIG, kubectl

NAMES = ("written-one", "written-two")


def of(name, **data):
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def there(name):
    found = kubectl("get", "configmap", name, "--namespace", "default", "--ignore-not-found", "--output", "json")
    return json.loads(found)["data"] if found else None


@pytest.fixture
def write():
    """Runs the module's work; its result."""

    def run(*definitions, check=False, diff=False, **more):
        given = {"objects": list(definitions), "kubeconfig": KUBECONFIG, "context": CONTEXT} | more
        checked = ArgumentSpecValidator(k8s_objects.ARGUMENTS).validate(given)
        assert checked.error_messages == []
        try:
            return result_of(k8s_objects, checked.validated_parameters, Mode(check, diff))
        except WorkError as error:
            return error.facts | {"failed": True, "msg": str(error)}

    yield run
    run(*map(of, NAMES), state="absent")


@pytest.fixture
def write_in_play(playbook, tmp_path):
    """Runs the module in a playbook; the result of its task."""

    def run(*definitions, options=(), **more):
        task = {"runtime_security.kubernetes.k8s_objects": {"objects": list(definitions)} | more}
        task["runtime_security.kubernetes.k8s_objects"] |= {"kubeconfig": KUBECONFIG, "context": CONTEXT}
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
        (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
        done = playbook(tmp_path / "play.yml", *options, **AS_JSON)
        return json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"]["localhost"]

    return run


def test_objects_are_made_changed_and_removed(write):
    one, two = NAMES
    assert write(of(one, a="1"), of(two, a="1"), check=True)["changed"]
    assert (there(one), there(two)) == (None, None)
    made = write(of(one, a="1"), of(two, a="1"))
    assert made["changed"] and [found["metadata"]["name"] for found in made["objects"]] == [one, two]
    assert (there(one), there(two)) == ({"a": "1"}, {"a": "1"})
    assert not write(of(one, a="1"), of(two, a="1"))["changed"]
    # A field that the definition does not name stays.
    changed = write(of(one, b="2"), diff=True)
    (diff,) = changed["diff"]
    assert (diff["before"]["data"], diff["after"]["data"]) == ({}, {"b": "2"})
    assert "managedFields" not in json.dumps(diff)
    assert there(one) == {"a": "1", "b": "2"}
    write(of(one, a=None))
    assert there(one) == {"b": "2"}
    assert write(of(one), of(two), state="absent")["changed"]
    assert (there(one), there(two)) == (None, None)
    assert not write(of(one), of(two), state="absent")["changed"]


def test_keys_that_are_content_hold_for_each_turn_of_a_loop(playbook, tmp_path):
    view = ["config", "view", "--raw", "--flatten", "--minify", "--output", "json"]
    task = {
        "runtime_security.kubernetes.k8s_objects": {
            "kubeconfig": json.loads(kubectl(*view)),
            "state": "absent",
            "objects": [of("{{ item }}")],
        },
        "loop": list(NAMES),
    }
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    done = playbook(tmp_path / "play.yml")
    assert done.returncode == 0, done.stdout
    assert "failed=0" in done.stdout


def test_a_namespace_that_is_not_there_is_taken_for_announced_in_check_mode_alone(write):
    lost = of(NAMES[0], a="1")
    lost["metadata"]["namespace"] = "not-there"
    said = write(lost, check=True, diff=True)
    assert said["changed"] and said["objects"] == [lost]
    assert said["diff"][0]["after"] == lost
    assert "Fix: create its namespace first" in write(lost)["msg"]


def test_what_the_api_server_refuses_is_said(write_in_play):
    said = write_in_play(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Not a name", "namespace": "default"}}
    )
    assert said["failed"]
    assert '422 (ConfigMap "Not a name" is invalid' in said["msg"] and "Traceback" not in said["msg"]


def test_a_kind_that_the_cluster_does_not_know_is_said(write):
    said = write({"apiVersion": "example.org/v1", "kind": "Nothing", "metadata": {"name": "a"}})
    assert said["failed"]
    assert "example.org/v1" in said["msg"]


def test_a_secret_is_written_once_and_its_values_are_never_shown(write_in_play):
    word = base64.b64encode(b"planted-word").decode()
    secret = of(NAMES[0], password=word) | {"kind": "Secret"}
    try:
        made = write_in_play(secret, options=["--diff"])
        assert made["changed"] and made["diff"][0]["after"]["data"] == {"password": "(hidden, after)"}
        changed = write_in_play(secret | {"data": {}, "stringData": {"password": "another-word"}}, options=["--diff"])
        assert changed["diff"][0]["after"] == {"data": {"password": "(hidden, after)"}}
        assert not write_in_play(secret | {"data": {}, "stringData": {"password": "another-word"}})["changed"]
        assert "word" not in json.dumps([made, changed]).replace("password", "")
    finally:
        write_in_play(secret, state="absent")


def test_a_list_of_names_keeps_the_entries_of_others(write):
    """As when a chart's Deployment is amended: a merge patch would replace the list."""
    pod = {"containers": [{"name": "one", "image": "none"}, {"name": "two", "image": "none"}]}
    labels = {"app": "written"}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    metadata = {"name": "written", "namespace": "default"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    amended = {"spec": {"template": {"spec": {"containers": [{"name": "two", "image": "some"}]}}}}
    try:
        assert write(deployment | {"spec": spec})["changed"]
        assert not write(deployment | {"spec": spec})["changed"]
        found = write(deployment | amended, state="patched")["objects"][0]
        assert [(one["name"], one["image"]) for one in found["spec"]["template"]["spec"]["containers"]] == [
            ("one", "none"),
            ("two", "some"),
        ]
        assert not write(deployment | amended, state="patched")["changed"]
        fixed = deployment | {"spec": spec | {"selector": {"matchLabels": {"app": "another"}}}}
        said = write(fixed)["msg"]
        assert "field is immutable" in said and "needs the object to be deleted first" in said
    finally:
        write(deployment, state="absent", wait=True)
