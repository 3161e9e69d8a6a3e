"""A pod that causes numbered security events at a steady pace, and the reading of where they arrive."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time

NAMESPACE = "rotation-test"
POD = "stream"
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


class Follower(threading.Thread):
    """Reads a pod's log to its end and keeps the numbers in it."""

    def __init__(self, kubectl, namespace, pod, pattern, found):
        super().__init__(daemon=True)
        self.command = [*kubectl, "logs", "--follow", "--namespace", namespace, pod]
        self.pattern, self.found, self.stopped = re.compile(pattern), found, threading.Event()

    def run(self):
        while not self.stopped.is_set():
            # A container that is yet to start has no log: ask again.
            with subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ) as process:
                lines = 0
                for line in process.stdout:
                    lines += 1
                    self.found.update(int(number) for number in self.pattern.findall(line))
            if lines:
                return
            time.sleep(0.3)


class Receipts(threading.Thread):
    """Follows every pod of the receiver, also those that come later."""

    def __init__(self, kubectl, namespace, pattern):
        super().__init__(daemon=True)
        self.kubectl, self.namespace, self.pattern = kubectl, namespace, pattern
        self.numbers, self.followers, self.stopped = set(), {}, threading.Event()

    def run(self):
        while not self.stopped.is_set():
            command = [*self.kubectl, "get", "pods", "--namespace", self.namespace, "-l", RECEIVERS, "-o", "json"]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            for pod in json.loads(answer.stdout)["items"] if answer.returncode == 0 else []:
                name = pod["metadata"]["name"]
                if name not in self.followers:
                    self.followers[name] = Follower(self.kubectl, self.namespace, name, self.pattern, self.numbers)
                    self.followers[name].start()
            time.sleep(0.5)

    def stop(self):
        self.stopped.set()
        for follower in self.followers.values():
            follower.stopped.set()


def pod(image, marker, pause):
    container = {"name": POD, "image": image, "command": ["/bin/sh", "-c", LOOP.format(marker=marker, pause=pause)]}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD, "namespace": NAMESPACE}, "spec": spec}
