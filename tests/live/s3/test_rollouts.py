# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS switched on, with new certificates, and switched off, one replica after the other between numbered lines.

The next replica ends as soon as the port of the last one is open. The role's probe waits 30 s more, so this is worse than any rollout.
"""

from __future__ import annotations

import itertools
import threading
import time

from ..loki.cluster import wait_for
from . import configuration
from .layouts import NAMES, REPLICAS, missing
from .processes import Loki, listens, running


class Agent(threading.Thread):
    """Sends a batch each half second to any replica, again and again until one takes it."""

    def __init__(self, lokis):
        super().__init__()
        self.lokis, self.taken, self.ended, self.longest = lokis, set(), threading.Event(), 0.0

    def run(self):
        turns, last = itertools.cycle(self.lokis), time.monotonic()
        for batch in itertools.count():
            lines = [f"line {batch} {n}" for n in range(5)]
            while not next(turns).push(lines):
                if self.ended.wait(0.1):
                    return
            self.taken |= set(lines)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now
            if self.ended.wait(0.5):
                return


def test_rollouts_lose_no_acknowledged_line(tmp_path, inputs, secured, certificates, store, keys):
    plain = configuration.of_the_role(tmp_path / "plain", inputs)
    config = configuration.of_the_role(tmp_path / "chart", secured)
    lokis = [Loki(tmp_path, address) for address in REPLICAS]
    changes = {
        "switched on": (config, certificates),
        "new certificates": (config, certificates),
        "switched off": (plain, None),
    }
    with running(lokis, plain, NAMES, keys):
        agent = Agent(lokis)
        agent.start()
        try:
            for change, (wanted, tls) in changes.items():
                if change == "new certificates":
                    certificates.renew()
                began, agent.longest = time.monotonic(), 0.0
                for loki in reversed(lokis):
                    loki.stop()
                    loki.tls = tls
                    loki.start(wanted, NAMES, keys, volume="kept")
                    wait_for("the port", lambda loki=loki: listens(loki.address, 3443 if loki.tls else 3100), 60)
                wait_for("all replicas", lambda: all(loki.ask("ready")[0] == 200 for loki in lokis), 120)
                seconds = time.monotonic() - began
                print(
                    f"{change}: {seconds:.0f} s until all are ready, {agent.longest:.1f} s at most without an acknowledgement"
                )
        finally:
            agent.ended.set()
            agent.join()
        assert [missing(loki, agent.taken) for loki in lokis] == [set()] * 3
        print(f"each of {len(lokis)} replicas finds {len(agent.taken)} of {len(agent.taken)} acknowledged lines")
