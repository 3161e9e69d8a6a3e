# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of the pod that renews certificates: its rights, and what gets into the cluster."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewal import (
    objects,
    programs,
    work,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

LEAF = {"common_name": "x", "subject_alt_names": [], "validity_days": 365, "certificate": None, "key": None}
KEYS = {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"}
PARAMS = {
    "sign": True,
    "name": "certificate-renewal-loki",
    "namespace": "logs",
    "state": "present",
    "ca": {
        "name": "ca",
        "namespace": "logs",
        "common_name": "",
        "validity_days": 3650,
        "certificate": None,
        "key": None,
    },
    "certificates": [
        {"name": "server", "secret": "server-tls", "namespace": "logs", "usage": ["server"], "keys": KEYS, **LEAF},
        {"name": "grafana", "secret": None, "namespace": "logs", "usage": ["client"], "keys": KEYS, **LEAF},
    ],
    "renew_before_days": 30,
    "owner": {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"},
    "workloads": [
        {
            "kind": "StatefulSet",
            "namespace": "logs",
            "name": "loki",
            "annotations": {"a": "server"},
            "shown": {},
            "trusted": {},
        }
    ],
    "servers": [{"certificate": "server", "host": "loki.logs.svc", "port": 3443}],
    "data_sources": [{"uid": "loki", "certificate": "grafana"}],
    "grafana": {
        "namespace": "monitoring",
        "service": "grafana",
        "admin_secret": "grafana-admin",
        "ca_secret": "grafana-tls",
    },
    "image": "certbot/certbot:v5.8.0",
    "interval": 60,
    "timeout": 600,
    "network_policy": True,
    "metrics_namespace": "monitoring",
    "monitor_labels": None,
    "lock_namespace": "default",
    "namespaces": [],
}


def made(**changes):
    return objects.objects(work.settled({**copy.deepcopy(PARAMS), **changes}))


def rules(found):
    """Namespace to (resource, names) to verbs."""
    return {
        one["metadata"]["namespace"]: {
            (rule["resources"][0], *rule.get("resourceNames", [])): rule["verbs"] for rule in one["rules"]
        }
        for one in found
        if one["kind"] == "Role"
    }


def test_its_account_may_use_what_is_named_and_nothing_else():
    secrets = ("ca", "ca-next", "ca-previous", "grafana", "server-tls")
    assert rules(made()) == {
        "default": {("leases", "runtime-security"): ["delete", "get", "update"], ("leases",): ["create"]},
        "logs": {
            ("secrets", *secrets): ["delete", "get", "update"],
            ("secrets",): ["create"],
            ("statefulsets", "loki"): ["get", "patch"],
        },
        "monitoring": {("secrets", "grafana-admin", "grafana-tls"): ["get"], ("services", "grafana"): ["get"]},
    }


def test_where_somebody_else_signs_it_reads_only():
    found = made(sign=False)
    (config,) = (one for one in found if one["kind"] == "ConfigMap")
    assert json.loads(config["data"]["settings.json"])["signs"] is False
    verbs = [
        rule["verbs"]
        for one in found
        if one["kind"] == "Role"
        for rule in one["rules"]
        if "secrets" in rule["resources"]
    ]
    assert verbs and all(one == ["get"] for one in verbs)


def test_two_installations_share_no_object():
    """Not where the lock is either, and not what a removal looks for."""

    def places(**changes):
        return {(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) for one in made(**changes)}

    assert places().isdisjoint(places(namespace="second"))
    first, second = (objects.labels(work.settled({**PARAMS, "namespace": name})) for name in ("logs", "second"))
    assert not first.items() <= second.items()


def test_what_was_given_stays_with_its_giver():
    ca = {**PARAMS["ca"], "certificate": "given-public", "key": "given-private"}
    found = made(ca=ca)
    assert "given-" not in json.dumps(found)
    assert ("secrets",) not in rules(found)["logs"]
    (config,) = (one for one in found if one["kind"] == "ConfigMap")
    assert json.loads(config["data"]["settings.json"])["signs"] is False
    assert set(work.masked({**PARAMS, "ca": ca})["ca"]) == set(ca) - {"certificate", "key"}


def test_its_pod_has_no_privilege():
    (deployment,) = (one for one in made() if one["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_monitor_takes_the_place_of_the_annotations():
    found = made(monitor_labels={"release": "prometheus"})
    (service,) = (one for one in found if one["kind"] == "Service")
    (monitor,) = (one for one in found if one["kind"] == "ServiceMonitor")
    assert service["metadata"]["annotations"]["prometheus.io/scrape"] == "false"
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert [one["kind"] for one in objects.unwanted(work.settled(PARAMS))] == ["ServiceMonitor"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"servers": [{"certificate": "web", "host": "a.b.svc", "port": 1}]},
            r"servers\[0\].certificate: there is no certificate web",
        ),
        (
            {"data_sources": [{"uid": "a", "certificate": "web"}]},
            r"data_sources\[0\].certificate: there is no certificate web",
        ),
        (
            {"workloads": [{**PARAMS["workloads"][0], "trusted": {"t": "web"}}]},
            "workloads loki: there is no certificate web. Expected one of grafana, server",
        ),
        ({"grafana": None}, "grafana: missing"),
        ({"interval": 0}, r"interval: has to be positive \(0\)"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, words):
    with pytest.raises(WorkError, match=words):
        made(**changes)


def test_the_programs_are_all_that_the_pod_needs(tmp_path):
    """Without Ansible, without Kubernetes' library, and with no file of the collection that the pod lacks."""
    for path, source in programs.files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source, encoding="utf-8")
    check = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import {programs.MAIN}
loaded = dict(sys.modules)
assert not {{"ansible", "kubernetes", "urllib3", "yaml"}} & {{name.split(".")[0] for name in loaded}}, sorted(loaded)
ours = [module.__file__ for name, module in loaded.items() if name.startswith("ansible_collections.") and module.__file__]
assert ours and all(file.startswith({str(tmp_path)!r}) for file in ours), ours
"""
    subprocess.run([sys.executable, "-c", check], check=True, cwd=tmp_path)
