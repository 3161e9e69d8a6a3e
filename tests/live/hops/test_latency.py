# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS costs a log line on its way to Grafana; and without TLS the words are seen that the other tests look for."""

from __future__ import annotations

import os
import statistics
import time

from live.lab_cluster import succeeded
from live.loki.stream import Stream
from live.rotation.events import caused
from live.tls.questions import Questions

from .clear import watched, words
from .latency import measured, row

# The agent reads its files once a second, so lines need 0.1 to 1.1 s: the medians of fewer lines differ by 10 % by chance.
LINES = int(os.environ.get("HOPS_LATENCY_LINES", "150"))
# Times as long as without TLS.
MOST = 1.1


def test_tls_costs_a_line_next_to_nothing(folder, image, cluster):
    secured = measured(image, LINES)
    succeeded("site.yml", runtime_security_tls=False)
    plain = measured(image, LINES)
    ratio = statistics.median(secured) / statistics.median(plain)
    print(
        f"\n{row('with TLS', secured)}\n{row('without TLS', plain)}\nratio of the medians {ratio:.2f}, load {os.getloadavg()}"
    )
    assert ratio <= MOST


def test_without_tls_the_same_words_are_seen(folder, image, cluster):
    """Else the other tests would look in the wrong place, or for the wrong words."""
    succeeded("site.yml", runtime_security_tls=False)
    with (
        watched(folder / "plain") as wire,
        Questions(),
        Stream(cluster, image, 200, 10) as stream,
        caused(image, 0.5) as events,
    ):
        succeeded("site.yml", runtime_security_tls=False)
        stream.arrived()
        time.sleep(5)
    print(f"\n{wire.table()}")
    seen = {name: dict(ports) for name, ports in wire.seen(words(events.marker)).items() if ports}
    print(f"seen in clear, by port: {seen}")
    assert set(seen) == set(words(events.marker))
