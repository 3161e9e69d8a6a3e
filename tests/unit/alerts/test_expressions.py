# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the comparison of Falco's and the receiver's counts says of made-up pasts: no false alarm, real loss in time."""

from __future__ import annotations

import pytest
from history import SCRAPE, History
from shipped import expression

EVERY = 10
# When the story begins: both counters have been there for long.
BEGIN = 1000
PROMISED = 120 - 15  # without the time of an evaluation and of the first scrape


@pytest.fixture
def evaluate(promtool, tmp_path):
    def verdicts(history, first, last, uid="events-lost"):
        return history.verdicts(promtool, expression(uid), range(first, last, EVERY), tmp_path)

    return verdicts


def fired(verdicts):
    return [at for at, alerts in verdicts.items() if alerts]


def stream(sensors, receivers, first, last, every=1, node="n1", delivered=lambda number: True):
    """Every sensor that is alive sees and sends each event; one of the receivers that are alive counts it."""
    for number, at in enumerate(range(first, last, every)):
        for sensor in sensors:
            if sensor.alive(at):
                sensor.count(at, 'rule_name="R"')
                there = [receiver for receiver in receivers if receiver.alive(at)]
                if there and delivered(number):
                    there[number % len(there)].count(at, f'hostname="{node}",rule="R"')


@pytest.mark.parametrize("sensor_phase", [0, 7, 14])
@pytest.mark.parametrize("receiver_phase", [1, 14])
def test_a_steady_stream_is_no_loss(evaluate, sensor_phase, receiver_phase):
    history = History()
    stream([history.sensor(phase=sensor_phase)], [history.receiver(phase=receiver_phase)], 100, 1400)
    assert fired(evaluate(history, 100, 1400)) == []


def test_the_first_event_of_all_is_no_loss(evaluate):
    history = History()
    stream([history.sensor()], [history.receiver()], BEGIN, BEGIN + 1)
    assert fired(evaluate(history, BEGIN, BEGIN + 200)) == []


def test_one_lost_event_is_seen_and_the_alarm_ends(evaluate):
    history = History()
    stream([history.sensor()], [history.receiver()], BEGIN, BEGIN + 1, delivered=lambda number: False)
    times = fired(evaluate(history, BEGIN, BEGIN + 300))
    assert times
    assert times[0] - BEGIN <= PROMISED
    assert times[-1] - BEGIN <= PROMISED


def test_a_receiver_that_loses_everything_from_some_time_on(evaluate):
    history = History()
    sensor, receiver = history.sensor(), history.receiver()
    stream([sensor], [receiver], 100, BEGIN)
    stream([sensor], [receiver], BEGIN, BEGIN + 300, delivered=lambda number: False)
    times = fired(evaluate(history, 100, BEGIN + 300))
    assert BEGIN < times[0] <= BEGIN + PROMISED
    # And as long as it lasts.
    assert times[-1] == BEGIN + 290


def test_a_receiver_that_is_gone(evaluate):
    history = History()
    stream([history.sensor()], [history.receiver(last=BEGIN)], 100, BEGIN + 300)
    times = fired(evaluate(history, 100, BEGIN + 300))
    assert BEGIN < times[0] <= BEGIN + PROMISED


def test_a_new_receiver_that_lets_nothing_in(evaluate):
    """As with a wrong certificate: a new pod replaces the old one and is scraped, but counts nothing."""
    history = History()
    sensor, old = history.sensor(), history.receiver(last=BEGIN + 2)
    history.receiver(pod="2", phase=4, first=BEGIN)
    stream([sensor], [old], 100, BEGIN + 300)
    times = fired(evaluate(history, 100, BEGIN + 300))
    assert BEGIN < times[0] <= BEGIN + PROMISED


@pytest.mark.parametrize(("gap", "last"), [(-3, 0), (0, 10), (4, 24)])
def test_a_rollout_of_the_receiver_is_no_loss(evaluate, gap, last):
    """The last counts of the old pod are never scraped; with a gap events are lost, but nobody can tell them apart."""
    history = History()
    old, new = history.receiver(last=BEGIN + last), history.receiver(pod="2", phase=6, first=BEGIN + last + gap)
    stream([history.sensor()], [old, new], 100, BEGIN + 400)
    assert fired(evaluate(history, BEGIN, BEGIN + 400)) == []


def test_a_restart_of_the_receiver_in_its_pod_is_no_loss(evaluate):
    history = History()
    sensor, receiver = history.sensor(), history.receiver()
    receiver.restarts = [BEGIN]
    stream([sensor], [receiver], 100, BEGIN + 300)
    assert fired(evaluate(history, 100, BEGIN + 300)) == []


def test_a_restart_of_the_receiver_before_a_silence_is_no_loss(evaluate):
    history = History()
    sensor, receiver = history.sensor(), history.receiver()
    receiver.restarts = [BEGIN]
    stream([sensor], [receiver], 100, BEGIN - 1)
    assert fired(evaluate(history, 100, BEGIN + 300)) == []


@pytest.mark.parametrize("overlap", [5, 40])
def test_two_sensors_during_a_rollout_are_no_loss(evaluate, overlap):
    history = History()
    old, new = history.sensor(last=BEGIN + overlap), history.sensor(pod="2", phase=9, first=BEGIN)
    stream([old, new], [history.receiver()], 100, BEGIN + 300)
    assert fired(evaluate(history, 100, BEGIN + 300)) == []


def test_a_restart_of_the_sensor_is_no_loss(evaluate):
    history = History()
    sensor = history.sensor()
    sensor.restarts = [BEGIN]
    stream([sensor], [history.receiver()], 100, BEGIN + 300)
    assert fired(evaluate(history, 100, BEGIN + 300)) == []


@pytest.mark.parametrize("uid", ["events-lost", "events-lost-slowly"])
def test_a_prometheus_that_starts_later_than_both(evaluate, uid):
    """Sensor and receiver are of different age and have counted differently before the first scrape."""
    history = History()
    sensor, receiver = history.sensor(), history.receiver()
    stream([sensor], [], 0, 20)
    stream([sensor], [receiver], 20, 1300)
    for target in history.targets:
        target.first = BEGIN
    assert fired(evaluate(history, BEGIN, 1300, uid)) == []


def test_two_receivers_share_the_events(evaluate):
    history = History()
    stream([history.sensor()], [history.receiver(), history.receiver(pod="2", phase=2)], 100, BEGIN)
    assert fired(evaluate(history, 100, BEGIN)) == []


def test_a_busy_node_does_not_hide_the_loss_of_another(evaluate):
    history = History()
    receiver = history.receiver()
    stream([history.sensor()], [receiver], 100, BEGIN + 300)
    other = history.sensor(node="n2", phase=8)
    stream([other], [receiver], 100, BEGIN, every=20, node="n2")
    stream([other], [], BEGIN, BEGIN + 300, every=20, node="n2")
    verdicts = evaluate(history, 100, BEGIN + 300)
    assert BEGIN < fired(verdicts)[0] <= BEGIN + 20 + PROMISED
    assert set(verdicts.values()) == {0, 1}


def test_a_small_part_that_is_lost_shows_later(evaluate):
    history = History()
    sensor, receiver = history.sensor(), history.receiver()
    stream([sensor], [receiver], 100, 1400)
    stream([sensor], [receiver], 1400, 2300, delivered=lambda number: number % 10)
    assert fired(evaluate(history, 1000, 2300)) == []
    times = fired(evaluate(history, 1000, 2300, "events-lost-slowly"))
    assert 1400 < times[0] <= 1400 + 900


def test_the_classic_variants_counter_serves_as_well(evaluate):
    history = History()
    receiver = history.receiver()
    receiver.metric, receiver.labels = "falco_events", receiver.labels.replace("falco-falcosidekick", "falco-exporter")
    stream([history.sensor()], [receiver], 100, BEGIN)
    stream([history.targets[1]], [], BEGIN, BEGIN + 200)
    times = fired(evaluate(history, 100, BEGIN + 200))
    assert BEGIN < times[0] <= BEGIN + PROMISED


class Drops:
    """Falco's counter of events without room in its queue: one more each second of a time, and there from the begin."""

    def __init__(self, first, last):
        self._first, self._last = first, last

    def series(self, end):
        counts = [max(0, min(at, self._last) - self._first) for at in range(end)]
        values = " ".join(str(count) if at % SCRAPE == 3 else "_" for at, count in enumerate(counts))
        return [
            {"series": 'falcosecurity_falco_outputs_queue_num_drops_total{node="n1",instance="a"}', "values": values}
        ]


def test_events_that_falco_drops_are_seen_and_the_alarm_ends(evaluate):
    history = History()
    history.targets.append(Drops(BEGIN, BEGIN + 60))
    times = fired(evaluate(history, BEGIN - 300, BEGIN + 600, "events-dropped"))
    assert BEGIN < times[0] <= BEGIN + 2 * SCRAPE
    assert BEGIN + 60 + 300 - SCRAPE <= times[-1] <= BEGIN + 60 + 300 + SCRAPE
