"""The example repository with the built collection installed, on the cluster that a molecule scenario made."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from live.lab_cluster import BUNDLE, KUBECONFIG, TOP, kubectl, run

from .grafana import Grafana

HERE = Path(__file__).parent
VERSION = {"metrics_stack_prometheus": "prometheus", "metrics_stack_grafana": "grafana"}


def token_kubeconfig():
    """Two clusters and two users; the current context is of the one that is not there."""
    cluster = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "--output=json"))["clusters"][0][
        "cluster"
    ]
    kubectl("create", "serviceaccount", "infra", "--namespace=kube-system")
    kubectl(
        "create", "clusterrolebinding", "infra", "--clusterrole=cluster-admin", "--serviceaccount=kube-system:infra"
    )
    token = kubectl("create", "token", "infra", "--namespace=kube-system", "--duration=3h").strip()
    away = {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": True}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "staging", "cluster": away}, {"name": "production", "cluster": cluster}],
        "users": [{"name": "nobody", "user": {"token": "no-token"}}, {"name": "admin", "user": {"token": token}}],
        "contexts": [
            {"name": "staging", "context": {"cluster": "staging", "user": "nobody"}},
            {"name": "production", "context": {"cluster": "production", "user": "admin"}},
        ],
        "current-context": "staging",
    }


class Repository:
    """Somebody's infrastructure repository."""

    def __init__(self, folder):
        self.folder = folder / "repo"
        self.home, self.temporary = folder / "home", folder / "tmp"
        shutil.copytree(HERE / "repo", self.folder)
        for path in (self.home, self.temporary):
            path.mkdir()
        self.password = secrets.token_urlsafe(20)
        self.kubeconfig = token_kubeconfig()
        self.token = self.kubeconfig["users"][1]["user"]["token"]
        node = json.loads(kubectl("get", "nodes", "--output=json"))["items"][0]
        self.address = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
        self._variables()
        self._install()

    def _variables(self):
        bundle = yaml.safe_load((BUNDLE / "bundle.yml").read_text(encoding="utf-8"))
        here = {"cluster_address": self.address, "ansible_python_interpreter": sys.executable}
        for role, name in VERSION.items():
            here[f"observability_{name}_chart"] = bundle[f"{role}_chart"]
            here[f"observability_{name}_tag"] = bundle[f"{role}_image_tag"]
        variables = self.folder / "inventory/group_vars/k8s_admin"
        (variables / "here.yml").write_text(yaml.safe_dump(here), encoding="utf-8")
        vault = {"vault_kubeconfig": self.kubeconfig, "vault_grafana_password": self.password}
        (self.home / "word").write_text(secrets.token_urlsafe(20), encoding="utf-8")
        command = [
            "ansible-vault",
            "encrypt",
            "--vault-password-file",
            self.home / "word",
            "--output",
            variables / "vault.yml",
        ]
        run(command, input=yaml.safe_dump(vault))

    def _install(self):
        run(["ansible-galaxy", "collection", "build", "--output-path", self.home], cwd=TOP)
        (archive,) = self.home.glob("runtime_security-kubernetes-*.tar.gz")
        # The collections it depends on come with the environment.
        run(
            ["ansible-galaxy", "collection", "install", archive, "--no-deps", "-p", self.folder / "collections"],
            env=self._environment(),
        )

    def _environment(self, **more):
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("ANSIBLE_", "KUBE", "K8S_", "MOLECULE_"))
        }
        mine = {
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PATH": f"{BUNDLE / 'bin'}:{os.environ['PATH']}",
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "OBSERVABILITY_KUBECONFIG": KUBECONFIG,
        }
        return kept | mine | more

    def play(self, name, *options, environment=None, **inputs):
        """Exit code and output of one of the repository's playbooks."""
        return self._run(f"playbooks/{name}.yml", options, environment or {}, inputs)

    def play_collection(self, name, *options, **inputs):
        """Of one of the collection's, which take the implicit localhost."""
        return self._run(f"runtime_security.kubernetes.{name}", options, {}, inputs)

    def _run(self, playbook, options, environment, inputs):
        command = [
            "ansible-playbook",
            playbook,
            "--vault-password-file",
            self.home / "word",
            "-e",
            f"@{BUNDLE}/bundle.yml",
        ]
        # A file, so that no command line tells what is in it.
        given = self.folder.parent / "inputs.json"
        given.write_text(json.dumps(inputs), encoding="utf-8")
        done = subprocess.run(
            [*map(str, command), "-e", f"@{given}", *options],
            cwd=self.folder,
            env=self._environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with (self.folder.parent / "runs.log").open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        return done.returncode, done.stdout

    def succeeds(self, name, *options, **inputs):
        code, text = self.play(name, *options, **inputs)
        assert code == 0, text[-6000:]
        return text

    def refused(self, **inputs):
        """The message of a run of one role that is refused."""
        code, text = self.play("role", **inputs)
        assert code != 0, text[-3000:]
        return " ".join(text.replace("''", "'").split())

    def told(self, text):
        """The secrets that are in a text, as they are or as Kubernetes keeps them."""
        words = {"token": self.token, "password": self.password}
        return [
            name for name, word in words.items() if word in text or base64.b64encode(word.encode()).decode() in text
        ]

    def left(self):
        """The files in which a secret is."""
        files = [path for top in (self.home, self.temporary, self.folder) for path in top.rglob("*") if path.is_file()]
        return [str(path) for path in files if self.told(path.read_text(encoding="utf-8", errors="replace"))]


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    repository = Repository(tmp_path_factory.mktemp("infra"))
    yield repository
    kubectl("delete", "clusterrolebinding", "infra")
    kubectl("delete", "serviceaccount", "infra", "--namespace=kube-system")


@pytest.fixture(scope="session")
def grafana(repository):
    """Prometheus and Grafana that were there before, with what a team has in them."""
    repository.succeeds("observability")
    there = Grafana(f"http://{repository.address}:30350", "ops", repository.password)
    there.fill()
    kubectl("rollout", "status", "deployment/prometheus-server", "--namespace=observability", "--timeout=120s")
    return there
