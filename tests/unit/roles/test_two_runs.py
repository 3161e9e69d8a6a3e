# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once, as users start them: on an API server that keeps objects, and on a path."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import now
from api_double import TOP, Cluster, Server, entry, run

LOCK = "runtime_security.kubernetes.run_lock"
LEASE = ("coordination.k8s.io/v1", "default", "leases", "runtime-security")
NOTE = {"register": "lock"}
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


@pytest.fixture
def server():
    found = Server(Cluster())
    yield found
    found.shutdown()
    found.server_close()


class Runs:
    """Starts playbooks and keeps what they print."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.home = folder / "home"
        self.count = 0
        self.started: list[subprocess.Popen] = []

    def start(self, *tasks: dict, options=(), hosts="localhost", **variables) -> subprocess.Popen:
        self.count += 1
        path = self.folder / f"play-{self.count}.yml"
        play = {"hosts": hosts, "connection": "local", "gather_facts": False, "tasks": list(tasks)}
        path.write_text(json.dumps([play]), encoding="utf-8")
        given = {"ansible_python_interpreter": sys.executable} | variables
        # A home of its own: locks of paths are there.
        surroundings = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(TOP / "ansible.cfg"), "HOME": str(self.home)}
        done = subprocess.Popen(
            ["ansible-playbook", "-e", json.dumps(given), *options, str(path)],
            cwd=TOP,
            env=os.environ | surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(done)
        return done

    def said(self, run: subprocess.Popen) -> str:
        """All of its output on one line; whoever holds it open longer than the run makes this fail."""
        out, _none = run.communicate(timeout=90)
        return " ".join(out.split())


@pytest.fixture
def runs(tmp_path):
    found = Runs(tmp_path)
    yield found
    # Tasks outlive a run that was killed.
    for reached_gate in tmp_path.glob("*.reached"):
        reached_gate.with_suffix("").touch()
    for one in found.started:
        if one.poll() is None:
            one.kill()
            one.communicate()


def cluster_lock(server: Server, **options) -> dict:
    return {"name": "lock", LOCK: {"kubeconfig": server.kubeconfig()} | options} | NOTE


def path_lock(path: Path, **options) -> dict:
    return {"name": "lock", LOCK: {"path": str(path)} | options} | NOTE


def command(*words: str) -> dict:
    return {"name": "command", "ansible.builtin.command": {"argv": list(words)}}


def gate(path: Path) -> dict:
    """A task that shows that it was reached, and ends when the test opens it."""
    script = f"touch {path}.reached; until test -e {path}; do sleep 0.05; done"
    return command("sh", "-c", script)


def reached(path: Path) -> None:
    wait_until(Path(f"{path}.reached").exists)


def wait_until(holds, seconds=60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def holder(server: Server) -> str:
    return server.cluster.objects[LEASE]["spec"]["holderIdentity"] if LEASE in server.cluster.objects else ""


def test_the_second_run_waits_and_says_for_whom(runs, server, tmp_path):
    first = runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    second = runs.start(cluster_lock(server, timeout=60), command("date", "+%s.%N"))
    words = ""
    while "Waits for" not in words:
        words = second.stdout.readline()
        assert words, "it ended without waiting"
    assert f"process {first.pid}" in words and "play-1.yml" in words and "for 60 s at most" in words
    assert f"/{first.pid}/" in holder(server)
    (tmp_path / "gate").touch()
    assert "failed=0" in runs.said(first)
    assert f"/{first.pid}/" not in holder(server)
    assert "failed=0" in runs.said(second)
    assert holder(server) == ""


def test_the_second_run_ends_where_it_must_not_wait(runs, server, tmp_path):
    runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    second = runs.start(cluster_lock(server, timeout=0))
    said = runs.said(second)
    assert second.returncode != 0
    assert "another run holds the lock of cluster" in said and "play-1.yml" in said
    assert "runtime_security_lock_timeout" in said and "Waits for" not in said
    dry = runs.start(cluster_lock(server, timeout=0), options=["--check"])
    assert "failed=0" in runs.said(dry)


def test_a_run_that_was_killed_blocks_nobody_on_this_machine(runs, server, tmp_path):
    first = runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    # Its keeper too, as nobody is left to release the lock then.
    keeper = keeper_of(tmp_path / "home")
    os.kill(keeper, signal.SIGKILL)
    first.kill()
    first.wait()
    begun = time.monotonic()
    second = runs.start(cluster_lock(server, timeout=0))
    said = runs.said(second)
    assert "failed=0" in said and "Takes over" in said
    assert time.monotonic() - begun < 30
    (tmp_path / "gate").touch()


def keeper_of(home: Path) -> int:
    (note,) = home.glob(".ansible/tmp/*/run-lock-*")
    return json.loads(note.read_text())["keeper"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_lock_of_a_run_that_was_ended_is_released(runs, server, tmp_path, number):
    first = runs.start(cluster_lock(server), gate(tmp_path / "gate"))
    reached(tmp_path / "gate")
    keeper = keeper_of(tmp_path / "home")
    first.send_signal(number)
    first.wait(timeout=30)
    wait_until(lambda: holder(server) == "", seconds=10)
    (tmp_path / "gate").touch()
    wait_until(lambda: not alive(keeper), seconds=10)


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


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
    assert holder(server) == ""


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


ENTRIES = [
    *[("metrics_stack", name) for name in ("apply", "ready", "rotate", "remove")],
    *[("loki_stack", name) for name in ("apply", "ready", "remove")],
    *[("falco_ebpf", name) for name in ("apply", "ready", "rotate", "remove")],
    *[("grafana_wiring", name) for name in ("apply", "ready", "remove")],
    *[("ebpf_readiness", name) for name in ("apply", "remove")],
    *[("pipeline_proof", name) for name in ("ready", "remove")],
]


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
