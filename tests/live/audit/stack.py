# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loki and Grafana of the lab on loopback, and a sink for Grafana's notifications."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import threading
import time
import typing as t
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from .apiserver import free_port, process
from .repeated import repeated

TOP = Path(__file__).parents[3]
sys.path.insert(0, str(TOP / "tests" / "unit" / "alerts"))
import loki_history

PASSWORD = "audit-test"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str, user: str = "", timeout: float = 30) -> t.Any:
    """The answer of a request as JSON."""
    headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else {}
    with _OPENER.open(urllib.request.Request(url, headers=headers), timeout=timeout) as answer:
        return json.loads(answer.read())


@contextlib.contextmanager
def loki(parts: Path, folder: Path) -> t.Iterator[str]:
    """Its address; it has one tenant."""
    folder.mkdir(parents=True, exist_ok=True)
    http, grpc = free_port(), free_port()
    config = loki_history.config(folder, http, grpc) | {"auth_enabled": False}
    # As the role loki_stack sets them.
    config["limits_config"] = {
        "ingestion_rate_mb": 64,
        "ingestion_burst_size_mb": 128,
        "allow_structured_metadata": True,
    }
    config["limits_config"]["max_line_size_truncate"] = True
    config["limits_config"] |= {"per_stream_rate_limit": "64MB", "per_stream_rate_limit_burst": "128MB"}
    (folder / "loki.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    url = f"http://127.0.0.1:{http}"

    def ready() -> bool:
        with contextlib.suppress(OSError), _OPENER.open(f"{url}/ready", timeout=5) as answer:
            return answer.status == 200
        return False

    with process([str(parts / "loki" / "loki"), f"-config.file={folder}/loki.yml"], folder / "log", ready):
        yield url


@contextlib.contextmanager
def grafana(parts: Path, folder: Path) -> t.Iterator[str]:
    """Its address; the administrator is admin."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{free_port()}"
    settings = {
        "server.http_addr": "127.0.0.1",
        "server.http_port": url.rsplit(":", 1)[1],
        "paths.data": str(folder / "data"),
        "paths.logs": str(folder / "logs"),
        "security.admin_password": PASSWORD,
        "analytics.reporting_enabled": "false",
        "analytics.check_for_updates": "false",
        "analytics.check_for_plugin_updates": "false",
    }
    command = [str(parts / "grafana" / "grafana"), "server", f"--homepath={parts / 'grafana' / 'home'}"]
    command += [f"cfg:{name}={value}" for name, value in settings.items()]

    def ready() -> bool:
        with contextlib.suppress(OSError, ValueError):
            return ask(f"{url}/api/health")["database"] == "ok"
        return False

    with process(command, folder / "log", ready, seconds=240):
        yield url


class Alerts:
    """What Grafana fires, and what it sends."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Labels of each alert that was sent, with the time.
        self.sent: list[tuple[float, dict[str, str]]] = []
        # Labels of each alert that fires, with the time at which it was first seen.
        self.seen: dict[frozenset, float] = {}

    def look(self) -> list[dict[str, str]]:
        """The labels of all alerts that fire now."""
        answer = ask(f"{self._url}/api/prometheus/grafana/api/v1/alerts", f"admin:{PASSWORD}")
        firing = [
            alert["labels"]
            for alert in answer["data"]["alerts"]
            if alert["state"].startswith("Alerting") and alert["labels"].get("grafana_folder") == "Runtime security"
        ]
        for labels in firing:
            self.seen.setdefault(frozenset(labels.items()), time.time())
        return firing

    def watched(self) -> contextlib.AbstractContextManager[None]:
        """Look every second until the block ends."""
        return repeated(self.look, 1)

    def ruled(self) -> set[str]:
        """Titles of rules whose evaluation has failed."""
        answer = ask(f"{self._url}/api/prometheus/grafana/api/v1/rules", f"admin:{PASSWORD}")
        rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
        return {rule["name"] for rule in rules if rule["health"] not in ("ok", "unknown", "nodata")}


@contextlib.contextmanager
def sink(alerts: Alerts) -> t.Iterator[str]:
    """The address of a webhook that keeps what it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            alerts.sent += [(time.time(), alert["labels"]) for alert in sent["alerts"] if alert["status"] == "firing"]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def wire(folder: Path, grafana_url: str, loki_url: str, sink_url: str, **inputs: t.Any) -> None:
    """Run the role grafana_wiring on this Grafana."""
    given = {
        "ansible_python_interpreter": sys.executable,
        "grafana_wiring_url": grafana_url,
        "grafana_wiring_user": "admin",
        "grafana_wiring_password": PASSWORD,
        "grafana_wiring_loki_url": loki_url,
        # Nobody is there; its rules are not looked at.
        "grafana_wiring_prometheus_url": "http://127.0.0.1:9",
        "grafana_wiring_certificates": {"none": 4000000000},
        "grafana_wiring_contact_points": [{"name": "sink", "type": "webhook", "settings": {"url": sink_url}}],
        "grafana_wiring_notification_policy": {"contact_point": "sink"},
        **inputs,
    }
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": given,
        "tasks": [
            {
                "ansible.builtin.include_role": {
                    "name": "runtime_security.kubernetes.grafana_wiring",
                    "tasks_from": "apply",
                }
            }
        ],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    command = ["ansible-playbook", "-i", "localhost,", str(folder / "play.yml")]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
