"""A pod that causes numbered security events at a steady pace, by new processes and by one that runs all the time, and the reading of
where they arrive."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time

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


class Follower(threading.Thread):
    """Reads a pod's log until the pod is gone and keeps the numbers in it, by what they are numbers of."""

    def __init__(self, kubectl, namespace, pod, patterns, found, container=None):
        super().__init__(daemon=True)
        self.command = [
            *kubectl,
            "logs",
            "--follow",
            "--namespace",
            namespace,
            pod,
            *(["-c", container] if container else []),
        ]
        self.patterns = {name: re.compile(pattern) for name, pattern in patterns.items()}
        self.found, self.stopped = found, threading.Event()

    def run(self):
        gone = False
        while not gone and not self.stopped.is_set():
            with subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
                for line in process.stdout:
                    gone = line.startswith("Error from server (NotFound)")
                    for name, pattern in self.patterns.items():
                        self.found[name].update(int(number) for number in pattern.findall(line))
            # A container that is yet to start, or to start again, has no log: ask again.
            time.sleep(0.3)


class Receipts(threading.Thread):
    """Follows every pod of the receiver, also those that come later."""

    def __init__(self, kubectl, namespace, patterns):
        super().__init__(daemon=True)
        self.kubectl, self.namespace, self.patterns = kubectl, namespace, patterns
        self.numbers, self.followers, self.stopped = {name: set() for name in patterns}, {}, threading.Event()

    def run(self):
        while not self.stopped.is_set():
            command = [*self.kubectl, "get", "pods", "--namespace", self.namespace, "-l", RECEIVERS, "-o", "json"]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            for pod in json.loads(answer.stdout)["items"] if answer.returncode == 0 else []:
                name = pod["metadata"]["name"]
                if name not in self.followers:
                    self.followers[name] = Follower(self.kubectl, self.namespace, name, self.patterns, self.numbers)
                    self.followers[name].start()
            time.sleep(0.5)

    def stop(self):
        self.stopped.set()
        for follower in self.followers.values():
            follower.stopped.set()


def pod(image, marker, pause):
    shell = {"image": image, "command": ["/bin/sh", "-c"]}
    new = {"name": POD, **shell, "args": [LOOP.format(marker=marker, pause=pause)]}
    runs = {"name": RUNS, **shell, "args": [RUNNING.format(marker=marker)], "stdin": True}
    spec = {"containers": [new, runs], "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD, "namespace": NAMESPACE}, "spec": spec}
