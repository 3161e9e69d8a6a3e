"""SIGKILL at moments spread over site.yml, and of the node: the next run ends with the whole proof, without a step by hand.

CONVERGENCE_MOMENTS (30) and CONVERGENCE_NODE_MOMENTS (5) say how many; PIPELINE_INPUTS names a profile of its own.
"""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from live.lab_cluster import CONTEXT

from . import site

MOMENTS = int(os.environ.get("CONVERGENCE_MOMENTS", "30"))
NODE_MOMENTS = int(os.environ.get("CONVERGENCE_NODE_MOMENTS", "5"))


@pytest.fixture(scope="module")
def whole():
    """Seconds of a run from nothing: until the cluster stood, and in all; and of one on the cluster, from there to its end."""
    until_cluster, seconds = timed(cluster=True)
    on_the_cluster, again = timed(cluster=False)
    print(f"\nfrom nothing: cluster after {until_cluster:.0f} s, proof after {seconds:.0f} s")
    yield until_cluster, seconds, again - on_the_cluster
    site.remove(cluster=True)


def timed(cluster):
    """Seconds of a run, until it was on the cluster and in all."""
    site.remove(cluster=cluster)
    run = site.Run()
    code, seconds, text = run.end()
    assert code == 0, text[-3000:]
    return run.second_of(site.ON_THE_CLUSTER), seconds


def begin_at(second, whole):
    """A run, and the second at which it is where a run from nothing is at this one."""
    until_cluster, seconds, rest = whole
    early = second < until_cluster
    site.remove(cluster=early)
    if early:
        return site.Run(), second
    # The cluster is kept: its part of the run has its own moments, and the rest comes sooner.
    run = site.Run()
    while not any(site.ON_THE_CLUSTER in line for _second, line in run.lines):
        time.sleep(0.1)
    part = (second - until_cluster) / (seconds - until_cluster)
    return run, run.second_of(site.ON_THE_CLUSTER) + part * rest


@pytest.mark.parametrize("moment", range(1, MOMENTS + 1))
def test_killed_run(moment, whole):
    at = whole[1] * moment / (MOMENTS + 1)
    # Orphans that go on, and everything gone at once, in turn.
    all_of_it = moment % 2 == 0
    for _attempt in range(3):
        run, second = begin_at(at, whole)
        task = run.kill_at(second, all_of_it)
        if task:
            break
        # No two runs are equally quick, and one that is over proves nothing.
        at *= 0.97
    assert task
    # What is half made can be asked, too, and what is said holds unless an orphan is still at work.
    announced = site.checked() if moment % 3 == 0 else None
    seconds = site.proven(announced if all_of_it else None)
    print(f"\n{'all' if all_of_it else 'group'} killed after {second:.0f} s in {task}; proof after {seconds:.0f} s")


@pytest.mark.parametrize("moment", range(1, NODE_MOMENTS + 1))
def test_killed_node(moment, whole):
    run, second = begin_at(whole[1] * moment / (NODE_MOMENTS + 1), whole)
    time.sleep(max(0.0, second - (time.monotonic() - run.begun)))
    killed = subprocess.run(["docker", "kill", CONTEXT], capture_output=True, check=False)
    code, seconds, _text = run.end()
    again = site.proven()
    print(
        f"\nnode {'killed' if killed.returncode == 0 else 'not there'} after {second:.0f} s; "
        f"the run ended with {code} after {seconds:.0f} s, proof after {again:.0f} s"
    )
