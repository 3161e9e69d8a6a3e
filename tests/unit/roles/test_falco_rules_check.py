# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What falco_rules_check does in a cluster: it starts a Job at most once, says why rules are refused, and shows no value."""

from __future__ import annotations

import json

import api_double
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rules_check
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, result_of
from falco_double import JOB, MANIFESTS, OURS, WORD, Falco, log, said
from objects_double import made
from plays import HELM

OWNER = {"app.kubernetes.io/managed-by": "tests"}
FILE = {"file": "001-ours.yaml", "item": "falco_ebpf_rules[0] 'ours'", "content": "- rule: A\n"}
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available."}
PULLING = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rules_check, "_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(rules_check, "PATIENCE", 0.05)
    monkeypatch.setitem(api_double.KINDS, "v1", [*api_double.KINDS["v1"], "Event"])


@pytest.fixture
def check(serve, tmp_path):
    """Runs the work; returns the result, or the error as failed, msg. No result has the planted word."""

    def run(cluster, *, mode=None, **options):
        server = serve(cluster)
        program = tmp_path / "helm"
        address = f"http://127.0.0.1:{server.server_port}"
        program.write_text(HELM.replace("ADDRESS", repr(address)), encoding="utf-8")
        program.chmod(0o755)
        given = {
            "kubeconfig": server.kubeconfig(),
            "namespace": "falco",
            "chart": "falco",
            "values": {"customRules": {FILE["file"]: FILE["content"]}, "secret": WORD},
            "binary_path": str(program),
            "files": [FILE],
            "fingerprint": "0123456789abcdef",
            "falco_version": "0.44.1",
            "owner": OWNER,
            "timeout": 1,
        }
        checked = ArgumentSpecValidator(rules_check.ARGUMENTS).validate(given | options)
        assert checked.error_messages == []
        try:
            result = result_of(rules_check, checked.validated_parameters, mode or Mode())
        except WorkError as error:
            result = error.facts | {"failed": True, "msg": str(error)}
        assert WORD not in json.dumps(result) + json.dumps(rules_check.masked(checked.validated_parameters))
        return result

    return run


def running(fingerprint: str) -> dict:
    metadata = {"annotations": {"runtime-security/rules": fingerprint}}
    return made("DaemonSet", "falco", {}, "falco", spec={"template": {"metadata": metadata}})


def test_falco_accepts(check):
    cluster = Falco()
    result = check(cluster)
    assert (result["verdict"], result["changed"], result["findings"]) == ("accepted", True, [])
    assert cluster.changes == [f"POST jobs/{JOB}", f"POST configmaps/{JOB}", f"DELETE jobs/{JOB}"]
    (job,) = cluster.jobs
    assert job["spec"]["template"]["spec"]["containers"][0]["env"] == [WORD]
    assert cluster.asked[0]["secret"] == WORD


def test_rules_that_falco_runs_with_are_not_validated_again(check):
    cluster = Falco(running("0123456789abcdef"))
    result = check(cluster)
    assert (result["verdict"], result["changed"]) == ("deployed", False)
    assert (cluster.changes, cluster.asked) == ([], [])
    assert check(Falco(running("other")))["verdict"] == "accepted"


def test_two_tasks_share_a_job(check):
    cluster = Falco()
    assert check(cluster, state="started")["verdict"] == "started"
    result = check(cluster)
    assert (result["verdict"], result["changed"]) == ("accepted", False)
    assert cluster.changes == [f"POST jobs/{JOB}", f"POST configmaps/{JOB}", f"DELETE jobs/{JOB}"]
    assert len(cluster.asked) == 1


def test_the_files_go_with_the_job_and_come_where_a_stop_kept_them_away(check):
    cluster = Falco()
    check(cluster, state="started")
    files = cluster.objects.pop(("v1", "falco", "configmaps", JOB))
    (job,) = cluster.jobs
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": job["metadata"]["uid"]}
    assert files["metadata"]["ownerReferences"] == [owner]
    assert check(cluster)["verdict"] == "accepted"
    assert cluster.changes[2:] == [f"POST configmaps/{JOB}", f"DELETE jobs/{JOB}"]


def test_the_pod_of_an_earlier_job_says_nothing(check):
    old = made("Pod", "old", {"batch.kubernetes.io/controller-uid": "another"}, "falco", status={"phase": "Failed"})
    assert check(Falco(old))["verdict"] == "accepted"


def test_a_job_of_somebody_else_stays(check):
    cluster = Falco(made("Job", JOB, {}, "falco"))
    result = check(cluster)
    assert result["failed"] and f"Job falco/{JOB}" in result["msg"] and cluster.changes == []


def test_falco_refuses(check):
    cluster = Falco(log=log(errors=[said("LOAD_ERR_VALIDATE", "Undefined macro")]), status={"phase": "Failed"})
    result = check(cluster)
    assert result["msg"].startswith(
        "falco_ebpf_rules: refused by Falco 0.44.1. Expected rules that it accepts. Fix: correct them. The running Falco was not "
        f"changed. falco_ebpf_rules[0] 'ours' ({OURS}), line 3, column 14, rule 'A': LOAD_ERR_VALIDATE"
    )
    assert cluster.changes[-1] == f"DELETE jobs/{JOB}"


def test_warnings_are_shown_and_on_request_an_error(check):
    warned = log(warnings=[said("LOAD_DEPRECATED_ITEM", "evt.dir is deprecated")])
    result = check(Falco(log=warned))
    (finding,) = result["findings"]
    assert result["warnings"] == [f"Falco 0.44.1 accepts the rules and warns: {finding}"]
    refused = check(Falco(log=warned), strict=True)
    assert refused["failed"] and "falco_ebpf_rules_strict is true" in refused["msg"] and finding in refused["msg"]


def test_files_that_an_init_container_does_not_bring(check):
    ended = {"name": "falcoctl", "state": {"terminated": {"exitCode": 1}}}
    cluster = Falco(status={"phase": "Failed", "initContainerStatuses": [ended]}, log="a\nno registry\n")
    cluster.reply = lambda method, path, words, body, known: (
        (200, cluster.log.encode()) if path.endswith("/log") else Falco.reply(cluster, method, path, words, body, known)
    )
    result = check(cluster)
    assert "falco_ebpf_values: the container falcoctl" in result["msg"] and "no registry" in result["msg"]


@pytest.mark.parametrize(
    ("status", "events", "why"),
    [
        ({"phase": "Pending", "conditions": [UNSCHEDULABLE]}, False, "does not start: 0/3 nodes are available."),
        ({}, True, "does not start: exceeded quota: pods."),
        ({"phase": "Pending", "containerStatuses": [PULLING]}, False, "does not start: no such image."),
        ({"phase": "Running"}, True, "does not end: it has run for 1 s (falco_ebpf_timeout)."),
    ],
)
def test_a_pod_that_validates_nothing_is_explained(check, status, events, why):
    about = {"reason": "FailedCreate", "message": "exceeded quota: pods", "involvedObject": {"name": JOB}}
    others = {**about, "message": "of another one", "involvedObject": {"name": "another"}}
    found = [made("Event", f"e{place}", {}, "falco", **one) for place, one in enumerate([about, others]) if events]
    cluster = Falco(*found, status=status)
    result = check(cluster)
    assert f"falco_ebpf_rules: the pod in which Falco validates them {why} Expected" in result["msg"]
    assert cluster.changes[-1] == f"DELETE jobs/{JOB}"


@pytest.mark.parametrize(
    ("manifests", "why"),
    [
        (MANIFESTS.replace("[/etc/falco/falco_rules.yaml]", "[]"), "falco.rules_files is empty, so there are no rules"),
        ("", "the chart renders no DaemonSet falco"),
    ],
)
def test_files_that_cannot_be_had_are_refused_with_the_fix(check, manifests, why):
    cluster = Falco()
    cluster.rendered = manifests
    result = check(cluster)
    assert (
        f"falco_ebpf_rules: cannot be validated ({why}" in result["msg"]
        and "Fix: correct falco_ebpf_chart" in result["msg"]
    )
    assert cluster.changes == []


def test_a_chart_that_helm_cannot_render(check):
    result = check(Falco(), binary_path="/nonexistent/helm")
    assert "cannot be validated (Helm cannot render" in result["msg"]


def test_check_mode_announces_and_shows_the_text(check):
    before = made("ConfigMap", "falco-rules", {}, "falco", data={"000-gone.yaml": "old", FILE["file"]: "- rule: B\n"})
    cluster = Falco(running("other"), before)
    result = check(cluster, mode=Mode(check=True, diff=True))
    assert (result["verdict"], result["changed"]) == ("pending", True)
    assert result["msg"].startswith("Would let Falco validate falco_ebpf_rules[0] 'ours' in a pod of its image")
    summary, shown = result["diff"]
    assert result["changes"] == ["+ rule 'A' (001-ours.yaml)", "- rule 'B' (001-ours.yaml)"]
    assert summary["prepared"].splitlines() == ["ConfigMap falco/falco-rules:", *result["changes"]]
    assert shown["before"]["data"] == {"000-gone.yaml": "old", FILE["file"]: "- rule: B\n"}
    assert shown["after"]["data"] == {FILE["file"]: "- rule: A\n"}
    assert (cluster.changes, cluster.asked) == ([], [])
