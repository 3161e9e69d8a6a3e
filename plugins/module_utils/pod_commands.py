# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands in pods that run, with an input that no command line and no file gets to see."""

from __future__ import annotations

import json
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import K8SClient

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.connection import core_api

try:
    from kubernetes.stream import stream
except ImportError:  # connection.py reports it
    stream = None

_END_OF_INPUT = "\x04"
_PIECE = 16384
_STATUS_CHANNEL = 3


def exit_code(status: str) -> int:
    """The exit code in what the API server says at the end; an error where the command could not be started.

    The library's own reading takes the reason of that error for a number.
    """
    end = json.loads(status or "{}")
    if end.get("status") == "Success":
        return 0
    for cause in (end.get("details") or {}).get("causes") or []:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise OSError(end.get("message") or "the connection broke off")


class PodCommands:
    def __init__(self, client: K8SClient, namespace: str) -> None:
        self._configuration = client.configuration
        self._namespace = namespace

    def running(self, selector: str, container: str) -> str | None:
        """The name of a pod in which the container runs, None where there is none."""
        core = core_api(self._configuration)
        for pod in core.list_namespaced_pod(self._namespace, label_selector=selector).items:
            for status in pod.status.container_statuses or []:
                if status.name == container and status.state.running and not pod.metadata.deletion_timestamp:
                    return pod.metadata.name
        return None

    def run(self, pod: str, container: str, command: list[str], text: str, seconds: float) -> tuple[int, str]:
        """Exit code and output of a command that reads its whole input.

        The protocol cannot end the input of a pipe, a terminal can. It repeats the input, which so is no place for
        secrets.
        """
        text = text if text.endswith("\n") else text + "\n"
        return self._run(pod, container, command, text + _END_OF_INPUT, seconds, tty=True)

    def run_with_line(self, pod: str, container: str, command: list[str], line: str, seconds: float) -> tuple[int, str]:
        """Exit code and output of a command that reads one line, which may be a secret: nothing repeats it."""
        return self._run(pod, container, command, line + "\n", seconds, tty=False)

    def _run(
        self, pod: str, container: str, command: list[str], text: str, seconds: float, tty: bool
    ) -> tuple[int, str]:
        session = self._session(pod, container, command, tty)
        try:
            for start in range(0, len(text), _PIECE):
                session.write_stdin(text[start : start + _PIECE])
                # Whoever does not take up what is printed meanwhile may wait for ever.
                session.update(timeout=0)
            session.run_forever(timeout=seconds)
            if session.is_open():
                return -1, f"it took more than {seconds:g} seconds"
            return exit_code(session.read_channel(_STATUS_CHANNEL)), session.read_all()
        finally:
            session.close()

    def _session(self, pod: str, container: str, command: list[str], tty: bool) -> t.Any:
        return stream(
            core_api(self._configuration).connect_get_namespaced_pod_exec,
            pod,
            self._namespace,
            container=container,
            command=command,
            stdin=True,
            stdout=True,
            stderr=not tty,
            tty=tty,
            _preload_content=False,
        )
