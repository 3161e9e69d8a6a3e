# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types of templated values: the same under each ansible-core, with and without jinja2_native (make matrix runs these)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.older_templating import typed_value
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.plain import plain
from trusted import load

VALUES = """
number: 3
version: "1.10"
nothing: null
unsafe: !unsafe "{{ number }}"
map: {flag: "{{ number > 2 }}", version: "{{ version }}"}
"""
# A template, its value in YAML.
CASES = {
    "{{ number }}": 3,
    "{{ version }}": "1.10",
    "{{ version | string }}": "1.10",
    "{{ number | string }}": "3",
    "{{ '1e3' }}": "1e3",
    "{{ '[1, 2]' }}": "[1, 2]",
    "{{ \"{'a': 1}\" }}": "{'a': 1}",
    "{{ 'True' }}": "True",
    "{{ number > 2 }}": True,
    "{{ nothing }}": None,
    "{{ '' }}": "",
    "a{{ nothing }}b": "ab",
    "{{ number }}{{ number }}": "33",
    "{{ number }} ": "3 ",
    "{{ [number, version, nothing] }}": [3, "1.10", None],
    "{{ map }}": {"flag": True, "version": "1.10"},
    "{{ map | combine({'more': number}) }}": {"flag": True, "version": "1.10", "more": 3},
    "{{ [2, 1] | map('string') }}": ["2", "1"],
    "{% if number > 2 %}{{ version }}{% endif %}": "1.10",
    "{{ lookup('ansible.builtin.vars', 'map') }}": {"flag": True, "version": "1.10"},
    "{{ lookup('ansible.builtin.vars', 'version') }}": "1.10",
    "{{ query('ansible.builtin.vars', 'number', 'version') }}": [3, "1.10"],
    "{{ lookup('ansible.builtin.template', 'text.j2') }}": "1.10 null true\n",
}


def computed(folder, text):
    loader = DataLoader()
    template = "{{ version }} {{ nothing | to_json }} {{ map.flag | to_json }}\n"
    (folder / "text.j2").write_text(template, encoding="utf-8")
    (folder / "values.yml").write_text(f"{VALUES}\nasked: {json.dumps(text)}\n", encoding="utf-8")
    variables = load(loader, folder / "values.yml") | {"ansible_search_path": [str(folder)]}
    return plain(typed_value(variables["asked"], Templar(loader, variables=variables), variables))


@pytest.mark.parametrize("text", CASES)
def test_a_single_expression_keeps_its_type_and_text_stays_text(tmp_path, text):
    assert repr(computed(tmp_path, text)) == repr(CASES[text])


def test_an_unsafe_string_is_no_template(tmp_path):
    assert computed(tmp_path, "{{ unsafe }}") == "{{ number }}"
    assert computed(tmp_path, "{{ {'a': unsafe} }}") == {"a": "{{ number }}"}


@pytest.mark.parametrize("native", ["false", "true"])
def test_arguments_of_a_task_and_of_module_defaults_keep_their_types(tmp_path, native):
    module = "runtime_security.kubernetes.k8s_objects"
    task = {
        module: {
            "objects": [
                {
                    "kind": "{{ version }}",
                    "number": "{{ number }}",
                    "omitted": "{{ omit }}",
                    "item": "{{ item }}",
                    "map": "{{ map }}",
                    "hidden": "{{ hidden }}",
                }
            ],
            "owner": "{{ omit }}",
        },
        "loop": [1],
    }
    block = {
        "block": [task],
        "module_defaults": {
            "group/runtime_security.kubernetes.cluster": {
                "kubeconfig": "/nonexistent",
                "context": "{{ version }}",
                "host": "{{ omit }}",
            }
        },
    }
    secret = VaultLib([("default", VaultSecret(b"word"))]).encrypt("1.10").decode().replace("\n", "\n  ")
    (tmp_path / "word").write_text("word", encoding="utf-8")
    (tmp_path / "values.yml").write_text(f"{VALUES}hidden: !vault |\n  {secret}\n", encoding="utf-8")
    play = [{"hosts": "one", "gather_facts": False, "vars_files": ["values.yml"], "tasks": [block]}]
    (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    given = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    said = subprocess.run(
        [
            "ansible-playbook",
            "-vvv",
            "-i",
            "one,",
            "--vault-password-file",
            tmp_path / "word",
            "-e",
            json.dumps(given),
            tmp_path / "play.yml",
        ],
        env=os.environ
        | {"ANSIBLE_JINJA2_NATIVE": native, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert "item=1" in said, said
    result = json.JSONDecoder().raw_decode(said, said.index("{", said.index("(item=1) =>")))[0]
    arguments = result["invocation"]["module_args"]
    assert arguments["objects"] == [
        {"kind": "1.10", "number": 3, "item": 1, "map": {"flag": True, "version": "1.10"}, "hidden": "1.10"}
    ]
    assert arguments["context"] == "1.10"
