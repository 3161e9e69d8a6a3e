# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tasks of roles as Ansible does, with modules of which some are put in the place of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import owned_objects
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import operations, recovery, releases
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError, result_of
from api_double import Server
from api_lies import at  # noqa: F401
from certificate_secrets import client_at, cluster_of_certificates, run_of_certificates  # noqa: F401
from plays import HELM
from two_runs import runs, server_of_locks  # noqa: F401

TOP = Path(__file__).parents[3]
FAKE_ACTION = """
import json
from ansible.plugins.action import ActionBase
class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        with open({log!r}, "a") as log:
            log.write(json.dumps([{name!r}, dict(self._task.args)]) + chr(10))
        return json.loads({answer!r})
"""
FAKE = """
import json
from ansible.module_utils import basic
def main():
    args = json.loads(basic._ANSIBLE_ARGS)["ANSIBLE_MODULE_ARGS"]
    with open({log!r}, "a") as log:
        log.write(json.dumps([{name!r}, {{key: args[key] for key in args if key[0] != "_"}}]) + chr(10))
    print({answer!r})
if __name__ == "__main__":
    main()
"""


@pytest.fixture
def asked(tmp_path):
    """What the modules that stand in for ours were asked, as pairs of name and arguments."""
    log = tmp_path / "asked"
    return lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def play(tmp_path):
    """Runs tasks on localhost, with answers in the place of modules; returns the exit code and the output on one line."""
    collection = tmp_path / "ansible_collections" / "runtime_security" / "kubernetes"
    for place in ("action", "modules"):
        (collection / "plugins" / place).mkdir(parents=True)
    for place in (Path(), Path("plugins"), Path("plugins/action"), Path("plugins/modules")):
        for path in (TOP / place).iterdir():
            if not path.name.startswith(".") and not (collection / place / path.name).exists():
                (collection / place / path.name).symlink_to(path)

    def module_of(name: str) -> Path:
        return collection / "plugins" / "modules" / f"{name}.py"

    def run(
        tasks: list[dict], *options: str, answers: dict | None = None, path: str = os.environ["PATH"], **variables
    ) -> tuple[int, str]:
        for name, answer in (answers or {}).items():
            action = collection / "plugins" / "action" / f"{name}.py"
            # Those without an action of their own still lead to the module.
            door, fake = (action, FAKE_ACTION) if action.exists() else (module_of(name), FAKE)
            door.unlink()
            door.write_text(
                fake.format(log=str(tmp_path / "asked"), name=name, answer=json.dumps({"changed": False} | answer))
            )
        hosts = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(json.dumps(hosts), encoding="utf-8")
        given = {"ansible_python_interpreter": sys.executable} | variables
        done = subprocess.run(
            [
                Path(sys.executable).parent / "ansible-playbook",
                *options,
                "-e",
                json.dumps(given),
                str(tmp_path / "play.yml"),
            ],
            env=os.environ
            | {
                "ANSIBLE_COLLECTIONS_PATH": str(tmp_path),
                "ANSIBLE_CONFIG": str(TOP / "ansible.cfg"),
                "ANSIBLE_NOCOLOR": "1",
                "KUBECONFIG": "/nonexistent",
                "PATH": path,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, " ".join(done.stdout.replace("''", "'").split())

    return run


@pytest.fixture
def serve():
    """Starts an API server for a cluster; it ends with the test."""
    servers = []

    def start(cluster):
        servers.append(Server(cluster))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def work_on(serve, tmp_path, monkeypatch):
    """Runs any work on a cluster, with a Helm where it takes one; returns its result, or raises WorkError."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(owned_objects, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(operations, "WAIT_SECONDS", 0.01)

    def run(work, cluster, check=False, diff=False, **options):
        server = serve(cluster)
        given = {"namespace": "monitoring", "kubeconfig": server.kubeconfig()}
        if "binary_path" in work.ARGUMENTS:
            program = tmp_path / "helm"
            address = f"http://127.0.0.1:{server.server_port}"
            program.write_text(HELM.replace("ADDRESS", repr(address)), encoding="utf-8")
            program.chmod(0o755)
            given["binary_path"] = str(program)
        checked = ArgumentSpecValidator(work.ARGUMENTS).validate(given | options)
        assert checked.error_messages == []
        return result_of(work, checked.validated_parameters, Mode(check, diff))

    return run


@pytest.fixture
def helm_module(work_on, monkeypatch):
    """Runs the work of helm_releases on a cluster; returns its result, or the error with its facts as failed, msg."""
    monkeypatch.setattr(recovery, "PATIENCE", 0.2)

    def run(cluster, *asked, **options):
        try:
            return work_on(releases, cluster, releases=list(asked), **options)
        except WorkError as error:
            return error.facts | {"failed": True, "msg": str(error)}

    return run
