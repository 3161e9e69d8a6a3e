"""What containers write, read from the files of a node that is a container on this machine.

`kubectl logs --follow` may miss the last lines of a container that ends: the kubelet asks the runtime whether the container runs each time
it reaches the end of the file, and ends without reading on where the container is no longer known (waitLogs in
pkg/kubelet/kuberuntime/logs/logs.go). A file that is open stays readable after its container is removed.
"""

from __future__ import annotations

import collections
import os
import re
import threading
from pathlib import Path

from .wire import process_id_of

PERIOD = 0.2


def folder_of(node):
    """The node's folder of container logs, seen from this machine."""
    return Path("/proc", process_id_of(node), "root/var/log/pods")


def ranges(numbers):
    """Numbers in short, such as "3-5, 9"."""
    ordered = sorted(numbers)
    firsts = [number for number in ordered if number - 1 not in numbers]
    lasts = [number for number in ordered if number + 1 not in numbers]
    return ", ".join(
        str(first) if first == last else f"{first}-{last}" for first, last in zip(firsts, lasts, strict=True)
    )


class NodeLogs(threading.Thread):
    """Reads the logs of all containers of one name in a namespace, also of those that come later and of those that are removed.

    `numbers` has the numbers that each pattern found, `counts` in how many lines, `others` the lines in which none found any.
    """

    def __init__(self, folder, namespace, container, patterns):
        super().__init__(daemon=True)
        self.folder, self.glob = folder, f"{namespace}_*/{container}/*.log"
        self.patterns = {name: re.compile(pattern) for name, pattern in patterns.items()}
        self.numbers, self.others, self.files = {name: set() for name in patterns}, [], {}
        self.counts = {name: collections.Counter() for name in patterns}
        self._begun, self._stopped = {}, threading.Event()

    def run(self):
        while not self._stopped.wait(PERIOD):
            self.read()
        self.read()
        for file in self.files.values():
            file.close()

    def stop(self):
        self._stopped.set()
        self.join()

    def read(self):
        """All that is new."""
        for path in self.folder.glob(self.glob):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue  # removed since it was listed
            # A rotated log goes on in another file of the same name. The inode of an open file is not given to another one.
            if self.files.setdefault(os.fstat(file.fileno()).st_ino, file) is not file:
                file.close()
        for number, file in self.files.items():
            *lines, self._begun[number] = (self._begun.get(number, b"") + file.read()).split(b"\n")
            for line in lines:
                self._count(line.decode(errors="replace"))

    def _count(self, line):
        found = False
        for name, pattern in self.patterns.items():
            numbers = {int(number) for number in pattern.findall(line)}
            self.numbers[name].update(numbers)
            self.counts[name].update(numbers)
            found = found or bool(numbers)
        if not found:
            self.others.append(line)
