# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendering of charts by a program that writes down what it is asked, and against Helm."""

from __future__ import annotations

import json
import os

import pytest
from ansible.module_utils import basic
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.program import without_values
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.template import rendered
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from ansible_collections.runtime_security.kubernetes.plugins.modules import falco_rules_check, helm_releases

HELM = """#!/bin/sh
echo "$*" >>"$HELM_LOG"
case "$*" in
    *broken*) echo 'Error: cannot take map[password:planted-word] for a text' >&2; exit 1 ;;
    *) cat >"$HELM_LOG.values"; echo 'kind: Secret'; cat "$HELM_LOG.values" ;;
esac
"""
VALUES = {"password": "planted-word", "kind": "Secret", "enabled": True}


@pytest.fixture
def template(tmp_path, monkeypatch):
    program = tmp_path / "helm"
    program.write_text(HELM)
    program.chmod(0o755)
    monkeypatch.setenv("HELM_LOG", str(tmp_path / "log"))

    def run(**options):
        return rendered(**{"binary": str(program), "name": "falco", "values": VALUES} | options)

    return run


def refusal(template, **options):
    with pytest.raises(WorkError) as error:
        template(**options)
    return str(error.value)


@pytest.mark.parametrize(
    ("chart", "repository", "asked"),
    [
        ("falco", "https://charts.example", "falco --repo https://charts.example --version 9.1.0"),
        ("falco", "oci://mirror/charts", "oci://mirror/charts/falco --version 9.1.0"),
        ("oci://mirror/falco", "https://charts.example", "oci://mirror/falco --version 9.1.0"),
        ("/srv/falco.tgz", "https://charts.example", "/srv/falco.tgz"),
    ],
)
def test_values_reach_helm_by_its_standard_input(template, tmp_path, chart, repository, asked):
    result = template(chart=chart, repository=repository, version="9.1.0", namespace="security")
    assert (tmp_path / "log").read_text() == f"template falco {asked} --namespace security --values -\n"
    assert json.loads((tmp_path / "log.values").read_text()) == VALUES
    assert result == "kind: Secret\n" + json.dumps(VALUES)


def test_a_refusal_says_why_and_shows_no_value(template):
    values = VALUES | {"more than a pipe takes": "x" * 200_000}
    assert refusal(template, chart="/srv/broken", values=values) == (
        "Helm cannot render /srv/broken: Error: cannot take map[password:***] for a text"
    )


@pytest.mark.parametrize("module", [falco_rules_check, helm_releases])
def test_values_are_in_no_log(module, monkeypatch):
    release = {"name": "falco", "chart": "/srv/broken", "values": VALUES}
    asked = {"namespace": "falco", "releases": [release]}
    if module is falco_rules_check:
        asked = release | {"namespace": "falco", "files": [], "fingerprint": "0", "falco_version": "0.44.1"}
    args = {"ANSIBLE_MODULE_ARGS": asked | {"binary_path": "/bin/false"}}
    logged = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _self, *words, **_more: logged.append(str(words)))
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(args).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit):
        module.main()
    assert logged and "planted-word" not in "".join(logged)


def test_a_program_that_is_not_there(template):
    said = refusal(template, chart="/srv/chart", binary="/nonexistent/helm")
    assert "/nonexistent/helm" in said and "planted-word" not in said


def test_texts_of_values():
    said = "Error: first line, second line, name a"
    assert without_values(said, {"a": ["first line\nsecond line\n"], "b": {"c": 1, "d": "a"}}) == (
        "Error: ***, ***, name a"
    )


@pytest.mark.skipif("HELM" not in os.environ, reason="$HELM names no Helm")
def test_helm_itself(template, tmp_path):
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: chart, version: 1.0.0}")
    (chart / "values.yaml").write_text("table: {}\n")
    (chart / "templates" / "secret.yaml").write_text("word: {{ .Values.table.word | required `a word is missing` }}\n")
    asked = {"chart": str(chart), "binary": os.environ["HELM"]}
    assert "word: planted-word" in template(values={"table": {"word": "planted-word"}}, **asked)
    refused = refusal(template, values={"table": "planted-word"}, **asked)
    assert "Error: " in refused and "planted-word" not in refused
