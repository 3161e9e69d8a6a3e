# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook on the double of a cluster, with a double of Helm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from api_double import Cluster, Server

TOP = Path(__file__).parents[3]
HELM = f"""#!{sys.executable}
import json, sys, urllib.request
if "version" in sys.argv:
    sys.exit(print("v3.19.0"))
asked = dict(words=sys.argv[1:], values=json.load(sys.stdin) if "-" in sys.argv else None)
with urllib.request.urlopen(ADDRESS + "/helm", data=json.dumps(asked).encode()) as answer:
    code, printed, said = json.load(answer)
sys.stdout.write(printed)
sys.stderr.write(said)
sys.exit(code)
"""


def run(cluster: Cluster, play: str | list[dict], *options: str, **variables: object) -> subprocess.CompletedProcess:
    """Run a playbook, or tasks, with the double for their cluster and their Helm."""
    server = Server(cluster)
    with tempfile.TemporaryDirectory() as folder:
        helm, path = Path(folder, "helm"), Path(folder, "play.yml")
        helm.write_text(HELM.replace("ADDRESS", repr(f"http://127.0.0.1:{server.server_port}")), encoding="utf-8")
        helm.chmod(0o755)
        tasks = [{"hosts": "localhost", "gather_facts": False, "tasks": play}]
        path.write_text(json.dumps(tasks), encoding="utf-8")
        given = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "runtime_security_kubeconfig": json.dumps(server.kubeconfig()),
            "runtime_security_helm_binary": str(helm),
        }
        try:
            return subprocess.run(
                [
                    "ansible-playbook",
                    "-e",
                    json.dumps(given | variables),
                    *options,
                    play if isinstance(play, str) else path,
                ],
                cwd=TOP,
                env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(TOP / "ansible.cfg")},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        finally:
            server.shutdown()
            server.server_close()


def entry(role: str, name: str) -> dict:
    """The task that runs an entry of a role."""
    return {
        "name": f"{name} of {role}",
        "ansible.builtin.import_role": {"name": f"runtime_security.kubernetes.{role}", "tasks_from": name},
    }
