# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a pod as they are in a Loki that runs: whole, once, and under few labels."""

from __future__ import annotations

import time
import uuid

import pytest

from .cluster import wait_for

# `service_name` is Loki's own, the same as `app`.
LABELS = {"namespace", "pod", "container", "app", "node_name", "job", "stream", "service_name"}
LONG = 40000
SCRIPT = f"""
echo first
echo to the other stream >&2
echo '{{"log":"json","stream":"mine"}}'
line=x; while [ ${{#line}} -lt {LONG} ]; do line=$line$line; done
# A runtime writes the streams side by side: what is printed to one may stand between the parts of a long line of the other.
sleep 1
echo $line
sleep 3600
"""


@pytest.fixture(scope="module")
def streams(cluster, inputs):
    """What Loki has of a pod, as stream label -> (labels, lines)."""
    name = f"lines-{uuid.uuid4().hex[:8]}"
    container = {"name": "writer", "image": inputs["image"], "command": ["/bin/sh", "-c", SCRIPT]}
    container["imagePullPolicy"] = "IfNotPresent"
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    start = int(time.time()) - 5
    pod = {"metadata": {"name": name, "labels": {"app": "lines"}}, "spec": spec}
    cluster.core.create_namespaced_pod(cluster.namespace, pod)

    def found():
        query = f'{{namespace="{cluster.namespace}", pod="{name}"}}'
        answer = cluster.loki("query_range", query=query, start=start, limit=100, direction="forward")
        result = {
            s["stream"]["stream"]: (s["stream"], [line for _t, line in s["values"]]) for s in answer["data"]["result"]
        }
        return result if sum(len(lines) for _labels, lines in result.values()) >= 4 else None

    try:
        yield wait_for("the pod's lines in Loki", found, 60)
    finally:
        cluster.core.delete_namespaced_pod(name, cluster.namespace, grace_period_seconds=0)


def test_lines_arrive_whole(streams):
    _labels, out = streams["stdout"]
    assert [line[:30] for line in out] == ["first", '{"log":"json","stream":"mine"}', "x" * 30]
    assert len(out[2]) >= LONG
    assert streams["stderr"][1] == ["to the other stream"]


def test_labels_of_a_line(cluster, streams):
    labels, _lines = streams["stdout"]
    node = cluster.core.list_node().items[0].metadata.name
    expected = {"namespace": cluster.namespace, "container": "writer", "app": "lines", "node_name": node}
    expected |= {"job": f"{cluster.namespace}/lines", "stream": "stdout"}
    assert expected.items() <= labels.items()


def test_no_other_label_is_in_loki(cluster, streams):
    assert set(cluster.loki("labels")["data"]) == LABELS
