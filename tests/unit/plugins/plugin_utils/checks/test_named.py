# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks as the tables of roles name them."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.modules.validate_inputs import DOCUMENTATION
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks import table
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import NAMED, named
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.table import UnknownCheck, checks_of

ROOT = Path(__file__).parents[5]
OTHERS = {
    "port": 8080,
    "days": "365",
    "other": "Prometheus",
    "password": "",
    "chart": "loki",
    "local": "./loki.tgz",
    "certificate": "a certificate",
    "key": "",
    "issuers": [{}, {"name": "two", "kind": "ClusterIssuer"}],
}
# Each check with a value that it accepts and one that it does not.
CASES = [
    ("url", "https://a.example", "a.example"),
    ("origin", "https://a.example:9000", "https://a.example/x"),
    ("base_url", "https://a.example/x", "https://a.example/x/"),
    ("base_url_or_folder", "file:///srv/x", "file:///srv/x/"),
    ({"url_with": ["id"]}, "https://a.example/{id}", "a.example/{id}"),
    ("host_name", "grafana.example.com", "Grafana.example.com"),
    ({"ca_certificate": "key"}, "", "no PEM"),
    ({"key_of": "certificate"}, "a key", ""),
    ({"certificate_issuer": ["key", "issuers"]}, {"name": "one"}, {"name": "two", "kind": "ClusterIssuer"}),
    ("chart", "oci://a/b", " "),
    ({"chart_repository": "chart"}, "https://charts.example", ""),
    ({"chart_repository": "local"}, "", None),
    ("chart_version", "1.2.3-rc.1", "^1.2.3"),
    ("folder", "/srv", ""),
    ("folder_without_colon", "~/.cache/sets", "/srv/a:b"),
    ("file", "./a.json", "./a/"),
    ("file_on_host", "/etc/hosts", "/nowhere"),
    ("bundle_path", "/srv/bundle", "srv"),
    ("image", "docker.io/library/busybox:1.37.0", "a b"),
    ("image_parts", {"tag": "1"}, {"tag": 1}),
    ("image_registries", {"docker.io": "a.example"}, {"docker.io": "https://a.example"}),
    ("image_repository", "ghcr.io/falcosecurity/rules", "https://ghcr.io/rules"),
    ("image_tag", "1.2.3", ""),
    ("kubeconfig", "~/.kube/config", {"clusters": []}),
    ("labels", {"a": "b"}, {"a": 1}),
    ("resources", {"limits": {"cpu": 1}}, {"cpu": 1}),
    ("tolerations", [{"operator": "Exists"}], [{}]),
    ("dns_label", "a", "a.b"),
    ({"dns_subdomain": "Secret"}, "a.b", "A"),
    ({"one_of": ["a", "b"]}, "a", "c"),
    ({"subset": ["a", "b"]}, ["a"], ["a", "c"]),
    ("release", "v1.2.3", "1.2.3"),
    ("tenant", "a", ".."),
    ({"title": 20}, "abc", "a" * 21),
    ({"title_unlike": ["other", 20]}, "Loki", "Prometheus"),
    ({"token": "password"}, "glsa_x", "a b"),
    ({"token": "chart"}, "", "glsa_x"),
    ("uid", "a-b", "a b"),
    ("user", "admin", "a:b"),
    ({"number": [1, 5, "pods"]}, "5", "6"),
    ({"number": [1, "days"]}, 365, 366),
    ({"number_above": ["days", 500]}, 366, 365),
    ({"number_below": [1, "days"]}, 364, 365),
    ("duration", "1d", "1"),
    ("go_duration", "1h30m", "1d"),
    ("port", 8080, 65536),
    ("node_port", 0, 80),
    ("quantity", "1Gi", "0"),
    ({"optional": "dns_label"}, "", "A"),
    ({"optional": ["dns_label", "for none"]}, None, "A"),
    ({"each": ["dns_label", "names"]}, ["a"], ["a", "A"]),
]


class Inputs(dict):
    host = "host-1"

    def is_file(self, path):
        return path == "/etc/hosts"


def problems(entry, value):
    return [found for found in (check.find(value, Inputs(OTHERS)) for check in checks_of(entry)) if found]


@pytest.mark.parametrize(("entry", "accepted", "refused"), CASES, ids=str)
def test_a_check(entry, accepted, refused):
    assert problems(entry, accepted) == []
    if refused is not None:
        (problem,) = problems(entry, refused)
        assert problem.expected and problem.what
        # What it suggests, it accepts.
        assert problem.example in ("", None) or problems(entry, problem.example) == [] or entry == "file_on_host"


def test_each_check_is_tried():
    names = {entry if isinstance(entry, str) else next(iter(entry)) for entry, _accepted, _refused in CASES}
    public = {name for name, make in NAMED.items() if role_of(make) is None}
    assert names == public


def role_of(make):
    """The role that a check is made for."""
    file = make.__module__.rpartition(".")[2]
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    return next((role for role in roles if file.startswith(role)), None)


def test_the_documentation_names_the_checks_for_everybody():
    text = str(yaml.safe_load(DOCUMENTATION)["options"]["checks"]["description"])
    assert set(re.findall(r"V\((\w+)\)", text)) == {name for name, make in NAMED.items() if role_of(make) is None}


@pytest.mark.parametrize("file", sorted(ROOT.glob("roles/*/meta/checks.yml")), ids=lambda file: file.parts[-3])
def test_a_table_names_inputs_and_checks(file):
    specs = yaml.safe_load((file.parent / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    inputs = {name for spec in specs.values() for name in spec["options"]}
    for name, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items():
        assert name in inputs
        assert checks_of(entry)


def test_each_check_is_used_or_for_everybody():
    used = "".join(
        file.read_text(encoding="utf-8")
        for pattern in ("roles/*/meta/checks.yml", "roles/*/tasks/*.yml", "playbooks/tasks/*.yml")
        for file in ROOT.glob(pattern)
    )
    assert [name for name, make in NAMED.items() if role_of(make) and not re.search(rf"\b{name}\b", used)] == []


@pytest.mark.parametrize("entry", ["no_such_check", {"number": "many"}, {"url": 1, "port": 2}, 5, {"optional": "none"}])
def test_a_table_with_a_mistake_is_refused(entry):
    with pytest.raises(UnknownCheck):
        checks_of(entry)


def test_a_name_is_used_once():
    with pytest.raises(ValueError, match="two checks are named url"):
        named(SimpleNamespace(__name__="url"))


def test_every_file_is_loaded():
    folder = Path(table.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "check", "table", "validation"}
    assert files == {module.__name__.rpartition(".")[2] for module in table.FILES}
