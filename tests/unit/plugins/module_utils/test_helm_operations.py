# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Helm is asked, by a program that writes it down."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import environment
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.operations import Helm
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.request import requests
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

HELM = """#!/bin/sh
printf '%s\\n' "$*" >>"$HELM_LOG"
case "$*" in
    *silent*) exit 3 ;;
    *logging*) echo 'E1128 23:54:08.899799    7806 memcache.go:265] "Unhandled Error"' >&2
        echo 'Error: failed to delete release: logging' >&2; exit 1 ;;
    *'version --template'*) echo "$HELM_VERSION" ;;
    *install*|*upgrade*) cat >"$HELM_LOG.values"; env | grep -E '^(KUBE|HELM_KUBE|HTTPS)' | sort >"$HELM_LOG.environment"
        cat "$KUBECONFIG" >"$HELM_LOG.kubeconfig" 2>/dev/null || : ;;
    *'status '*) echo 'Error: release: not found' >&2; exit 1 ;;
esac
"""
LOKI = {
    "name": "loki",
    "chart": "loki",
    "repository": "https://charts.example",
    "version": "7.0.0",
    "values": {"a": "word"},
}
NONE, THERE = Found("loki", Owner.NOBODY), Found("loki", Owner.MANAGED, True, revision=3, status="deployed")


@pytest.fixture
def helm(tmp_path, monkeypatch):
    """Makes a Helm for the options of a connection, and reads what it wrote down."""
    program = tmp_path / "helm"
    program.write_text(HELM)
    program.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HELM_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("HELM_VERSION", "v3.19.0")

    def do(verb, *arguments, **connection):
        with environment.environment(connection) as (found, descriptors):
            one = Helm(str(program), "monitoring", found, descriptors=descriptors)
            outcome = getattr(one, verb)(*arguments)
        log = tmp_path / "log"
        return outcome, log.read_text().splitlines() if log.exists() else []

    return do


def request(**changes):
    return requests([LOKI | changes])[0]


def test_values_reach_helm_by_its_standard_input(helm, tmp_path):
    outcome, log = helm("install", request(), THERE, kubeconfig="/k", context="c")
    assert outcome == (True, "")
    assert log == [
        "--namespace monitoring upgrade --install --reset-values --values - loki loki "
        "--repo https://charts.example --version 7.0.0"
    ]
    assert json.loads((tmp_path / "log.values").read_text()) == {"a": "word"}
    assert (tmp_path / "log.environment").read_text().split() == ["HELM_KUBECONTEXT=c", "KUBECONFIG=/k"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chart": "/srv/one-1.tgz"}, "loki /srv/one-1.tgz"),
        ({"repository": "oci://mirror/charts"}, "loki oci://mirror/charts/loki --version 7.0.0"),
    ],
)
def test_a_path_and_a_registry(helm, monkeypatch, changes, words):
    monkeypatch.setattr(
        "ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.chart_source.Source.identity",
        lambda source: ("loki", "7.0.0"),
    )
    _outcome, log = helm("install", request(**changes), NONE)
    assert log[-1].endswith(f" - {words}")


def test_a_release_that_was_not_seen_is_only_made(helm):
    """helm install refuses a name that is in use, helm upgrade --install would not."""
    assert helm("install", request(), NONE)[1][0].split()[2:4] == ["install", "--values"]


def test_one_that_ends_badly_without_a_word_is_refused(helm):
    """Else a release that could not be uninstalled counts as gone."""
    outcome, _log = helm("uninstall", THERE._replace(name="silent"))
    assert not outcome.done and "ended with 3" in outcome.reason


def test_what_the_client_logs_is_no_reason(helm):
    outcome, _log = helm("uninstall", THERE._replace(name="logging"))
    assert outcome.reason == "Error: failed to delete release: logging"


def test_an_uninstalled_release_is_asked_for_again(helm):
    outcome, log = helm("uninstall", THERE)
    assert outcome.done and [line.split()[2] for line in log] == ["uninstall", "status"]


@pytest.mark.parametrize(("version", "client_side"), [("v3.19.0", False), ("v4.3.1", True)])
def test_helm_4_applies_an_overridden_environment_as_helm_3_does(helm, monkeypatch, version, client_side):
    monkeypatch.setenv("HELM_VERSION", version)
    values = {"extra": {"env": [{"name": "HOST_ROOT", "value": "/hostroot"}]}}
    assert ("--server-side=false" in helm("install", request(values=values), THERE)[1][-1]) is client_side
    assert "--server-side=false" not in helm("install", request(), THERE)[1][-1]


def test_a_kubeconfig_that_is_content_reaches_helm_without_a_file(helm, tmp_path):
    content = {"kind": "Config", "users": [{"name": "a", "user": {"token": "planted"}}]}
    for given in (content, json.dumps(content)):
        helm("install", request(), THERE, kubeconfig=given)
        assert json.loads((tmp_path / "log.kubeconfig").read_text()) == content
        path = (tmp_path / "log.environment").read_text().strip().partition("=")[2]
        assert path.startswith("/proc/self/fd/") and not os.path.exists(path)


def test_options_that_helm_has_by_other_names(helm, tmp_path):
    helm(
        "install",
        request(),
        THERE,
        host="https://c",
        api_key="t",
        ca_cert="/ca",
        validate_certs=False,
        impersonate_user="u",
        impersonate_groups=["g", "h"],
        proxy="http://p",
    )
    assert (tmp_path / "log.environment").read_text().split() == [
        "HELM_KUBEAPISERVER=https://c",
        "HELM_KUBEASGROUPS=g,h",
        "HELM_KUBEASUSER=u",
        "HELM_KUBECAFILE=/ca",
        "HELM_KUBEINSECURE_SKIP_TLS_VERIFY=true",
        "HELM_KUBETOKEN=t",
        "HTTPS_PROXY=http://p",
    ]


def test_a_client_certificate_reaches_helm_in_a_kubeconfig(helm, tmp_path):
    helm("install", request(), THERE, host="https://c", client_cert="/cert", client_key="/key")
    made = json.loads((tmp_path / "log.kubeconfig").read_text())
    assert made["users"][0]["user"] == {"client-certificate": "/cert", "client-key": "/key"}
    with pytest.raises(WorkError, match="client_cert, client_key: Helm takes these with host only"):
        helm("install", request(), THERE, kubeconfig="/k", client_cert="/cert", client_key="/key")
