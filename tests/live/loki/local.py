# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Loki and log agents as processes of this machine, with the role's configuration and without a cluster."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import typing as t
from pathlib import Path

import yaml

TOP = Path(__file__).parents[3]
ROLE = TOP / "roles" / "loki_stack"
PARTS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "runtime-security" / "lab" / "parts"
INPUTS = {
    "loki_stack_namespace": "monitoring",
    "loki_stack_tenant": "",
    "loki_stack_agent": "otel",
    "loki_stack_agent_queue_mb": 16,
    "loki_stack_max_line_kb": 256,
    "loki_stack_mask_tokens": True,
    "loki_stack_tls": False,
    "__loki_stack_positions": "positions",
    "__loki_stack_otlp_url": "",
    "__loki_stack_push_url": "",
}


class Program(t.NamedTuple):
    command: list[str]
    environment: t.Mapping[str, str] = {}

    def start(self) -> subprocess.Popen:
        return subprocess.Popen(self.command, env=os.environ | self.environment, stderr=subprocess.DEVNULL)


def role_value(expression: str, folder: Path, *files: str, **inputs: object) -> t.Any:
    """What the role makes of an expression with these files of vars/main."""
    rendered = folder / "rendered.json"
    words = [word for name in files for word in ("-e", f"@{ROLE}/vars/main/{name}.yml")]
    content = f"content={{{{ {expression} | to_json }}}} dest={rendered}"
    module = ["-m", "ansible.builtin.copy", "-a", content]
    subprocess.run(
        ["ansible", "localhost", *module, *words, "-e", json.dumps(INPUTS | inputs)],
        check=True,
        # Where Ansible finds the role's templates.
        cwd=ROLE,
        env=os.environ | {"ANSIBLE_CONFIG": str(TOP / "ansible.cfg")},
        stdout=subprocess.DEVNULL,
    )
    return json.loads(rendered.read_text(encoding="utf-8"))


def collector_config(folder: Path) -> dict:
    """The role's configuration of the collector."""
    return role_value("__loki_stack_otel_config", folder, "otel", "otel_receiver", "masks")


def collector(config: dict, folder: Path, places: dict[str, Path], endpoint: str, **exporter: str) -> Program:
    """A collector with other places of its folders, and with its state in the folder."""
    written = json.dumps(config)
    for before, after in (places | {"/var/lib/otel-agent": folder / "state"}).items():
        written = written.replace(before, str(after))
    config = json.loads(written)
    config["exporters"]["otlp_http"] |= {"endpoint": endpoint, **exporter}
    # No API server here, and no port that others may have.
    config["processors"].pop("k8s_attributes", None)
    del config["extensions"]["health_check"]
    config["service"]["extensions"].remove("health_check")
    pipeline = config["service"]["pipelines"]["logs"]
    pipeline["processors"] = [name for name in pipeline["processors"] if name != "k8s_attributes"]
    config["service"]["telemetry"] = {"metrics": {"level": "none"}}
    command = [str(PARTS / "otelcol" / "otelcol-k8s"), "--feature-gates=stanza.synchronousLogEmitter"]
    return Program([*command, f"--config={_file(folder, 'collector', config)}"], {"OTEL_K8S_NODE_NAME": "node"})


def promtail_config(folder: Path) -> dict:
    """The role's values for the configuration of Promtail."""
    return role_value("__loki_stack_promtail_values.config", folder, "promtail", "masks", "rbac")


def promtail(folder: Path, endpoint: str) -> Program:
    """A Promtail that reads the same, and gives its lines the labels that they have in a cluster."""
    config = promtail_config(folder)
    ((client,), (job,)) = (config["clients"], yaml.safe_load(config["snippets"]["scrapeConfigs"]))
    labels = {"namespace": "n", "pod": "p", "container": "c", "app": "p", "node_name": "node", "job": "n/p"}
    labels["__path__"] = f"{folder}/pods/*/*/*.log"
    job = {key: job[key] for key in ("job_name", "pipeline_stages")} | {"static_configs": [{"labels": labels}]}
    positions = config["positions"] | {"filename": str(folder / "positions.yaml")}
    file = _file(
        folder,
        "promtail",
        {
            "server": {"disable": True},
            "clients": [client | {"url": f"{endpoint}/loki/api/v1/push"}],
            "positions": positions,
            "scrape_configs": [job],
        },
    )
    return Program([str(PARTS / "loki" / "promtail"), f"-config.file={file}", "-target.sync-period=1s"])


def loki(folder: Path, port: int, *targets: str) -> Program:
    """Loki with its data in the folder; without targets all of it."""
    limits = role_value("__loki_stack_otlp_limits", folder, "otel")
    config = {
        "auth_enabled": False,
        "target": ",".join(targets or ("all",)),
        "server": {"http_listen_port": port, "grpc_listen_port": free_port(), "log_level": "error"},
        "common": {
            "path_prefix": str(folder),
            "replication_factor": 1,
            "instance_addr": "127.0.0.1",
            "ring": {"kvstore": {"store": "inmemory"}},
            "storage": {"filesystem": {"chunks_directory": f"{folder}/chunks", "rules_directory": f"{folder}/rules"}},
        },
        "schema_config": {
            "configs": [
                {
                    "from": "2024-04-01",
                    "store": "tsdb",
                    "object_store": "filesystem",
                    "schema": "v13",
                    "index": {"prefix": "index_", "period": "24h"},
                }
            ]
        },
        # A fast machine must not reach them.
        "limits_config": limits
        | {
            "ingestion_rate_mb": 64,
            "ingestion_burst_size_mb": 64,
            "per_stream_rate_limit": "64MB",
            "per_stream_rate_limit_burst": "64MB",
        },
        "analytics": {"reporting_enabled": False},
    }
    return Program([str(PARTS / "loki" / "loki"), f"-config.file={_file(folder, 'loki', config)}"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _file(folder: Path, name: str, content: dict) -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file
