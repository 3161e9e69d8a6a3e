# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts of a folder are kept and rendered; tests/playbooks/supply has repositories."""

from __future__ import annotations

import hashlib
import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import charts
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

HELM = """#!/bin/sh
case "$*" in *broken*) echo 'Error: cannot take planted-word' >&2; exit 1 ;; esac
cat >/dev/null
echo "{kind: Pod, spec: {containers: [{image: \\"$2:1\\"}, {image: \\"shared:1\\"}]}}"
"""


@pytest.fixture
def keep(tmp_path):
    """Runs the work of helm_charts for archives of these contents, by name."""
    program = tmp_path / "helm"
    program.write_text(HELM)
    program.chmod(0o755)

    def run(contents, check=False, values=None, **options):
        for name, content in contents.items():
            (tmp_path / f"{name}.tgz").write_text(content)
        given = {
            "releases": [
                {"name": name, "chart": str(tmp_path / f"{name}.tgz"), "values": values or {}} for name in contents
            ],
            "folder": str(tmp_path / "kept"),
            "binary_path": str(program),
        }
        checked = ArgumentSpecValidator(charts.ARGUMENTS).validate(given | options)
        assert checked.error_messages == []
        return charts.run(checked.validated_parameters, Mode(check))

    return run


def test_archives_are_kept_and_their_images_listed(keep, tmp_path):
    result = keep({"one": "1", "two": "2"})
    assert result["changed"] and [one["name"] for one in result["charts"]] == ["one", "two"]
    assert [one["images"] for one in result["charts"]] == [["one:1", "shared:1"], ["shared:1", "two:1"]]
    assert result["images"] == ["one:1", "shared:1", "two:1"]
    assert (tmp_path / "kept" / "one.tgz").read_text() == "1"
    assert keep({"one": "1", "two": "2"})["changed"] is False
    again = keep({"one": "new", "two": "2"})
    path = str(tmp_path / "kept" / "one.tgz")
    assert again["diff"] == {
        "before": {path: hashlib.sha256(b"1").hexdigest()},
        "after": {path: hashlib.sha256(b"new").hexdigest()},
    }


def test_another_content_than_was_pinned_is_refused(keep, tmp_path):
    checksums = keep({"one": "1"})["checksums"]
    assert checksums == {"one ": hashlib.sha256(b"1").hexdigest()}
    with pytest.raises(WorkError, match=r"Release one: chart .* cannot be had .* checksums says"):
        keep({"one": "1"}, checksums={"one ": "0" * 64})
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["one.tgz"]


def test_check_mode_keeps_nothing(keep, tmp_path):
    assert keep({"one": "1"}, check=True)["changed"] and not (tmp_path / "kept").exists()


def test_a_chart_that_cannot_be_rendered_is_named_without_its_values(keep):
    values = {"secret": "planted-word"}
    with pytest.raises(WorkError, match=r"Release broken: Helm cannot render .* Fix: correct the chart") as caught:
        keep({"broken": "1"}, values=values)
    assert "planted" not in str(caught.value)
    assert "planted" not in json.dumps(charts.masked({"releases": [{"name": "a", "values": values}], "folder": "f"}))
