"""Two installations in two namespaces run side by side on one cluster, and the removal of one leaves the other alone."""

from __future__ import annotations

import pytest

from .objects import added, changed, snapshot

FIRST = {}
SECOND = {
    "runtime_security_namespace": "second",
    "falco_ebpf_namespace": "second-falco",
    "grafana_wiring_falco_namespace": "second-falco",
    "metrics_stack_grafana_node_port": 30301,
}
COMMON = {
    "runtime_security_cluster": "existing",
    "falco_ebpf_readiness": "machine",
    "metrics_stack_prometheus_scrape_interval": "5s",
    "metrics_stack_grafana_persistence": False,
}


@pytest.fixture(scope="module")
def site(repository):
    def run(name, *options, **inputs):
        connection = {"runtime_security_kubeconfig": repository.kubeconfig, "runtime_security_context": "production"}
        return repository.play_collection(name, *options, **COMMON, **connection, **inputs)

    return run


@pytest.fixture(scope="module")
def before(repository):
    return snapshot()


@pytest.fixture(scope="module")
def both(site, before):
    for inputs in (FIRST, SECOND):
        code, text = site("site", **inputs)
        assert code == 0, text[-6000:]


def test_a_port_that_the_first_one_has_is_refused(site, before):
    code, text = site("site", **FIRST)
    assert code == 0, text[-6000:]
    code, text = site("site", "--tags=metrics_stack", **SECOND | {"metrics_stack_grafana_node_port": 30300})
    said = " ".join(text.split())
    assert code != 0
    assert (
        "Service monitoring/grafana has that port on the nodes already (30300). Expected a free one. Nothing was changed."
        in said
    )


def test_the_first_one_still_works_beside_the_second(site, both):
    code, text = site("verify", **FIRST)
    assert code == 0, text[-6000:]


def test_what_a_cluster_bears_once_is_refused_and_names_the_other(site, both):
    inputs = {"metrics_stack_grafana_sidecars": True, "metrics_stack_prometheus_mode": "operator"}
    code, text = site("site", "--tags=metrics_stack", **SECOND | inputs)
    said = " ".join(text.split())
    assert code != 0
    for name in ("prometheus", "grafana"):
        assert f"Release {name} of this collection exists in namespace monitoring already" in said


def test_the_removal_of_the_second_leaves_the_first(site, before, both):
    there = snapshot()
    code, text = site("teardown", runtime_security_teardown=True, **SECOND)
    assert code == 0, text[-6000:]
    now = snapshot()
    left = {name: item for name, item in there.items() if name in now}
    assert [name for name in now if "second" in name] == []
    assert [name for name in changed(left, now) if " monitoring/" in name or " falco/" in name] == []
    assert [name for name in there if " monitoring/" in name or " falco/" in name if name not in now] == []


def test_the_removal_of_the_first_leaves_nothing(site, before, both):
    code, text = site("teardown", runtime_security_teardown=True, **FIRST)
    assert code == 0, text[-6000:]
    now = snapshot()
    assert (changed(before, now), [name for name in added(before, now) if "PersistentVolume" not in name]) == ([], [])
