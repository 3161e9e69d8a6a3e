"""Runs of site.yml that are watched and cut off, and what the next one has to come to."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from live.lab_cluster import AS_JSON, BUNDLE, INPUTS, TOP, changed, playbook

PROOF = Path(INPUTS["pipeline_proof_path"])
# The first words of site.yml on an existing cluster.
ON_THE_CLUSTER = "install | Keep other runs away from the cluster"


class Run:
    """ansible-playbook site.yml in a process group of its own."""

    def __init__(self, *options: str, **environment: str) -> None:
        command = ["ansible-playbook", "site.yml", "-e", f"@{BUNDLE}/bundle.yml", "-e", json.dumps(INPUTS), *options]
        plain = {
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_CONFIG": str(TOP / "ansible.cfg"),
            # Else a task is named only when it ends.
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "yes",
        }
        self.begun = time.monotonic()
        self.lines: list[tuple[float, str]] = []
        self._process = subprocess.Popen(
            command,
            cwd=TOP,
            env=os.environ | plain | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append((time.monotonic() - self.begun, line))

    def second_of(self, words: str) -> float:
        """When a line with these words came, in seconds from the beginning."""
        return next(second for second, line in self.lines if words in line)

    def kill_at(self, second: float, all_of_it: bool) -> str:
        """SIGKILL to the process group; the task that ran, or nothing when the run was over before.

        Ansible puts its workers, and so modules, Helm and minikube, into sessions of their own, where they go on as
        orphans. all_of_it ends them too, as the end of a container or a power cut would.
        """
        time.sleep(max(0.0, second - (time.monotonic() - self.begun)))
        if self._process.poll() is not None:
            return ""
        below = descendants(self._process.pid) if all_of_it else []
        os.killpg(self._process.pid, signal.SIGKILL)
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        tasks = [line for _second, line in self.lines if line.startswith("TASK [")]
        return tasks[-1].strip("* \n") if tasks else "before the first task"

    def end(self) -> tuple[int, float, str]:
        """Exit code, seconds, output."""
        code = self._process.wait()
        self._reader.join()
        return code, time.monotonic() - self.begun, "".join(line for _second, line in self.lines)


def descendants(pid: int) -> list[int]:
    """Processes below this one."""
    below = []
    listed = subprocess.run(["pgrep", "--parent", str(pid)], stdout=subprocess.PIPE, text=True, check=False).stdout
    for child in map(int, listed.split()):
        below += [child, *descendants(child)]
    return below


def proven(announced: set | None = None, *options: str) -> float:
    """A run to its end, which must be the whole proof, and change what was announced if that is given; its seconds."""
    PROOF.unlink(missing_ok=True)
    code, seconds, text = Run(
        *options, *([] if announced is None else ["--diff"]), **({} if announced is None else AS_JSON)
    ).end()
    assert code == 0, text[-6000:]
    lines = json.loads(PROOF.read_text(encoding="utf-8"))
    assert len(lines) >= 15
    assert [line for line in lines if not line["ok"]] == []
    if announced is not None:
        done = changed(text)
        # What cannot be asked yet is announced in one word by its role.
        spoken_for = {role(name) for name, _item in announced if " | Announce " in name}
        assert {one for one in done - announced if role(one[0]) not in spoken_for} == set()
        assert {one for one in announced - done if " | Announce " not in one[0]} == set()
    return seconds


def role(task: str) -> str:
    """The role in a task's name."""
    return task.partition(" : ")[0]


def checked() -> set:
    """What a dry run, which must pass, announces."""
    code, _seconds, text = Run("--check", "--diff", **AS_JSON).end()
    assert code == 0, text[-6000:]
    return changed(text)


def remove(cluster: bool) -> None:
    """Removes the releases, or the whole cluster."""
    given = {"runtime_security_teardown": "yes", "runtime_security_cluster": "minikube" if cluster else "existing"}
    given["runtime_security_context"] = INPUTS["minikube_profile"]
    code, text = playbook("playbooks/teardown.yml", **given)
    assert code == 0, text[-3000:]
