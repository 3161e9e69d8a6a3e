# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the notification of the proof's own event ends: a container of the marked pod that prints what it gets."""

from __future__ import annotations

import typing as t

from ..grafana_proof_route import PATH, PORT, SERVICE
from .queries import as_json

CONTAINER = "sink"
_FOLDER = "/tmp/www"
# A program of busybox's web server: what is sent to it goes to the container's output.
_SCRIPT = "#!/bin/sh\\ncat >&2\\necho >&2\\necho Content-Type: text/plain\\necho\\necho ok\\n"
_START = (
    f'mkdir -p {_FOLDER}/cgi-bin && printf "{_SCRIPT}" > {_FOLDER}{PATH} && chmod 755 {_FOLDER}{PATH} '
    f"&& exec busybox httpd -f -p {PORT} -h {_FOLDER}"
)


def container(weak: dict) -> dict:
    """weak: what the pod's containers have in common."""
    return {
        **weak,
        "name": CONTAINER,
        "command": ["sh", "-c", _START],
        "ports": [{"containerPort": PORT}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }


def volumes() -> list[dict]:
    return [{"name": "tmp", "emptyDir": {}}]


def service_definition(namespace: str, labels: dict[str, str]) -> dict:
    """The address that Grafana's contact point has, for as long as the proof runs."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "namespace": namespace, "labels": labels},
        "spec": {"selector": labels, "ports": [{"port": PORT, "targetPort": PORT}]},
    }


def alerts(printed: str) -> t.Iterator[dict]:
    """The alerts of all notifications in the container's output."""
    for text in printed.splitlines():
        yield from as_json(text).get("alerts") or []
