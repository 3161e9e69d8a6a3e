"""The lookup kubeconfig: where the content of one stays, and how long."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.kubeconfig import usable

CONTENT = {
    "clusters": [{"name": "shop", "cluster": {"server": "https://192.0.2.1"}}],
    "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "admin"}}],
    "users": [{"name": "admin", "user": {"token": "the-token"}}],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "ansible-local-1"))
    (tmp_path / "ansible-local-1").mkdir()
    return tmp_path / "ansible-local-1"


def look(*terms):
    return lookup_loader.get("runtime_security.kubernetes.kubeconfig").run(list(terms), {})


def test_a_path_stays_what_it_is(folder):
    assert look("~/.kube/config", "") == ["~/.kube/config", ""]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("value", [CONTENT, json.dumps(CONTENT), json.dumps(CONTENT, indent=1)])
def test_content_is_in_one_private_file(folder, value):
    (path,) = look(value)
    assert look(value) == [path]
    assert json.loads(Path(path).read_text()) == CONTENT
    assert [str(file) for file in folder.iterdir()] == [path]
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


def test_content_is_refused_for_a_host_that_has_other_files(folder):
    lookup = lookup_loader.get("runtime_security.kubernetes.kubeconfig")
    there = {"ansible_connection": "ssh", "inventory_hostname": "edge"}
    with pytest.raises(AnsibleError, match="edge is reached by ssh") as refused:
        lookup.run([CONTENT], there)
    assert "the-token" not in str(refused.value)
    assert lookup.run(["/srv/kubeconfig"], there) == ["/srv/kubeconfig"]
    assert list(folder.iterdir()) == []


def test_what_a_killed_run_left_is_removed(folder):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    other = folder.parent / "ansible-local-2"
    other.mkdir()
    gone, kept = other / f"kubeconfig-{dead.pid}-0", other / f"kubeconfig-{os.getpid()}-0"
    gone.touch()
    kept.touch()
    look(CONTENT)
    assert (gone.exists(), kept.exists()) == (False, True)


@pytest.mark.parametrize("value", [{"users": CONTENT["users"]}, "users: [\n", "- the-token\n", ["the-token"], 3, None])
def test_anything_else_is_refused_and_not_repeated(folder, value):
    assert not usable(value)
    with pytest.raises(AnsibleError) as caught:
        look(value)
    assert "neither a path nor the content" in str(caught.value)
    assert "the-token" not in str(caught.value)
    assert list(folder.iterdir()) == []
