# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module gives the same result by both of its doors: AnsibleModule, and the action in Ansible's worker."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from doors import action_of, by_action, by_module, without_patience

TOP = Path(__file__).parents[3]
RUNTIME = yaml.safe_load((TOP / "meta/runtime.yml").read_text(encoding="utf-8"))
# The action does more than the module, or all there is.
OWN = {"run_lock", "validate_inputs"}
MODULES = sorted(path.stem for path in (TOP / "plugins/modules").glob("*.py"))
DOORS = [name for name in MODULES if name not in OWN]
CLUSTER = [
    name
    for name in MODULES
    if name != "validate_inputs" and connection.ARGUMENTS.items() <= action_of(name).work.ARGUMENTS.items()
]
# Nothing listens there.
NOWHERE = "http://127.0.0.1:1"
LOAD_ALL = """
import gc, sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader([sys.argv[1]])
for name in sys.argv[2:]:
    assert action_loader.get("runtime_security.kubernetes." + name, class_only=True), name
print(sum(name.startswith("kubernetes.client.models.") for name in sys.modules), gc.get_freeze_count(), len(gc.get_objects()))
"""
PLANTED = "planted-secret"
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "cluster-name", "cluster": {"server": NOWHERE}}],
    "users": [{"name": "user-name", "user": {"token": PLANTED}}],
    "contexts": [{"name": "context-name", "context": {"cluster": "cluster-name", "user": "user-name"}}],
    "current-context": "context-name",
}
# What ends them at once, and tries nothing.
SPECIAL = {
    "ebpf_readiness_info": {"falco_version": "0.1.0"},
    "k8s_objects": {
        "objects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}]
    },
    "k8s_certificates": {"certificates": []},
    "k8s_certificate_renewal": {"ca": {"name": "ca", "namespace": "a"}, "certificates": [], "image": "python"},
    "grafana_data_source": {"type": "loki", "ds_url": NOWHERE},
    "grafana_health_info": {"wait_timeout": 0},
    "prometheus_info": {"url": "http://prometheus.monitoring.svc:9090", "wait_timeout": 0},
}


def value_of(spec: dict) -> object:
    """Something that the specification takes."""
    if spec.get("choices"):
        found = spec["choices"][0]
        return [found] if spec.get("type") == "list" else found
    if spec.get("options"):
        inner = needed(spec["options"])
        return [inner] if spec["type"] == "list" else inner
    kind = spec.get("type", "str")
    elements = {"dict": {"a": "b"}, "int": 1}.get(spec.get("elements"), "example")
    return {"list": [elements], "dict": {"a": "b"}, "int": 1, "float": 1.0, "bool": False}.get(kind, "example")


def needed(specs: dict) -> dict:
    """The options that have to be there."""
    return {name: value_of(spec) for name, spec in specs.items() if spec.get("required")}


def arguments(name: str) -> dict:
    specs = action_of(name).work.ARGUMENTS
    found = needed(specs) | SPECIAL.get(name, {})
    if "kubeconfig" in specs and specs["kubeconfig"].get("type") == "raw":
        found["kubeconfig"] = KUBECONFIG
    for connected in (found, found.get("grafana")):
        if connected is not None and "url_password" in (specs if connected is found else specs["grafana"]["options"]):
            connected.update(url=NOWHERE, url_username="admin", url_password=PLANTED)
    return found


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No programs, no home, no waiting."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    without_patience(monkeypatch)


def both(name: str, args: dict, folder: Path, check: bool = False) -> dict:
    """The result of both doors, which is one."""
    by_worker = comparable(by_action(name, json.loads(json.dumps(args)), str(folder), check))
    assert comparable(by_module(name, args, check)) == by_worker
    return by_worker


def comparable(result: dict) -> dict:
    # AnsibleModule leaves it to Ansible to add whether something changed. Serial numbers are random.
    found = json.loads(re.sub("serial [0-9a-f]+", "serial", json.dumps({"changed": False, **result})))
    if "invocation" in found and set(found) == {"changed", "failed", "invocation", "msg"}:
        # Of arguments that are refused, AnsibleModule shows what it was given.
        del found["invocation"]
    return found


@pytest.mark.parametrize("name", DOORS)
def test_in_check_mode_and_without_a_cluster(name, tmp_path):
    found = both(name, arguments(name), tmp_path, check=True)
    assert PLANTED not in json.dumps(found)
    assert "Traceback" not in json.dumps(found)


@pytest.mark.parametrize("name", DOORS)
def test_an_unknown_option_is_refused(name, tmp_path):
    found = both(name, arguments(name) | {"unknown": PLANTED}, tmp_path)
    assert found["failed"] and "Unsupported parameters" in found["msg"] and "unknown" in found["msg"]


@pytest.mark.parametrize("name", [name for name in DOORS if needed(action_of(name).work.ARGUMENTS)])
def test_a_missing_option_is_refused(name, tmp_path):
    found = both(name, {}, tmp_path)
    assert found["failed"] and "missing required arguments" in found["msg"]


@pytest.mark.parametrize("name", [name for name in DOORS if name in CLUSTER])
def test_no_cluster_is_an_error_but_in_check_mode(name, tmp_path):
    if name in ("grafana_admin_password", "pipeline_proof"):
        pytest.skip("asks another program first")
    found = both(name, arguments(name), tmp_path)
    assert found["failed"]
    announced = both(name, arguments(name), tmp_path, check=True)
    assert hasattr(action_of(name).work, "announce") is not bool(announced.get("failed"))


@pytest.mark.parametrize("door", [by_action, by_module])
def test_a_relative_path_is_relative_to_the_playbook(door, tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/SHA256SUMS").write_text("nonsense\n", encoding="utf-8")
    folder = [str(tmp_path)] if door is by_action else []
    assert "line 1 of SHA256SUMS" in door("bundle_verify", {"path": "bundle"}, *folder)["msg"]


def test_the_environment_names_the_cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("K8S_AUTH_HOST", "http://127.0.0.1:2")
    monkeypatch.setenv("K8S_AUTH_API_KEY", PLANTED)
    given = {key: value for key, value in arguments("rollout_info").items() if key != "kubeconfig"}
    found = both("rollout_info", given, tmp_path)
    assert "127.0.0.1:2" in found["msg"] and PLANTED not in json.dumps(found)


def test_both_doors_run_one_work():
    for name in MODULES:
        if name != "validate_inputs":
            text = (TOP / f"plugins/modules/{name}.py").read_text(encoding="utf-8")
            assert f"run_module({action_of(name).work.__name__.rpartition('.')[2]})" in text


@pytest.fixture(scope="module")
def loaded():
    """All actions in a Python of their own: kinds of the Kubernetes library, objects that its collector skips and that it goes through."""
    # As in a run: the inputs are validated first.
    names = sorted(MODULES, key=lambda name: name != "validate_inputs")
    command = [sys.executable, "-c", LOAD_ALL, str(TOP / ".ansible/collections"), *names]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return [int(word) for word in done.stdout.split()]


def test_no_action_loads_all_kinds_of_the_library(loaded):
    """Ansible loads the actions of all tasks, also of those that it skips; the core group's 0.4 s of CPU time are for who needs it."""
    assert 0 < loaded[0] < 50


def test_no_worker_goes_through_what_was_loaded_before_it(loaded):
    _kinds, frozen, rest = loaded
    assert frozen > 100 * rest


def test_the_action_group_has_each_module_that_talks_to_the_api_server():
    assert set(CLUSTER) == set(RUNTIME["action_groups"]["cluster"])
    assert len(CLUSTER) > 10
