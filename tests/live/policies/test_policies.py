# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With the network policies enforced: who reaches which port, and whether the pipeline still works.

It runs site.yml with TLS and the continuous proof, and leaves them on.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import yaml

from live.alerts.stack import wait
from live.lab_cluster import FALCO, kubectl, playbook

from . import engine, ports

METRICS, PROVER = "monitoring", "continuous-proof"
OURS = (METRICS, FALCO, PROVER)
FROM = {"elsewhere": engine.NAMESPACE, "Prometheus' namespace": METRICS, "Falco's namespace": FALCO}
# From which namespaces a port may be reached that a policy of ours closes. Falco itself reaches 2801 as a pod with its labels.
CLOSED = {
    ("falco", 8765): {METRICS},
    ("falcosidekick", 2801): set(),
    ("falcosidekick", 2810): {METRICS},
    ("loki", 3101): {METRICS},
    ("loki", 9095): set(),
    ("continuous-proof", 9798): {METRICS},
    ("opentelemetry-collector", 8888): {METRICS},
    ("opentelemetry-collector", 13133): {METRICS},
}
INTERVAL = 30


@pytest.fixture(scope="module")
def images():
    bundle = yaml.safe_load(Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).read_text(encoding="utf-8"))
    return bundle["pipeline_proof_image"], bundle["ebpf_readiness_image"]


@pytest.fixture(scope="module")
def enforced(images):
    """The pipeline with TLS and the continuous proof, a probe in each namespace, and the engine."""
    code, text = playbook("site.yml")
    assert code == 0, text[-3000:]
    shell, python = images
    with engine.running(shell):
        try:
            for namespace in FROM.values():
                ports.start_probe(namespace, python)
            yield ports.listening(OURS)
        finally:
            for namespace in FROM.values():
                kubectl("delete", "pod", "--namespace", namespace, ports.PROBE, "--ignore-not-found")


def test_closed_ports_are_reached_from_where_they_may_and_nowhere_else(enforced):
    with engine.steered():
        seen = {name: ports.look(namespace, enforced) for name, namespace in FROM.items()}
    form = "{:<18} {:<20} {:>5}  {:<22} {:<22} {:<22}"
    print("\n" + form.format("namespace", "pod", "port", *FROM))
    for number, port in enumerate(enforced):
        print(form.format(port.namespace, port.app, port.number, *(answers[number] for answers in seen.values())))
    wrong = [
        f"{port.app} {port.number} from {name}: {seen[name][number]}"
        for number, port in enumerate(enforced)
        for name, namespace in FROM.items()
        if (port.app, port.number) in CLOSED
        and (seen[name][number] == "no answer") == (namespace in CLOSED[port.app, port.number])
    ]
    assert not wrong
    assert {(port.app, port.number) for port in enforced} >= set(CLOSED)


def test_what_is_open_to_all_has_tls(enforced):
    with engine.steered():
        answers = ports.look(engine.NAMESPACE, enforced)
    open_to_all = {
        (port.app, port.number): answer for port, answer in zip(enforced, answers, strict=True) if answer != "no answer"
    }
    # Grafana asks for a login.
    assert open_to_all == {
        ("loki", 3443): "asks for a certificate",
        ("prometheus", 9090): "asks for a certificate",
        ("grafana", 3000): "TLS",
    }


def test_without_the_engine_the_same_ports_answer(enforced):
    """Otherwise the tests above would see no listener, or no way to it."""
    closed = [port for port in enforced if (port.app, port.number) in CLOSED]
    assert [answer for answer in ports.look(engine.NAMESPACE, closed) if answer == "no answer"] == []


def test_the_pipeline_works_with_its_policies(enforced):
    with engine.steered():
        begun = time.time()
        code, text = playbook("playbooks/verify.yml")
        assert code == 0, text[-3000:]

        def rounds():
            log = kubectl("logs", "--namespace", PROVER, f"deployment/{PROVER}", f"--since={int(time.time() - begun)}s")
            # The first of them may have begun before.
            return [json.loads(line) for line in log.splitlines()][1:]

        proven = wait(
            "two rounds of the continuous proof", lambda: rounds() if len(rounds()) > 1 else None, 4 * INTERVAL
        )
    print(f"\ncontinuous proof: {proven}")
    assert all(one.get("proven") == one.get("of") for one in proven), proven
