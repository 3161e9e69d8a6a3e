# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each line of docs/values.md, as Ansible's loader and Helm itself read it."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.comparison import plain
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_values import (
    UnreadableValue,
    helm_values,
    scalar,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import yaml_source
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.inputs import is_free
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.yaml_source import Sources
from trusted import load

TOP = Path(__file__).parents[4]
PAGE = (TOP / "docs" / "values.md").read_text(encoding="utf-8")
# text, what Helm reads as JSON in `` or in words, "same" or "refused"
LINES = re.findall(r"^\| `(.+?)` \| [^|]+ \| ([^|]+) \| (same|refused) \|$", PAGE, re.MULTILINE)


@pytest.fixture
def read(tmp_path):
    """The value of a YAML text in a file, and where Ansible and Helm differ in it."""

    def _read(text):
        file = tmp_path / "values.yml"
        file.write_text(f"v: {text}\n", encoding="utf-8")
        loader = DataLoader()
        value = load(loader, file)["v"]
        return value, list(Sources(yaml_source.reader_of(loader)).misread(value))

    return _read


def by_helm(text, folder):
    """What Helm prints for a text, or None where it fails."""
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text("{apiVersion: v2, name: tiny, version: 0.1.0}", encoding="utf-8")
    (folder / "templates" / "a.yaml").write_text("v: {{ .Values.v | toJson | quote }}", encoding="utf-8")
    done = subprocess.run(
        [os.environ["HELM"], "template", "tiny", folder, "--values", "-"],
        input=f"v: {text}\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    return json.loads(yaml.safe_load(done.stdout)["v"]) if done.returncode == 0 else None


UNTOLD = "this ansible-core does not tell where a value was written"
told = pytest.mark.skipif(yaml_source.Origin is None, reason=UNTOLD)


def test_the_page_has_all_lines():
    assert len(LINES) == len(re.findall(r"\| (?:same|refused) \|$", PAGE, re.MULTILINE)) > 40


@pytest.mark.parametrize(("text", "reads", "here"), LINES, ids=[line[0] for line in LINES])
def test_is_read_as_helm_reads_it_or_refused(read, text, reads, here):
    value, differences = read(text)
    try:
        known = plain(helm_values(value))
    except UnreadableValue as error:
        differences.append(error)
    if here == "refused":
        if yaml_source.Origin is None and not differences:
            pytest.skip(UNTOLD)
        assert differences
        assert all(odd.expected and odd.fix for odd in differences)
    else:
        assert differences == []
        assert known == json.loads(reads.strip("`"))


@pytest.mark.skipif("HELM" not in os.environ, reason="$HELM names no Helm")
@pytest.mark.parametrize(("text", "reads"), [line[:2] for line in LINES], ids=[line[0] for line in LINES])
def test_helm_reads_what_the_page_says(tmp_path, text, reads):
    said = by_helm(text, tmp_path)
    if reads.startswith("`"):
        assert said == json.loads(reads.strip("`"))
    else:
        assert (said is None) is (reads == "an error")


def test_the_page_names_every_input_that_takes_yaml():
    free = {
        name
        for file in TOP.glob("roles/*/meta/argument_specs.yml")
        for name, option in yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]["main"][
            "options"
        ].items()
        if is_free(option)
    }
    table = PAGE.partition("## Variables")[2].partition("## Differences")[0]
    assert set(re.findall(r"`([a-z_0-9]+)`", table)) == free


@told
def test_where_it_is(read):
    value, differences = read("{a: [{b: 22:22}]}")
    assert [(odd.where, odd.value) for odd in differences] == [(".a[0].b", "22:22")]
    with pytest.raises(
        UnreadableValue, match=r"a\[0\].b: invalid value \(nan\). Expected a finite number. Fix: put it in quotes."
    ):
        helm_values({"a": [{"b": float("nan")}]})


@told
def test_columns_are_counted_in_characters(read):
    assert [odd.where for odd in read("{ä: 'ü\U0001f525', b: 22:22}")[1]] == [".b"]


@pytest.mark.parametrize("text", ['"22:22"', "'y'", "|\n  1e3\n", "!unsafe y", "!!str 08"])
def test_what_says_its_type_is_no_difference(read, text):
    assert read(text)[1] == []


def test_a_file_that_is_gone_tells_nothing(read, tmp_path):
    value, _differences = read("{a: 22:22}")

    def gone(path):
        raise FileNotFoundError(path)

    assert list(Sources(gone).misread(value)) == []


@pytest.mark.parametrize(
    ("text", "reads"),
    [("-0x1f", -31), ("0", 0), ("-0777", -511), ("+5", 5), (".5", 0.5), ("5.", 5.0), ("1e400", "1e400"), ("0b2", "0b2"), ("_1", "_1"), ("1.2.3", "1.2.3")],
)  # fmt: skip
def test_scalars(text, reads):
    assert scalar(text) == reads and isinstance(scalar(text), type(reads))


def test_a_number_is_compared_as_helm_keeps_it():
    """Go writes 2^60, a 64-bit float, as 1152921504606847000."""
    assert plain(2**60) == plain(1152921504606847000)


def test_nothing_of_ansible_is_left():
    read = helm_values({"a": (datetime.date(2024, 4, 1), b"b", None, True)})
    assert read == {"a": ["2024-04-01", "b", None, True]}
    assert [type(entry) for entry in read["a"]] == [str, str, type(None), bool]
