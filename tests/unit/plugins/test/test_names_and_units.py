from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.test.dns_label import is_dns_label
from ansible_collections.runtime_security.kubernetes.plugins.test.duration import is_duration
from ansible_collections.runtime_security.kubernetes.plugins.test.quantity import is_quantity


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
