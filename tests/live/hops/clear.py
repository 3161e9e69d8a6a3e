# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the pipeline is to be read on the node's wires, and what may be."""

from __future__ import annotations

import base64
import collections
import contextlib
import json
import re
import typing as t
import uuid
from pathlib import Path

from live.lab_cluster import CONTEXT, FALCO, kubectl, run, staying_pods
from live.rotation import wire
from live.rotation.stream import RECEIVERS

from .connections import Connection, connections

# The pipeline's hops, by the ports of pods.
HOPS = {2801: "falcosidekick", 3443: "Loki", 9090: "Prometheus", 3000: "Grafana"}
# Where plain HTTP is spoken, and why. Metrics have names of rules, namespaces and pods, and no event's text.
KNOWN = {
    22: "SSH of minikube, with a cipher of its own",
    53: "DNS",
    2381: "etcd's metrics and probes, on loopback",
    2810: "falcosidekick's metrics and probes",
    3101: "Loki's metrics and probes",
    8080: "CoreDNS' probes; Grafana's notification of the proof, to the proof's own pod",
    8181: "CoreDNS' probes",
    8765: "Falco's metrics and probes",
    8888: "the log agent's metrics",
    9153: "CoreDNS' metrics",
    9798: "the continuous proof's metrics",
    9799: "the metrics of the pods that renew certificates",
    13133: "the log agent's probes",
}
# The kubelet hands exec, attach and port-forward of the tests over to containerd, on the node's loopback.
_TO_CONTAINERD = re.compile(rb"(GET|POST) /(exec|attach|portforward)/")
# A server with TLS refuses plain HTTP in plain HTTP, or with an alert; the proof asks for it.
_REFUSED = re.compile(rb"HTTP/1\.[01] 400 |\x15\x03")
_SIZE = 64  # of a file, in megabytes


def words(marker: str = "") -> dict[str, re.Pattern[bytes]]:
    """What must not be seen; `marker` is that of the numbered events, if there are any."""
    data = json.loads(kubectl("get", "secret", "grafana-admin", "--namespace", "monitoring", "--output", "json"))[
        "data"
    ]
    user, password = (base64.b64decode(data[key]) for key in ("admin-user", "admin-password"))
    forms = (password, base64.b64encode(password), base64.b64encode(user + b":" + password))
    events = {"a numbered event": re.compile(re.escape(marker.encode()))} if marker else {}
    return {
        # In its log line, and in its event's text.
        "a marker of the proof": re.compile(rb"marker-[0-9a-f]{8}"),
        **events,
        "a numbered line": re.compile(rb"numbered line \d+"),
        "Grafana's password": re.compile(b"|".join(map(re.escape, forms))),
        "a header with credentials": re.compile(rb"authorization: *\w+ ([^\r\n]+)", re.IGNORECASE),
    }


class Wire:
    """What was seen while the block ran; a request of the test's own is the control that something is seen at all."""

    def __init__(self) -> None:
        self.control = f"control-{uuid.uuid4().hex[:8]}"
        self.all: list[Connection] = []
        self.bytes = self.dropped = 0

    def ask(self) -> None:
        """Plain HTTP, with a bearer token, to the port of falcosidekick's metrics."""
        receiver = staying_pods(FALCO, "--selector", RECEIVERS)[0]["status"]["podIP"]
        header = f"Authorization: Bearer {self.control}"
        run(["docker", "exec", CONTEXT, "curl", "-sS", "-H", header, f"http://{receiver}:2810/{self.control}"])

    def read(self, captured: wire.Capture) -> None:
        assert len(captured.files) < wire.MOST_FILES, "the capture's first file was written again"
        self.all = connections(captured.files)
        self.bytes, self.dropped = sum(file.stat().st_size for file in captured.files), captured.dropped

    @property
    def clear(self) -> list[Connection]:
        return [one for one in self.all if one.secured is False and not self._is_containerds(one)]

    def _is_containerds(self, one: Connection) -> bool:
        return one.server[0] == b"\x7f\0\0\1" and bool(_TO_CONTAINERD.match(one.said(one.client)))

    def secured(self) -> collections.Counter[int]:
        """How many connections to each of the hops had TLS."""
        return collections.Counter(one.server[1] for one in self.all if one.secured and one.server[1] in HOPS)

    def seen(self, wanted: dict[str, re.Pattern[bytes]]) -> dict[str, collections.Counter[int]]:
        """In how many connections in clear each of the words was seen, by the server's port; not what the control has said."""
        found: dict[str, collections.Counter[int]] = {name: collections.Counter() for name in wanted}
        for one in self.clear:
            texts = list(one.texts())
            for name, pattern in wanted.items():
                hits = [hit[0] for text in texts for hit in pattern.finditer(text)]
                found[name][one.server[1]] += any(self.control.encode() not in hit for hit in hits)
        return {name: +counts for name, counts in found.items()}

    def has(self, text: bytes, port: int) -> bool:
        return any(text in said for one in self.clear if one.server[1] == port for said in one.texts())

    def unknown(self) -> list[str]:
        """Connections in clear that nobody expects: of ports that are not known, and that were not refused."""
        return [
            f"{one}: {one.said(one.client)[:80]!r}, {one.said(one.server)[:80]!r}"
            for one in self.clear
            if one.server[1] not in KNOWN and not _REFUSED.match(one.said(one.server))
        ]

    def table(self) -> str:
        plain = collections.Counter(one.server[1] for one in self.clear)
        containerds = sum(map(self._is_containerds, (one for one in self.all if one.secured is False)))
        lines = [
            f"{len(self.all)} connections, {self.bytes / 1e6:.0f} MB, {self.dropped} packets dropped; in clear on loopback "
            f"{containerds} of the kubelet's to containerd",
            *(
                f"{name} ({port}): {self.secured()[port]} with TLS, {plain[port]} in clear"
                for port, name in HOPS.items()
            ),
            *(
                f"{KNOWN.get(port, '?')} ({port}): {count} in clear"
                for port, count in sorted(plain.items())
                if port not in HOPS
            ),
        ]
        return "\n".join(lines)


@contextlib.contextmanager
def watched(folder: Path) -> t.Iterator[Wire]:
    """Everything on the node's interfaces while the block runs."""
    seen = Wire()
    folder.mkdir()
    with wire.capture(CONTEXT, folder / "wire", megabytes=_SIZE) as captured:
        yield seen
        seen.ask()
    seen.read(captured)
