"""The module that writes objects, against the API server of a pipeline that runs."""

from __future__ import annotations

import json

import pytest

from live.lab_cluster import AS_JSON, CONTEXT, KUBECONFIG, kubectl

NAMES = ("written-one", "written-two")


def of(name, **data):
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def there(name):
    found = kubectl("get", "configmap", name, "--namespace", "default", "--ignore-not-found", "--output", "json")
    return json.loads(found)["data"] if found else None


@pytest.fixture
def write(playbook, tmp_path):
    """Runs the module; the result of its task."""

    def run(*definitions, options=(), **more):
        task = {"runtime_security.kubernetes.objects": {"definitions": list(definitions)} | more}
        task["runtime_security.kubernetes.objects"] |= {"kubeconfig": KUBECONFIG, "context": CONTEXT}
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
        (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
        done = playbook(tmp_path / "play.yml", *options, **AS_JSON)
        return json.loads(done.stdout)["plays"][0]["tasks"][0]["hosts"]["localhost"]

    yield run
    run(*map(of, NAMES), state="absent")


def test_objects_are_made_changed_and_removed(write):
    one, two = NAMES
    assert write(of(one, a="1"), of(two, a="1"), options=["--check"])["changed"]
    assert (there(one), there(two)) == (None, None)
    made = write(of(one, a="1"), of(two, a="1"))
    assert made["changed"] and [found["metadata"]["name"] for found in made["objects"]] == [one, two]
    assert (there(one), there(two)) == ({"a": "1"}, {"a": "1"})
    assert not write(of(one, a="1"), of(two, a="1"))["changed"]
    # What is not said stays, unless the whole is written.
    changed = write(of(one, b="2"), options=["--diff"])
    (diff,) = changed["diff"]
    assert (diff["before"]["data"], diff["after"]["data"]) == ({}, {"b": "2"})
    assert "managedFields" not in json.dumps(diff)
    assert there(one) == {"a": "1", "b": "2"}
    write(of(one, b="2"), force=True)
    assert there(one) == {"b": "2"}
    assert write(of(one), of(two), state="absent")["changed"]
    assert (there(one), there(two)) == (None, None)
    assert not write(of(one), of(two), state="absent")["changed"]


def test_keys_that_are_content_hold_for_each_turn_of_a_loop(playbook, tmp_path):
    view = ["config", "view", "--raw", "--flatten", "--minify", "--output", "json"]
    task = {
        "runtime_security.kubernetes.objects": {
            "kubeconfig": json.loads(kubectl(*view)),
            "state": "absent",
            "definitions": [of("{{ item }}")],
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
    said = write(lost, options=["--check", "--diff"])
    assert said["changed"] and said["objects"] == [lost]
    assert said["diff"][0]["after"] == lost
    assert "not-there" in write(lost)["msg"]


def test_what_the_api_server_refuses_is_said(write):
    said = write({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Not a name", "namespace": "default"}})
    assert said["failed"]
    assert "Not a name" in said["msg"] and "Traceback" not in said["msg"]


def test_a_kind_that_the_cluster_does_not_know_is_said(write):
    said = write({"apiVersion": "example.org/v1", "kind": "Nothing", "metadata": {"name": "a"}})
    assert said["failed"]
    assert "example.org/v1" in said["msg"]
