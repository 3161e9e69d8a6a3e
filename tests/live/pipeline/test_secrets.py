"""Secrets of a pipeline that runs, given ones and made ones, and all the places where they must not be."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from live.lab_cluster import BUNDLE, CONTEXT, INPUTS, TOP, run

from . import secret_words
from .secret_words import GIVEN, ProcessList, seen_in

# Tasks in the middle of which a run is killed, and the inputs that bring it there: Helm has the values, Grafana gets the
# passwords, the proof has them.
KILLED_IN = {
    "install | Let Falco validate its rules": {"falco_ebpf_shipped_rules": False},
    "releases | Install or upgrade Falco and its receiver": {
        "falco_ebpf_receiver_resources": {"requests": {"cpu": "11m"}}
    },
    "install | Write the alert rules": {},
    "prove | Follow the markers": {},
}

# Only in make molecule: the others have the same words in hand.
KILLED_RARELY = ("install | Let Falco validate its rules", "prove | Follow the markers")

TALKATIVE = ("-vvvv", "--diff")


@pytest.fixture(scope="module")
def memory():
    """The inputs with the planted words, in a file that is in memory alone."""
    file = Path("/dev/shm", f"runtime-security-secrets-{os.getpid()}.json")
    file.touch(mode=0o600)
    file.write_text(json.dumps(secret_words.INPUTS), encoding="utf-8")
    yield file
    file.unlink()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Folder of Ansible's log and of its cache of facts."""
    return tmp_path_factory.mktemp("kept")


def command(memory, more=()):
    # The proof goes where nobody looks for it.
    inputs = json.dumps(INPUTS | {"pipeline_proof_path": ""} | dict(more))
    return ["ansible-playbook", "site.yml", "-e", f"@{BUNDLE}/bundle.yml", "-e", inputs, "-e", f"@{memory}", *TALKATIVE]


def options(kept):
    """How each run is started; what Ansible keeps goes into this folder."""
    environment = {
        "ANSIBLE_CONFIG": str(TOP / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_LOG_PATH": f"{kept}/ansible.log",
        "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": f"{kept}/facts",
    }
    return {
        "cwd": TOP,
        "env": os.environ | environment,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }


@pytest.fixture(scope="module")
def said(memory, kept):
    """What a run with the planted words says at its most talkative, and what the process list showed meanwhile."""
    with ProcessList(GIVEN) as processes:
        done = subprocess.run(command(memory), check=False, **options(kept))
    assert done.returncode == 0, done.stdout[done.stdout.find("fatal: ") :][:6000]
    return done.stdout, processes


@pytest.fixture(scope="module")
def words(said):
    return GIVEN | secret_words.made()


def test_nothing_is_printed(said, words):
    assert seen_in(said[0], words) == []


def test_nothing_is_in_the_process_list(said):
    processes = said[1]
    assert processes.looks > 100
    assert processes.found == set()


@pytest.mark.parametrize(
    "task", [pytest.param(task, marks=[pytest.mark.rare] if task in KILLED_RARELY else []) for task in KILLED_IN]
)
def test_killed_runs_print_nothing(task, memory, kept, words):
    with subprocess.Popen(command(memory, KILLED_IN[task]), start_new_session=True, **options(kept)) as process:
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("TASK") and task in line:
                break
        else:
            pytest.fail(f"no task {task}")
        os.killpg(process.pid, signal.SIGKILL)
        printed += process.stdout
    assert seen_in("".join(printed), words) == []


def small_files(tops):
    """Those from this cluster's lifetime; what others remove meanwhile is passed over."""
    born = Path(INPUTS["minikube_home"], ".minikube", "profiles", CONTEXT, "client.crt").stat().st_mtime
    for top in tops:
        for folder, _folders, names in os.walk(top):
            # minikube's own state holds its keys by design.
            if Path(folder).is_relative_to(INPUTS["minikube_home"]):
                continue
            for path in (Path(folder, name) for name in names):
                with contextlib.suppress(FileNotFoundError):
                    if path.is_file() and path.stat().st_mtime >= born and path.stat().st_size < 1 << 20:
                        yield path, path.read_text(encoding="utf-8", errors="replace")


def test_nothing_lies_in_temporary_folders_logs_and_caches(words, kept):
    # After the runs that were killed, which could not clean up.
    assert (kept / "ansible.log").stat().st_size > 100_000
    tops = ["/tmp", Path.home() / ".ansible", kept]
    found = {str(path): seen_in(text, words) for path, text in small_files(tops)}
    assert {path: names for path, names in found.items() if names} == {}


def test_nothing_is_in_helms_records(words):
    # A chart's values are there by design of Helm; it is the only place for them.
    words = {name: word for name, word in words.items() if name != "value"}
    records = [secret for secret in secret_words.stored() if secret["type"] == "helm.sh/release.v1"]
    assert {record["metadata"]["labels"]["name"] for record in records} >= {"falco", "grafana", "loki", "prometheus"}
    for record in records:
        release = gzip.decompress(base64.b64decode(base64.b64decode(record["data"]["release"]))).decode()
        assert seen_in(release, words) == [], record["metadata"]["name"]


def test_grafanas_database_has_no_clear_text(words):
    found = run(["docker", "exec", CONTEXT, "find", "/var", "-name", "grafana.db*", "-path", "*monitoring*"])
    files = found.split()
    assert files
    for file in files:
        read = subprocess.run(["docker", "exec", CONTEXT, "cat", file], check=True, capture_output=True)
        text = read.stdout.decode(errors="replace")
        assert "planted" in text or not file.endswith(".db"), "the contact point is not there"
        assert seen_in(text, words) == [], file


def test_the_bundle_has_nothing(words, tmp_path):
    wanted = "\n".join(form for word in words.values() for form in secret_words.forms(word))
    found = subprocess.run(
        ["grep", "--recursive", "--files-with-matches", "--fixed-strings", "--file=-", str(BUNDLE)],
        input=wanted,
        text=True,
        capture_output=True,
        check=False,
    )
    # 1: looked at everything and found nothing.
    assert (found.returncode, found.stdout) == (1, "")


def test_the_words_were_where_they_belong(words):
    """Else nothing would have been tested."""
    values = {
        f"{secret['metadata']['name']}/{entry}": base64.b64decode(value).decode(errors="replace")
        for secret in secret_words.stored()
        for entry, value in (secret.get("data") or {}).items()
    }
    assert GIVEN["administrator"] == values["grafana-admin/admin-password"]
    assert any(GIVEN["output"] in value for name, value in values.items() if name.startswith("falco-receiver-outputs/"))
    kept = [value for name, value in values.items() if name.startswith("sh.helm.release.v1.falco.")]
    assert any(GIVEN["value"].encode() in gzip.decompress(base64.b64decode(value)) for value in kept)
