# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what is deployed is what is asked for."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.comparison import (
    changed_paths,
    decoded_record,
    value_paths,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Content, Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.request import requests
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

VALUES = {"replicas": 1, "share": 0.5, "big": 1000000.0, "empty": {}, "none": None, "list": [{"a": "1"}], "text": "1"}


def asked(**changes):
    (request,) = requests([{"name": "loki", "chart": "loki", "version": "7.1.0", "values": VALUES} | changes])
    return request


def outdated(request, paths=None, status="deployed", name="loki", version="7.1.0", **changes):
    # As Helm stores it: JSON, in which a whole number has no fraction.
    values = json.loads(json.dumps(VALUES | {"big": 1000000} | changes))
    content = Content(name, version, values, "")
    return request.outdated(Found("loki", Owner.MANAGED, True, paths, 1, status, 1, 0, content))


@pytest.mark.parametrize("chart", ["loki", "oci://registry.example/charts/loki"])
def test_what_is_deployed_as_asked_is_not_outdated(chart):
    assert not outdated(asked(chart=chart))


@pytest.mark.parametrize(
    "there",
    [
        {"version": "7.0.0"},
        {"name": "loki-stack"},
        {"replicas": 2},
        {"text": 1},
        {"added": True},
        {"status": "failed"},
        {"status": "pending-upgrade"},
    ],
)
def test_what_differs_is_outdated(there):
    assert outdated(asked(), **there)


def test_what_others_set_is_no_difference_and_what_is_withdrawn_is():
    """Values of a release that was taken over, or set by hand: only those at our paths count."""
    ours = value_paths(VALUES)
    assert not outdated(asked(), ours, theirs={"a": 1})
    assert outdated(asked(), [*ours, "/withdrawn"], withdrawn=1)
    assert outdated(asked(), ours, theirs=1, replicas=2)
    assert outdated(asked(values=VALUES | {"added": {"a": 1}}), ours)


@pytest.mark.parametrize("owner", [Owner.NOBODY, Owner.FOREIGN, Owner.HIDDEN])
def test_what_is_not_managed_is_outdated(owner):
    assert asked().outdated(Found("loki", owner, content=Content("loki", "7.1.0", VALUES, ""), status="deployed"))


def test_local_charts_say_what_they_are(tmp_path):
    text = b"apiVersion: v2\nname: loki\nversion: 7.1.0\n"
    (tmp_path / "loki").mkdir()
    (tmp_path / "loki" / "Chart.yaml").write_bytes(text)
    with tarfile.open(tmp_path / "loki.tgz", "w:gz") as archive:
        # A chart within the chart has one too.
        for name, content in (
            ("loki/charts/minio/Chart.yaml", b"name: minio\nversion: 1.0.0"),
            ("loki/Chart.yaml", text),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    for chart in (tmp_path / "loki", tmp_path / "loki.tgz"):
        assert not outdated(asked(chart=str(chart), version="9.9.9"))
        assert outdated(asked(chart=str(chart)), version="7.0.0")


def test_a_chart_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "loki.tgz").write_bytes(b"no archive")
    with pytest.raises(WorkError, match=r"Release loki: The chart '.*/loki\.tgz' cannot be read"):
        asked(chart=str(tmp_path / "loki.tgz"))


def test_a_record_of_helm_is_decoded():
    record = {"info": {"status": "deployed"}, "config": {"a": 1}}
    assert (
        decoded_record(base64.b64encode(base64.b64encode(gzip.compress(json.dumps(record).encode()))).decode())
        == record
    )


def test_changed_paths():
    assert changed_paths({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1.0, "c": 3}, "e": {}}) == ["a.c", "d", "e"]
