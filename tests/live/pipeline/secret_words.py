"""Words that nobody may see, and where they were seen."""

from __future__ import annotations

import base64
import json
import os
import secrets
import threading
from pathlib import Path

import yaml

from live.lab_cluster import CONTEXT, KUBECONFIG, kubectl

NAMESPACES = ("monitoring", "falco")
# Given as inputs, so that each way a secret takes has a word of its own.
GIVEN = {name: f"planted-{secrets.token_hex(8)}" for name in ("administrator", "output", "contact point", "value")}
INPUTS = {
    "metrics_stack_grafana_admin_password": GIVEN["administrator"],
    "falco_ebpf_outputs": {
        "webhook": {"address": "http://127.0.0.1:1/", "customheaders": f"X-Token:{GIVEN['output']}"}
    },
    # The real chart would put it into a Secret; the outputs above, which have one, come first.
    "falco_ebpf_values": {
        "falcosidekick": {"config": {"slack": {"webhookurl": f"http://127.0.0.1:1/{GIVEN['value']}"}}}
    },
    # New ones: the chart is rendered, so that Falco validates them.
    "falco_ebpf_rules": [{"name": "planted", "content": "- list: planted\n  items: [a]\n"}],
    "grafana_wiring_contact_points": [
        {
            "name": "planted",
            "type": "slack",
            "settings": {"recipient": "#nobody"},
            "secure_settings": {"url": f"http://127.0.0.1:1/{GIVEN['contact point']}"},
        }
    ],
}


def stored() -> list[dict]:
    """Every Secret of the pipeline's namespaces, Helm's own records among them."""
    listed = [kubectl("get", "secrets", "--output", "json", "--namespace", namespace) for namespace in NAMESPACES]
    return [secret for text in listed for secret in json.loads(text)["items"]]


def made() -> dict[str, str]:
    """The words that a run makes: lines of the private keys, and of the kubeconfig's."""
    words = {}
    for secret in stored():
        for entry, value in (secret.get("data") or {}).items():
            if entry.endswith(".key"):
                words[f"{secret['metadata']['name']}/{entry}"] = key_line(base64.b64decode(value).decode())
    config = yaml.safe_load(Path(KUBECONFIG).read_text(encoding="utf-8"))
    (user,) = (user["user"] for user in config["users"] if user["name"] == CONTEXT)
    words["kubeconfig"] = key_line(Path(user["client-key"]).read_text(encoding="utf-8"))
    assert len(words) >= 4
    return words


def key_line(pem: str) -> str:
    """One line of a key's body; a whole one is broken into lines differently here and there."""
    lines = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    return lines[len(lines) // 2]


def forms(word: str) -> set[str]:
    """A secret as it is, and as Kubernetes writes it."""
    return {word, base64.b64encode(word.encode()).decode()}


def seen_in(text: str, words: dict[str, str]) -> list[str]:
    return [name for name, word in words.items() if any(form in text for form in forms(word))]


class ProcessList:
    """Looks at the command lines of all processes, the cluster's too, again and again."""

    def __init__(self, words: dict[str, str]) -> None:
        self.words = words
        self.found: set[tuple[str, str]] = set()
        self.looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> ProcessList:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.looks += 1
            for process in filter(str.isdigit, os.listdir("/proc")):
                try:
                    line = Path("/proc", process, "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                except OSError:
                    # It has ended meanwhile.
                    continue
                self.found |= {(name, line[:300]) for name in seen_in(line, self.words)}
