# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.filter.helm_releases_due import helm_releases_due
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import (
    decoded_record,
    digest_of,
    value_paths,
)

VALUES = {"replicas": 1, "share": 0.5, "big": 1000000.0, "empty": {}, "none": None, "list": [{"a": "1"}], "text": "1"}


def record(status="deployed", **changes):
    """As Helm stores it: JSON, in which a whole number has no fraction."""
    metadata = {"name": "loki", "version": "7.1.0"} | {
        key: changes.pop(key) for key in ("name", "version") if key in changes
    }
    config = json.loads(json.dumps(VALUES | {"big": 1000000} | changes))
    release = {"info": {"status": status}, "chart": {"metadata": metadata}, "config": config}
    return base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()


def asked(**changes):
    return {"name": "loki", "chart": "loki", "version": "7.1.0", "values": VALUES} | changes


def due(release, paths=None, **there):
    deployed = {"monitoring/loki": digest_of(decoded_record(record(**there)), paths)}
    return helm_releases_due([release], deployed, "monitoring") != []


@pytest.mark.parametrize("chart", ["loki", "oci://registry.example/charts/loki"])
def test_what_is_deployed_as_asked_is_not_due(chart):
    assert not due(asked(chart=chart))


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
def test_what_differs_is_due(there):
    assert due(asked(), **there)


def test_what_others_set_is_no_drift_and_what_is_withdrawn_is():
    """Values of a release that was taken over, or set by hand: only those at our paths count."""
    ours = value_paths(VALUES)
    assert not due(asked(), ours, theirs={"a": 1})
    assert due(asked(), [*ours, "/withdrawn"], withdrawn=1)
    assert due(asked(), ours, theirs=1, replicas=2)
    assert due(asked(values=VALUES | {"added": {"a": 1}}), ours)


def test_what_is_in_another_namespace_is_due():
    deployed = {"monitoring/loki": digest_of(decoded_record(record()))}
    assert helm_releases_due([asked()], deployed, "logs") == [asked()]
    assert helm_releases_due([asked()], {}, "monitoring") == [asked()]


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
        assert not due(asked(chart=str(chart), version="9.9.9"))
        assert due(asked(chart=str(chart)), version="7.0.0")


def test_a_chart_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "loki.tgz").write_bytes(b"no archive")
    with pytest.raises(AnsibleFilterError, match=r"Release loki: The chart '.*/loki\.tgz' cannot be read"):
        helm_releases_due([asked(chart=str(tmp_path / "loki.tgz"))], {}, "monitoring")
