# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A carrier in the place of the log agent: what the API server prints goes to Loki with the labels that the role's agents give it."""

from __future__ import annotations

import contextlib
import json
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

from .repeated import repeated

LABELS = {
    "namespace": "kube-system",
    "pod": "kube-apiserver-audit",
    "container": "kube-apiserver",
    "node_name": "audit",
    "job": "kube-system/kube-apiserver",
    "stream": "stdout",
}
# As the agents do.
BATCH_SECONDS = 1.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def push(url: str, lines: t.Iterable[tuple[int, str]]) -> None:
    """Lines with their nanoseconds."""
    stream = {"stream": LABELS, "values": [[str(at), line] for at, line in lines]}
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"streams": [stream]}).encode()
    try:
        _OPENER.open(urllib.request.Request(f"{url}/loki/api/v1/push", body, headers), timeout=60).close()
    except urllib.error.HTTPError as error:
        raise OSError(f"Loki refuses lines: {error.read().decode()[:500]}") from error


@contextlib.contextmanager
def carried(log: Path, url: str) -> t.Iterator[None]:
    """Lines of the file go to Loki until the block ends."""
    rest = ""
    with log.open(encoding="utf-8", errors="replace") as file:

        def carry() -> None:
            nonlocal rest
            *lines, rest = (rest + file.read()).split("\n")
            if lines:
                now = time.time_ns()
                push(url, [(now + number, line) for number, line in enumerate(lines)])

        with repeated(carry, BATCH_SECONDS):
            yield
