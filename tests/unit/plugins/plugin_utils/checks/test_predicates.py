from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.addresses import is_url
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.images import (
    is_image_parts,
    is_image_registries,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.kubernetes import (
    is_labels,
    is_resources,
    is_tolerations,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.names import (
    is_dns_label,
    is_dns_subdomain,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.numbers import (
    is_duration,
    is_quantity,
    whole,
)


@pytest.mark.parametrize("value", ["a", "monitoring", "a-1", "0", "a" * 63])
def test_a_dns_label(value):
    assert is_dns_label(value)


@pytest.mark.parametrize("value", ["", "Foo", "-a", "a-", "a.b", "a_b", "a" * 64, "a\n", None, 1])
def test_no_dns_label(value):
    assert not is_dns_label(value)


@pytest.mark.parametrize("value", ["15s", "1h30m", "500ms", "1y2w3d4h5m6s7ms", "0d1h"])
def test_a_duration(value):
    assert is_duration(value)


@pytest.mark.parametrize("value", ["", "15", "1.5h", "30m1h", "0s", "-1s", "1 s", "s", "1h\n", None, 15])
def test_no_duration(value):
    assert not is_duration(value)


@pytest.mark.parametrize("value", ["10Gi", "1.5G", "500m", "8", 8, "1Ei"])
def test_a_quantity(value):
    assert is_quantity(value)


@pytest.mark.parametrize("value", ["", "0", "0Gi", "10 Gi", "10GB", "-1Gi", "Gi", True, None])
def test_no_quantity(value):
    assert not is_quantity(value)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"docker.io": "mirror.example"},
        {"quay.io": "mirror.example:5000/quay.io", "127.0.0.1:5000": "mirror.example"},
        {"docker.io": "127.0.0.1:5000/hub/docker.io"},
    ],
)
def test_mirrors_of_registries(value):
    assert is_image_registries(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        [],
        {"docker.io": ""},
        {"docker.io": None},
        {"docker.io": "https://mirror.example"},
        {"docker.io": "mirror.example/"},
        {"docker.io": "mirror.example/Upper"},
        {"docker.io": "mirror.example/a b"},
        {"docker.io/library": "mirror.example"},
        {"": "mirror.example"},
        {5: "mirror.example"},
        {"docker.io": "mirror.example\n"},
    ],
)
def test_no_mirrors_of_registries(value):
    assert not is_image_registries(value)


@pytest.mark.parametrize("value", ["9" * 30 + "y", "300y", "1h" * 40])
def test_no_duration_of_64_bits(value):
    assert not is_duration(value)


@pytest.mark.parametrize("value", ["9" * 30, "99Ei", 10**20])
def test_no_quantity_of_64_bits(value):
    assert not is_quantity(value)


@pytest.mark.parametrize("value", ["a", "a.b-c", "0", "a" * 253])
def test_a_dns_subdomain(value):
    assert is_dns_subdomain(value)


@pytest.mark.parametrize("value", ["", "A", "a..b", ".a", "a-", "a_b", "a" * 254, "a\n", None])
def test_no_dns_subdomain(value):
    assert not is_dns_subdomain(value)


@pytest.mark.parametrize(
    "value", ["http://a", "https://grafana.example.com:3000/x?y#z", "http://[::1]:80", "https://user@a/b"]
)
def test_a_url(value):
    assert is_url(value)


@pytest.mark.parametrize(
    "value", ["a", "http://", "ftp://a", "oci://a", "http://a b", "http://a:0", "http://a:65536", "http://-a", 5, None]
)
def test_no_url(value):
    assert not is_url(value)


def test_a_url_of_another_scheme():
    assert is_url("oci://a/b", ["oci"])


@pytest.mark.parametrize("value", [{}, {"disktype": "ssd"}, {"example.com/a": ""}])
def test_labels(value):
    assert is_labels(value)


@pytest.mark.parametrize("value", [None, [], {"a b": "c"}, {"a": 1}, {"/a": "b"}, {"a": "-"}, {5: "a"}])
def test_no_labels(value):
    assert not is_labels(value)


@pytest.mark.parametrize(
    "value",
    [
        [],
        [{"operator": "Exists"}],
        [{"key": "a", "value": "b", "effect": "NoSchedule"}],
        [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}],
    ],
)
def test_tolerations(value):
    assert is_tolerations(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        ["a"],
        [{}],
        [{"key": "a", "operator": "In"}],
        [{"key": "a", "operator": "Exists", "value": "b"}],
        [{"key": "a", "effect": "Never"}],
        [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 1}],
        [{"key": "a", "colour": "b"}],
    ],
)
def test_no_tolerations(value):
    assert not is_tolerations(value)


@pytest.mark.parametrize("value", [{}, {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"cpu": 1}}])
def test_resources(value):
    assert is_resources(value)


@pytest.mark.parametrize(
    "value", [None, {"memory": "1Gi"}, {"requests": "1Gi"}, {"requests": {"cpu": "many"}}, {"limits": {"cpu": True}}]
)
def test_no_resources(value):
    assert not is_resources(value)


@pytest.mark.parametrize("value", [{}, {"registry": "r.example:5000/a", "repository": "a/b-c", "tag": "1.0_x"}])
def test_parts_of_an_image(value):
    assert is_image_parts(value)


@pytest.mark.parametrize("value", [None, {"tag": 1}, {"tag": "a b"}, {"repository": "A"}, {"name": "a"}, {"tag": None}])
def test_no_parts_of_an_image(value):
    assert not is_image_parts(value)


@pytest.mark.parametrize(("value", "number"), [(5, 5), ("5", 5), ("+30", 30), (-1, -1), ("0500", 500)])
def test_a_whole_number(value, number):
    assert whole(value) == number


@pytest.mark.parametrize("value", ["", "1.5", 1.5, True, None, "9" * 30, "0x10", [1]])
def test_no_whole_number(value):
    assert whole(value) is None
