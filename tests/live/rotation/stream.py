"""A pod that causes numbered security events at a steady pace, by new processes and by one that runs all the time."""

from __future__ import annotations

import subprocess
import threading

NAMESPACE = "rotation-test"
POD = "stream"
RUNS = "runs"
RECEIVERS = "app.kubernetes.io/name=falcosidekick"
# Reads a file that only root may read; the number goes to the event by the command line. The pause and the read run side by
# side, so that the pace does not depend on how fast the read is.
LOOP = """
echo > /etc/shadow
number=0
while :; do
  sleep {pause} &
  cat /etc/shadow {marker}-$number- > /dev/null 2>&1
  echo $number
  number=$((number + 1))
  wait
done
"""

# Writes a file for each number that it reads, and starts no program for that.
RUNNING = 'while read -r number; do : > "/etc/{marker}-runs-$number-"; done'


class Running(threading.Thread):
    """Has the pod's second container, one shell from its first event to its last, cause an event at a steady pace."""

    def __init__(self, kubectl, namespace, pause):
        super().__init__(daemon=True)
        self.command = [*kubectl, "attach", "--stdin", "--quiet", "--namespace", namespace, POD, "--container", RUNS]
        self.pause, self.sent, self.stopped = pause, set(), threading.Event()

    def run(self):
        with subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        ) as process:
            while not self.stopped.wait(self.pause):
                print(len(self.sent), file=process.stdin, flush=True)
                self.sent.add(len(self.sent))
            process.terminate()


def pod(image, marker, pause):
    shell = {"image": image, "command": ["/bin/sh", "-c"]}
    new = {"name": POD, **shell, "args": [LOOP.format(marker=marker, pause=pause)]}
    runs = {"name": RUNS, **shell, "args": [RUNNING.format(marker=marker)], "stdin": True}
    spec = {"containers": [new, runs], "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD, "namespace": NAMESPACE}, "spec": spec}
