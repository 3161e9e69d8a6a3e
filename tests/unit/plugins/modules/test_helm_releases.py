# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module helm_releases against a program that writes down what it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import changed_paths
from ansible_collections.runtime_security.kubernetes.plugins.modules import helm_releases

HELM = """#!/bin/sh
printf '%s\\n' "$*" >>"$HELM_LOG"
for last; do :; done
case "$*" in
    *silent*) exit 3 ;;
    *logging*) echo 'E1128 23:54:08.899799    7806 memcache.go:265] "Unhandled Error"' >&2
        echo 'Error: failed to delete release: logging' >&2; exit 1 ;;
    *'version --template'*) echo "$HELM_VERSION" ;;
    *upgrade*broken*) echo 'Error: it is broken' >&2; exit 1 ;;
    *upgrade*) cat >"$HELM_LOG.$4.$$"; env | grep -E '^(KUBE|HELM_KUBE)' | sort >"$HELM_LOG.environment" ;;
    *'get metadata new'*|*'uninstall --wait gone'*|*'status gone'*|*'status --output json '*) echo 'Error: release: not found' >&2; exit 1 ;;
    *'get metadata'*) echo '{"chart": "loki", "version": "6.0.0"}' ;;
    *'get values'*) echo '{"replicas": 1, "secret": "old-word", "same": {"a": [1.0]}}' ;;
esac
"""


@pytest.fixture
def helm(tmp_path):
    program = tmp_path / "helm"
    program.write_text(HELM)
    program.chmod(0o755)

    def run(releases, *, check=False, diff=False, **options):
        args = {
            "binary_path": str(program),
            "namespace": "monitoring",
            "releases": releases,
            "_ansible_check_mode": check,
            "_ansible_diff": diff,
        }
        done = subprocess.run(
            [sys.executable, helm_releases.__file__],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": args | options}),
            env=os.environ
            | {
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "HELM_LOG": str(tmp_path / "log"),
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        log = tmp_path / "log"
        return json.loads(done.stdout), log.read_text().splitlines() if log.exists() else []

    return run


LOKI = {
    "name": "loki",
    "chart": "loki",
    "repository": "https://charts.example",
    "version": "7.0.0",
    "values": {"a": "word"},
}


def test_values_reach_helm_by_its_standard_input(helm, tmp_path):
    result, log = helm([LOKI], kubeconfig="/k", context="c")
    assert result["changed"] and result["done"] == ["loki"] and result["refused"] == {}
    assert log == [
        "--namespace monitoring upgrade --install --reset-values --values - loki loki "
        "--repo https://charts.example --version 7.0.0"
    ]
    (values,) = tmp_path.glob("log.--install.*")
    assert json.loads(values.read_text()) == {"a": "word"}
    assert (tmp_path / "log.environment").read_text().split() == ["HELM_KUBECONTEXT=c", "KUBECONFIG=/k"]
    assert "word" not in json.dumps(result)


def test_a_path_and_a_registry(helm):
    _result, log = helm(
        [
            {"name": "one", "chart": "/srv/one-1.tgz", "version": "1"},
            {"name": "two", "chart": "two", "repository": "oci://mirror/charts", "version": "2"},
        ]
    )
    assert {line.split(" - ")[1] for line in log} == {"one /srv/one-1.tgz", "two oci://mirror/charts/two --version 2"}


def test_one_that_is_refused_keeps_no_other_back(helm):
    result, _log = helm([{"name": "broken", "chart": "/x", "values": {"more than a pipe takes": "x" * 200_000}}, LOKI])
    assert result["failed"] and result["changed"]
    assert result["done"] == ["loki"] and result["refused"] == {"broken": "Error: it is broken"}
    assert result["msg"] == "Helm refuses broken: Error: it is broken"


def test_check_mode_changes_nothing_and_the_diff_has_no_value(helm):
    result, log = helm(
        [LOKI | {"values": {"replicas": 1, "secret": "new-word", "same": {"a": [1]}}}, LOKI | {"name": "new"}],
        check=True,
        diff=True,
    )
    assert result["done"] == ["loki", "new"] and not [line for line in log if "upgrade" in line]
    assert result["diff"] == {
        "before": {"loki": {"chart": "loki 6.0.0"}},
        "after": {
            "loki": {"chart": "loki 7.0.0", "changed values": ["secret"]},
            "new": {"chart": "loki 7.0.0", "changed values": ["a"]},
        },
    }
    assert "word" not in json.dumps(result)


def test_the_diff_names_the_chart_in_a_file_by_what_it_says_of_itself(helm, tmp_path):
    (tmp_path / "loki-6.0.0.tgz").mkdir()
    (tmp_path / "loki-6.0.0.tgz" / "Chart.yaml").write_text("name: loki\nversion: 6.0.0\n")
    asked = LOKI | {"chart": str(tmp_path / "loki-6.0.0.tgz")}
    diff = helm([asked], check=True, diff=True)[0]["diff"]
    assert diff["before"]["loki"]["chart"] == diff["after"]["loki"]["chart"] == "loki 6.0.0"
    refused, _log = helm([LOKI | {"chart": str(tmp_path / "none.tgz")}], check=True, diff=True)
    assert refused["failed"] and "none.tgz' cannot be read" in refused["msg"]


@pytest.mark.parametrize("check", [False, True])
def test_what_is_not_there_is_not_removed(helm, check):
    result, log = helm([{"name": "gone"}, {"name": "loki"}], state="absent", check=check)
    assert result["done"] == ["loki"] and result["changed"] and not result.get("failed")
    assert {line.split()[2] for line in log} == ({"status"} if check else {"uninstall", "status"})


def test_a_release_that_was_not_seen_is_only_made(helm):
    """helm install refuses a name that is in use, helm upgrade --install would not."""
    _result, log = helm([LOKI | {"exists": False}])
    assert log[0].split()[2:4] == ["install", "--values"]


def test_what_others_set_in_a_release_is_kept(helm, tmp_path):
    asked = LOKI | {"exists": True, "newest": 3, "managed": ["/replicas", "/same/a"], "values": {"replicas": 2}}
    helm([asked])
    (values,) = tmp_path.glob("log.--install.*")
    assert json.loads(values.read_text()) == {"replicas": 2, "secret": "old-word"}


def test_values_of_another_chart_are_not_kept(helm, tmp_path):
    helm([LOKI | {"exists": True, "newest": 3, "managed": [], "chart": "loki-stack", "values": {"a": 1}}])
    (values,) = tmp_path.glob("log.--install.*")
    assert json.loads(values.read_text()) == {"a": 1}


def test_one_that_ends_badly_without_a_word_is_refused(helm):
    """Else a release that could not be uninstalled counts as gone."""
    result, _log = helm([{"name": "silent"}], state="absent")
    assert result["failed"] and "ended with 3" in result["refused"]["silent"]


def test_what_the_client_logs_is_no_reason(helm):
    result, _log = helm([{"name": "logging"}], state="absent")
    assert result["refused"] == {"logging": "Error: failed to delete release: logging"}


def test_nothing_to_do(helm):
    assert helm([])[0]["changed"] is False


def test_changed_paths():
    assert changed_paths({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1.0, "c": 3}, "e": {}}) == ["a.c", "d", "e"]


@pytest.mark.parametrize(("version", "client_side"), [("v3.19.0", False), ("v4.3.1", True)])
def test_helm_4_applies_an_overridden_environment_as_helm_3_does(helm, monkeypatch, version, client_side):
    monkeypatch.setenv("HELM_VERSION", version)
    values = {"extra": {"env": [{"name": "HOST_ROOT", "value": "/hostroot"}]}}
    _result, log = helm([LOKI | {"values": values}, LOKI | {"name": "other", "values": {}}])
    with_option = [line for line in log if "--server-side=false" in line]
    assert len(with_option) == client_side
    assert all(" loki " in line for line in with_option)
