# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a run takes a lock, where it takes none, and what ends the run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import now
from api_double import Cluster, Server
from plays import entry, run
from two_runs import ENTRIES, LEASE, LOCK, NOTE, cluster_lock, command, gate, holder, keeper_of, reached, wait_until

ANOTHER = {
    "apiVersion": "coordination.k8s.io/v1",
    "kind": "Lease",
    "metadata": {
        "name": "runtime-security",
        "namespace": "default",
        "annotations": {
            "runtime-security/run": '{"user": "ann", "host": "build-1", "machine": "m", "pid": 1, "process_start": "s", '
            '"playbook": "site.yml"}'
        },
    },
    "spec": {
        "holderIdentity": "ann@build-1/1/x",
        "leaseDurationSeconds": 30,
        "acquireTime": "2026-03-01T10:15:02.000000Z",
    },
}


def path_lock(path: Path, **options) -> dict:
    return {"name": "lock", LOCK: {"path": str(path)} | options} | NOTE


def test_one_run_takes_it_once_and_a_path_has_one_too(runs, server, tmp_path):
    done = runs.start(
        *[cluster_lock(server), cluster_lock(server)],
        *[path_lock(tmp_path / "thing"), path_lock(tmp_path / "thing")],
        command("find", str(tmp_path / "home/.local/share/runtime-security/locks"), "-name", "thing-*.json"),
    )
    assert "changed=1" in runs.said(done)
    assert server.cluster.leases == ["POST leases/runtime-security", "DELETE leases/runtime-security"]
    assert list((tmp_path / "home/.local/share").iterdir()) == []
    assert not (tmp_path / "thing").exists()


def test_check_mode_takes_none(runs, server, tmp_path):
    done = runs.start(cluster_lock(server), path_lock(tmp_path / "thing"), options=["--check"])
    assert "failed=0" in runs.said(done)
    assert server.cluster.leases == []
    assert not (tmp_path / "home/.local").exists()


def test_a_run_that_lost_the_lock_is_told_at_its_next_task_with_it(runs, server, tmp_path):
    age = command("touch", "--date=@0", "{{ lock.note }}")
    done = runs.start(cluster_lock(server), gate(tmp_path / "gate"), age, cluster_lock(server))
    reached(tmp_path / "gate")
    server.cluster.objects[LEASE] = ANOTHER
    (tmp_path / "gate").touch()
    said = runs.said(done)
    assert "has lost the lock" in said and "ann on build-1 (site.yml, process 1)" in said
    # It is the other run's to release.
    assert holder(server) == "ann@build-1/1/x"


def test_a_lock_that_nobody_renews_is_renewed_by_the_next_task_with_it(runs, server, tmp_path):
    age = command("touch", "--date=@0", "{{ lock.note }}")
    kept = {"ansible.builtin.assert": {"that": "lock.note is not runtime_security.kubernetes.lock_kept"}}
    done = runs.start(cluster_lock(server), age, kept, cluster_lock(server))
    assert "failed=0" in runs.said(done)
    assert server.cluster.leases == [f"{verb} leases/runtime-security" for verb in ("POST", "PUT", "DELETE")]


def test_two_clusters_have_a_lock_each(runs, server, tmp_path):
    other = Server(Cluster())
    addresses = {"one": server.kubeconfig(), "two": other.kubeconfig()}
    lock = {LOCK: {"kubeconfig": "{{ addresses[inventory_hostname] }}"}} | NOTE
    done = runs.start(lock, gate(tmp_path / "gate"), hosts="all", options=["-i", "one,two,"], addresses=addresses)
    reached(tmp_path / "gate")
    assert holder(server) == holder(other) != ""
    (tmp_path / "gate").touch()
    assert "failed=0" in runs.said(done)
    assert (holder(server), holder(other)) == ("", "")
    other.shutdown()
    other.server_close()


@pytest.mark.parametrize("keywords", [{"environment": {"NAME": "value"}}, {"delegate_to": "127.0.0.1"}])
def test_a_lock_of_another_host_is_held_from_here(runs, server, tmp_path, keywords):
    done = runs.start(cluster_lock(server) | keywords, gate(tmp_path / "gate"), options=["-vvv"])
    reached(tmp_path / "gate")
    assert f"/{done.pid}/" in holder(server)
    (tmp_path / "gate").touch()
    said = runs.said(done)
    assert "failed=0" in said and "modules/run_lock.py" in said
    # A busy machine ends the run before its keeper.
    wait_until(lambda: holder(server) == "", seconds=10)


def test_credentials_are_in_no_file_and_on_no_command_line(runs, server, tmp_path):
    kubeconfig = server.kubeconfig()
    kubeconfig["users"][0]["user"]["token"] = "planted-token"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(kubeconfig), encoding="utf-8")
    runs.start({LOCK: {"kubeconfig": str(path)}}, gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    keeper = keeper_of(tmp_path / "home")
    # It goes on without what the run had in files.
    path.unlink()
    words = Path(f"/proc/{keeper}/cmdline").read_bytes() + Path(f"/proc/{keeper}/environ").read_bytes()
    assert b"planted" not in words
    files = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert not any(b"planted" in content for content in files)
    opened = {os.readlink(link) for link in Path(f"/proc/{keeper}/fd").iterdir()}
    assert all(name == os.devnull or name.startswith(("pipe:", "socket:")) for name in opened), opened
    (tmp_path / "gate").touch()
    runs.started[0].wait(timeout=30)
    assert holder(server) == ""


class Refusing(Cluster):
    """One that lets an account do nothing with Leases, or does not say why not."""

    def __init__(self, status: int):
        super().__init__()
        self.status = status

    def answer(self, method, path, words, body):
        if "/leases" in path:
            return self.status, {"kind": "Status", "status": "Failure", "code": self.status}
        return super().answer(method, path, words, body)


@pytest.mark.parametrize(("status", "word"), [(403, "create role runtime-security-lock"), (500, "answered 500")])
def test_an_api_server_that_refuses_the_lock_ends_the_run(runs, status, word):
    refusing = Server(Refusing(status))
    done = runs.start(cluster_lock(refusing, optional=True), command("true"))
    said = runs.said(done)
    assert done.returncode != 0 and word in said and "Traceback" not in said
    assert "changed=0" in said
    refusing.shutdown()
    refusing.server_close()


def test_a_cluster_that_does_not_answer_has_no_lock_where_that_may_be(runs, server):
    nowhere = server.kubeconfig()
    nowhere["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    lock = {LOCK: {"kubeconfig": nowhere, "optional": "{{ optional }}"}}
    assert "no answer" in runs.said(runs.start(lock, optional=False))
    said = runs.said(runs.start(lock, optional=True))
    assert "failed=0" in said and "No lock of cluster" in said
    unknown = {LOCK: {"kubeconfig": nowhere, "context": "nobody", "optional": True}}
    said = runs.said(runs.start(unknown))
    assert "failed=0" in said and "No lock of cluster" not in said


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"timeout": -1}, "runtime_security_lock_timeout"),
        ({"lock_namespace": "A b"}, "runtime_security_lock_namespace"),
    ],
)
def test_values_that_are_none_are_refused(runs, server, options, word):
    done = runs.start(cluster_lock(server, **options), options=["--check"])
    assert word in runs.said(done) and done.returncode != 0
    assert server.cluster.leases == []


def test_options_come_from_the_play(runs, server):
    said = runs.said(runs.start(cluster_lock(server), options=["--check"], runtime_security_lock_namespace="A b"))
    assert "runtime_security_lock_namespace: no name of a namespace ('A b')" in said
    own = cluster_lock(server, lock_namespace="own")
    assert "failed=0" in runs.said(runs.start(own, options=["--check"], runtime_security_lock_namespace="A b"))


def test_every_entry_of_a_role_waits_for_the_lock():
    cluster = Cluster(json.loads(json.dumps(ANOTHER)))
    (lease,) = cluster.objects.values()
    # Nobody renews it, and the test may take longer than 30 seconds.
    lease["spec"] |= {"renewTime": now(), "leaseDurationSeconds": 3600}
    said = "{{ ansible_failed_result.msg is search('another run holds the lock of cluster .*ann on build-1') }}"
    tasks = [
        {"block": [entry(role, name)], "rescue": [{"ansible.builtin.debug": {"msg": f"held {role}.{name}: {said}"}}]}
        for role, name in ENTRIES
    ]
    done = run(cluster, tasks, runtime_security_lock_timeout=0)
    assert re.findall(r"held (\S+)\.(\S+): True", done.stdout) == ENTRIES, done.stdout
    assert (cluster.changes, cluster.leases) == ([], [])
