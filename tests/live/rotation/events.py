"""Numbered events on their way: which were caused, which Falco logged, and which its receiver printed.

Needs a pipeline of the lab's whose receiver prints each event (falcosidekick.config.debug). Events come from processes that begin
meanwhile, and from one that runs all the time: Falco restarts in a rotation, and has to find that one again.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid

from live.lab_cluster import CONTEXT, FALCO, KUBECTL, kubectl

from .node_logs import NodeLogs, folder_of, ranges
from .stream import NAMESPACE, POD, Running, pod


class Events:
    def __init__(self, image, pause):
        self.marker, self.begun = f"rotation-{uuid.uuid4().hex[:8]}", time.monotonic()
        self.runs = Running(KUBECTL, NAMESPACE, float(pause))
        running = rf"{self.marker}-runs-(\d+)- "
        # A process that is known by its pod; the event's text has the file before the pod.
        self.patterns = {
            "new": rf"{self.marker}-(\d+)-",
            "running": running,
            "named": running + f".*k8s_pod_name={POD}",
        }
        folder = folder_of(CONTEXT)
        self.receivers, self.falcos = (
            NodeLogs(folder, FALCO, container, self.patterns) for container in ("falcosidekick", "falco")
        )
        self.stream = NodeLogs(folder, NAMESPACE, POD, {"new": r" stdout F (\d+)$"})
        self._pod = pod(image, self.marker, pause)

    def start(self):
        for logs in (self.receivers, self.falcos, self.stream):
            logs.start()
        kubectl("apply", "-f", "-", input=json.dumps(self._pod))
        kubectl("wait", "--namespace", NAMESPACE, "--for=condition=Ready", f"pod/{POD}", "--timeout=60s")
        self.runs.start()
        self.begun = time.monotonic()

    def stop(self):
        self.runs.stopped.set()
        for logs in (self.receivers, self.falcos, self.stream):
            if logs.is_alive():
                logs.stop()

    def sent(self):
        """Numbers of the events that were caused by now, of new processes and of the one that runs."""
        assert self.runs.is_alive(), f"the process that runs all the time was left after {len(self.runs.sent)} events"
        return self.stream.numbers["new"].copy(), self.runs.sent.copy()

    def wait_for(self, new, running, seconds):
        """Until the receiver has them, or the time is over."""
        deadline, arrived = time.monotonic() + seconds, self.receivers.numbers
        while (new - arrived["new"] or running - arrived["named"]) and time.monotonic() < deadline:
            time.sleep(0.5)

    def failures(self, new, running):
        """What is wrong with them, in words: the numbers for which it is, and those that are in Falco's own log."""
        arrived, seen = self.receivers.numbers, self.falcos.numbers
        return {
            f"of {len(new)} events of new processes are lost": (new - arrived["new"], seen["new"]),
            f"of {len(running)} events of the one that runs are lost": (running - arrived["running"], seen["running"]),
            f"of {len(running)} events of the one that runs are without its pod": (
                running & arrived["running"] - arrived["named"],
                seen["named"],
            ),
        }

    def lost(self, failures):
        """Lines for a person who has to find out why; none where nothing is wrong."""
        lines = [
            f"{len(numbers)} {what}: {ranges(numbers)}. In Falco's own log are {len(numbers & seen)} of them."
            for what, (numbers, seen) in failures.items()
            if numbers
        ]
        complaints = [line for line in self.falcos.others if " stderr F " in line]
        return [*lines, "Falco's messages:", *complaints[-40:]] if lines else []


@contextlib.contextmanager
def caused(image, pause):
    """Events as long as the block runs."""
    events = Events(image, pause)
    kubectl("create", "namespace", NAMESPACE)
    try:
        events.start()
        yield events
    finally:
        events.runs.stopped.set()
        # Its pod first, so that the logs are read to their end.
        kubectl("delete", "pod", "--namespace", NAMESPACE, POD, "--ignore-not-found")
        events.stop()
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")
