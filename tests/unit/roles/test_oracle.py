# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server and a Helm that lie in every way are put before each step that destroys: nothing is destroyed."""

from __future__ import annotations

import contextlib
import functools
import json
import time
from types import SimpleNamespace

import pytest
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
    connected,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import evidence, recovery, task
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.operations import Helm, clear
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.namespace_contents import objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import (
    OWNER,
    NotOurs,
    Remover,
    existing,
    refuse_foreign,
    selected,
)
from api_double import KINDS, Cluster, Server, made, mark, release

LABELS = {"app": "ours", **OWNER}
SETTINGS = made("ConfigMap", "settings", LABELS)
OTHERS = made("ConfigMap", "of-somebody-else")
PLACE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "monitoring", "name": "settings"}}
BY_LABELS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"namespace": "monitoring", "labels": {"app": "ours"}},
}


def status(code, reason):
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}


def half(honest):
    """The first page of a list whose next one never comes."""
    code, found = honest
    if isinstance(found, dict) and "items" in found:
        return code, found | {"items": found["items"][:-1], "metadata": {"remainingItemCount": 1}}
    return status(500, "InternalError")


def slow(honest):
    time.sleep(2)
    return honest


# What is answered in the place of the truth. None of these says anything.
LIES = {
    "500": lambda honest: status(500, "InternalError"),
    "503": lambda honest: status(503, "ServiceUnavailable"),
    "403": lambda honest: status(403, "Forbidden"),
    "403 of a proxy": lambda honest: (403, b"<html>no</html>"),
    "404 of a proxy": lambda honest: (404, b"<html>not found</html>"),
    "410": lambda honest: status(410, "Expired"),
    "null": lambda honest: (200, None),
    "no JSON": lambda honest: (200, b"<html>welcome</html>"),
    "nothing": lambda honest: (200, b""),
    "another object": lambda honest: (200, {"kind": "Status", "metadata": {}}),
    "items are null": lambda honest: (200, {"kind": "ConfigMapList", "metadata": {}, "items": None}),
    "entries are null": lambda honest: (200, {"kind": "ConfigMapList", "metadata": {}, "items": [None]}),
    "half a list": half,
    "no answer in time": slow,
}


class Liar(Cluster):
    """Answers everything that is read at some paths with a lie."""

    def lie(self, lie, about):
        self.told, self.about = lie, about
        return self

    def reply(self, method, path, words, body, known):
        honest = super().reply(method, path, words, body, known)
        return self.told(honest) if method == "GET" and self.about(path) else honest


@pytest.fixture
def at():
    """A client and a reader of a cluster on loopback."""
    servers = []

    def connect(cluster):
        servers.append(Server(cluster))
        client = connected(lambda: get_api_client(kubeconfig=servers[-1].kubeconfig()))
        return client, Reader(client, seconds=0.5)

    yield connect
    for server in servers:
        server.shutdown()
        server.server_close()


def each(lies=None):
    lies = lies or LIES
    return pytest.mark.parametrize("lie", [pytest.param(lie, id=name) for name, lie in lies.items()])


def honest_first(cluster, at):
    """The reader knows the kinds already, as a run does; then the cluster begins to lie."""
    lie, cluster.told = cluster.told, lambda honest: honest
    client, reader = at(cluster)
    reader.resource("ConfigMap", "v1")
    reader.resource("Secret", "v1")
    cluster.told = lie
    return client, reader


@each()
@pytest.mark.parametrize("definition", [PLACE, BY_LABELS], ids=["by name", "by labels"])
def test_nothing_is_deleted_or_overwritten_on_a_lie(at, lie, definition):
    cluster = Liar(SETTINGS, OTHERS).lie(lie, lambda path: "configmaps" in path)
    client, reader = honest_first(cluster, at)
    with pytest.raises(UnclearAnswer):
        Remover(reader, 1, False).remove(selected(reader, definition, OWNER))
    if definition is PLACE:
        with pytest.raises(UnclearAnswer):
            existing(reader, definition)
    assert cluster.changes == []


def test_an_object_is_deleted_by_its_owner_only(at):
    cluster = Cluster(SETTINGS, OTHERS)
    client, reader = at(cluster)
    theirs = {**PLACE, "metadata": {**PLACE["metadata"], "name": "of-somebody-else"}}
    assert selected(reader, theirs, OWNER) == []
    with pytest.raises(NotOurs, match=r"ConfigMap monitoring/of-somebody-else: not managed by this collection"):
        refuse_foreign([(theirs, existing(reader, theirs))], OWNER, new=False)
    Remover(reader, 1, True).remove(selected(reader, BY_LABELS, OWNER))
    assert cluster.names() == {"ConfigMap/of-somebody-else"}


def test_what_an_earlier_answer_lacked_is_not_overwritten(at):
    _client, reader = at(Cluster(SETTINGS))
    with pytest.raises(NotOurs, match="exists. Expected none of that name"):
        refuse_foreign([(PLACE, existing(reader, PLACE))], OWNER, new=True)


def test_a_selector_that_the_server_ignores_selects_nothing_of_others(at):
    class Deaf(Cluster):
        def listed(self, version, namespace, kinds, words):
            return super().listed(version, namespace, kinds, {})

    _client, reader = at(Deaf(SETTINGS, OTHERS))
    assert [found["metadata"]["name"] for found in selected(reader, BY_LABELS, OWNER)] == ["settings"]


def test_a_claim_that_a_pod_has_mounted_stays(at):
    claim = made("PersistentVolumeClaim", "data", OWNER)
    volumes = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    cluster = Cluster(claim, made("Pod", "loki-0", spec=volumes, status={"phase": "Running"}))
    client, reader = at(cluster)
    with pytest.raises(NotOurs, match="pod loki-0 has it mounted"):
        Remover(reader, 0.1, False).refuse_used(claim)


@pytest.mark.parametrize(
    "about",
    [
        pytest.param(lambda path: path == "/apis", id="groups"),
        pytest.param(lambda path: path == "/apis/batch/v1", id="kinds of a group"),
        pytest.param(lambda path: path == "/api/v1", id="kinds of the core"),
        pytest.param(lambda path: path.endswith("/configmaps"), id="objects"),
    ],
)
@each()
def test_a_namespace_is_never_empty_on_a_lie(at, lie, about):
    """Where somebody's ConfigMap is in it, the answer has it or there is none."""
    cluster = Liar(made("Namespace", "monitoring"), OTHERS).lie(lie, about)
    _client, reader = honest_first(cluster, at)
    with contextlib.suppress(UnclearAnswer):
        assert "ConfigMap/of-somebody-else" in objects(reader, "monitoring", [])


DEFINITION = made("CustomResourceDefinition", "prometheusrules.monitoring.coreos.com")


@pytest.mark.parametrize("path", ["/apis", "/apis/monitoring.coreos.com/v1"])
def test_a_kind_that_discovery_lacks_is_not_overlooked(at, path):
    def lacking(honest):
        groups = [group for group in honest[1].get("groups", []) if group["name"] != "monitoring.coreos.com"]
        return 200, honest[1] | {"groups": groups, "resources": []}

    cluster = Liar(DEFINITION, made("PrometheusRule", "theirs")).lie(lacking, lambda asked: asked == path)
    _client, reader = honest_first(cluster, at)
    with pytest.raises(
        UnclearAnswer, match=r"prometheusrules.monitoring.coreos.com exists, and no group lists its kind"
    ):
        objects(reader, "monitoring", [])


def test_a_kind_that_only_an_older_version_of_its_group_has_is_not_overlooked(at, monkeypatch):
    """As AlertmanagerConfig (v1alpha1) in the operator's group, whose preferred version is v1."""
    monkeypatch.setitem(KINDS, "monitoring.coreos.com/v1alpha1", ["AlertmanagerConfig"])
    _client, reader = at(Cluster(made("AlertmanagerConfig", "theirs")))
    assert objects(reader, "monitoring", []) == ["AlertmanagerConfig/theirs"]


def test_a_kind_that_the_cache_does_not_know_is_not_overlooked(at, monkeypatch):
    cluster = Cluster(made("PrometheusRule", "theirs"))
    with monkeypatch.context() as before:
        before.delitem(KINDS, "monitoring.coreos.com/v1")
        _client, reader = at(cluster)
        reader.resource("Secret", "v1")
    assert objects(reader, "monitoring", []) == ["PrometheusRule/theirs"]


def look(reader):
    """Whether each release that can be seen is ours."""
    names = ["grafana", "loki"]
    found = evidence.read(reader, "monitoring", names, lambda name: False, contents=False, everywhere=True)
    whose = {evidence.Owner.MANAGED: True, evidence.Owner.FOREIGN: False, evidence.Owner.NOBODY: None}
    return {one.name: whose[one.owner] for one in found.releases.values() if one.owner is not evidence.Owner.HIDDEN}


INSTALLED = [made("Namespace", "monitoring"), release("grafana"), release("loki"), mark("loki")]
SEEN = {"grafana": False, "loki": True}


@pytest.mark.parametrize("kind", ["secrets", "configmaps", "namespaces"])
@each()
def test_whose_a_release_is_is_never_guessed(at, lie, kind):
    """Either the answer is what was there, or it says that it may not be seen, or there is none."""
    cluster = Liar(*INSTALLED).lie(lie, lambda path: path.endswith(kind))
    _client, reader = honest_first(cluster, at)
    try:
        found = look(reader)
    except UnclearAnswer:
        return
    assert found in ({}, SEEN)


def test_a_mark_that_the_list_lacks_is_found_by_its_name(at):
    def empty(honest):
        return 200, honest[1] | {"items": []}

    cluster = Liar(*INSTALLED).lie(empty, lambda path: path.endswith("configmaps"))
    _client, reader = honest_first(cluster, at)
    with pytest.raises(UnclearAnswer, match="lacks runtime-security-release-loki"):
        look(reader)


def test_a_history_without_its_newest_revision_is_none(at):
    _client, reader = at(Cluster(*INSTALLED, release("loki", status="superseded", revision=2)))
    with pytest.raises(UnclearAnswer, match="its newest revision is missing"):
        look(reader)


LOKI = {"name": "loki", "chart": "loki", "repository": "https://charts.example", "version": "7.0.0"}
GRAFANA = LOKI | {"name": "grafana"}
SITUATIONS = {
    "of others": ([release("loki")], "present"),
    "an upgrade": ([release("loki"), mark("loki")], "present"),
    "a new one": ([], "present"),
    "an interrupted one": ([release("loki", status="pending-upgrade"), mark("loki")], "present"),
    "a removal": ([release("loki"), mark("loki")], "absent"),
}


@pytest.mark.parametrize("situation", [pytest.param(one, id=name) for name, one in SITUATIONS.items()])
@pytest.mark.parametrize("about", ["/secrets", "/configmaps", "/namespaces/monitoring"])
@each()
def test_helm_begins_nothing_on_a_lie(helm_module, monkeypatch, lie, about, situation):
    """Whatever the state of a release: no record of ownership is written, and Helm changes nothing."""
    monkeypatch.setattr(task, "Reader", functools.partial(Reader, seconds=0.5))
    objects, state = situation
    cluster = Liar(made("Namespace", "monitoring"), *objects).lie(lie, lambda path: path.endswith(about))
    result = helm_module(cluster, LOKI, state=state)
    assert result.get("failed") and cluster.changes == [], result


@pytest.mark.parametrize("kind", ["daemonsets", "deployments", "statefulsets"])
@each()
def test_a_new_release_needs_to_know_that_no_workloads_exist(helm_module, monkeypatch, lie, kind):
    monkeypatch.setattr(task, "Reader", functools.partial(Reader, seconds=0.5))
    cluster = Liar(made("Namespace", "monitoring")).lie(lie, lambda path: path.endswith(kind))
    assert helm_module(cluster, LOKI).get("failed") and cluster.changes == []


@pytest.mark.parametrize("about", ["/secrets/sh.helm.release.v1.loki.v1", "/configmaps/runtime-security-release-loki"])
@each()
def test_what_is_deployed_is_not_guessed(helm_module, monkeypatch, lie, about):
    monkeypatch.setattr(task, "Reader", functools.partial(Reader, seconds=0.5))
    objects = release("loki"), mark("loki", [])
    cluster = Liar(made("Namespace", "monitoring"), *objects).lie(lie, lambda path: path.endswith(about))
    assert helm_module(cluster, LOKI).get("failed") and cluster.changes == []


def test_a_release_of_which_the_list_lacks_the_mark_is_not_removed(helm_module):
    def empty(honest):
        return 200, honest[1] | {"items": []}

    cluster = Liar(*INSTALLED).lie(empty, lambda path: path.endswith("configmaps"))
    for state in ("present", "absent"):
        assert "lacks runtime-security-release-loki" in helm_module(cluster, LOKI, state=state)["msg"]
    assert cluster.changes == []


def test_an_empty_list_of_secrets_is_no_reason_to_overwrite(helm_module):
    """Helm itself refuses the name."""

    def empty(honest):
        return 200, honest[1] | {"items": []}

    cluster = Liar(*INSTALLED).lie(empty, lambda path: path.endswith("secrets"))
    result = helm_module(cluster, GRAFANA)
    assert "cannot re-use a name that is still in use" in result["msg"]
    assert "HELM upgrade grafana" not in cluster.changes


HONEST = (0, json.dumps({"info": {"status": "pending-upgrade"}, "version": 4}), "")
HELM_LIES = {
    "exit code": (1, "", ""),
    "error": (1, "", "Error: Kubernetes cluster unreachable"),
    "killed": (-9, HONEST[1], ""),
    "nothing": (0, "", ""),
    "null": (0, "null", ""),
    "garbage": (0, "STATUS: deployed", ""),
    "another object": (0, "{}", ""),
    "half": (0, HONEST[1][:-9], ""),
    "an older revision": (0, json.dumps({"info": {"status": "pending-upgrade"}, "version": 3}), ""),
    "it is deployed": (0, json.dumps({"info": {"status": "deployed"}, "version": 5}), ""),
    "it is gone": (1, "", "Error: release: not found"),
}
RECORD = Found("loki", Owner.MANAGED, True, [], revision=4, status="pending-upgrade", last_deployed=3)


@pytest.fixture
def helm(monkeypatch, tmp_path):
    """A Helm of which each question gets an answer, and what it was told to do."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(recovery, "PATIENCE", 0.2)
    told = SimpleNamespace(answer=HONEST, done=[], helm=Helm("helm", "monitoring", {}, "cluster"))

    def run(arguments, values=None, **options):
        if arguments[0] in ("status", "get"):
            return told.answer
        told.done.append(arguments)
        return 0, "", ""

    monkeypatch.setattr(told.helm, "run", run)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return told


@pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, answer in HELM_LIES.items()])
@pytest.mark.parametrize("idle", [0, 10_000])
def test_nothing_is_rolled_back_where_helm_says_something_else(helm, answer, idle):
    helm.answer = answer
    clear(helm.helm.recover)(RECORD._replace(idle=idle))
    assert helm.done == []


@pytest.mark.parametrize(
    "answer", [pytest.param(answer, id=name) for name, answer in HELM_LIES.items() if name != "it is gone"]
)
def test_a_release_is_gone_only_when_helm_says_so(helm, answer):
    helm.answer = answer
    done, said = clear(helm.helm.uninstall)(RECORD)
    assert not done and said


def test_a_helm_of_somebody_else_is_waited_for(helm, monkeypatch):
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    answers = [HONEST, HONEST, (0, json.dumps({"info": {"status": "deployed"}, "version": 4}), "")]
    monkeypatch.setattr(helm.helm, "status", lambda name: recovery.parsed_status(*answers.pop(0)))
    assert clear(helm.helm.recover)(RECORD._replace(idle=20)) == (True, "")
    assert helm.done == []


def test_what_this_machine_began_is_recovered_at_once(helm, monkeypatch):
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    with helm.helm.lock("loki") as lock:
        lock.note("upgrade", 4)
    assert clear(helm.helm.recover)(RECORD) == (True, "")
    assert helm.done == [["rollback", "loki", "3"]]


def test_what_failed_on_this_machine_is_recovered_at_once(helm, monkeypatch):
    """An API server that went away in the middle: Helm has ended, its record says that it is at work."""
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    ask = helm.helm.run
    monkeypatch.setattr(helm.helm, "run", lambda words, *more, **options: (1, "", "500"))
    clear(helm.helm.uninstall)(RECORD)
    monkeypatch.setattr(helm.helm, "run", ask)
    helm.answer = (0, json.dumps({"info": {"status": "uninstalling"}, "version": 4}), "")
    assert clear(helm.helm.recover)(RECORD._replace(status="uninstalling")) == (True, "")
    assert helm.done == [["uninstall", "--wait", "loki"]]


def test_a_record_that_nobody_writes_any_more_is_recovered(helm, monkeypatch):
    monkeypatch.setattr(recovery, "PATIENCE", 300)
    assert clear(helm.helm.recover)(RECORD._replace(idle=301)) == (True, "")
    assert helm.done == [["rollback", "loki", "3"]]


def test_a_helm_that_still_runs_here_is_waited_for(helm):
    with helm.helm.lock("loki"):
        done, said = clear(helm.helm.recover)(RECORD._replace(idle=10_000))
    assert not done and "has been at work with it" in said
    assert helm.done == []
