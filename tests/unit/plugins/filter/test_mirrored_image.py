from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.filter.mirrored_image import mirrored_image

MIRRORS = {"docker.io": "mirror.example:5000/hub/", "quay.io": "mirror.example:5000"}


@pytest.mark.parametrize(
    ("image", "name", "mirrored"),
    [
        ("python:3.13", "docker.io/library/python:3.13", "mirror.example:5000/hub/library/python:3.13"),
        ("docker.io/python:3.13", "docker.io/library/python:3.13", "mirror.example:5000/hub/library/python:3.13"),
        ("grafana/loki:3.6.3", "docker.io/grafana/loki:3.6.3", "mirror.example:5000/hub/grafana/loki:3.6.3"),
        (
            "quay.io/prometheus/prometheus:v3",
            "quay.io/prometheus/prometheus:v3",
            "mirror.example:5000/prometheus/prometheus:v3",
        ),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("localhost/own:1", "localhost/own:1", "localhost/own:1"),
        ("127.0.0.1:5000/own:1", "127.0.0.1:5000/own:1", "127.0.0.1:5000/own:1"),
    ],
)
def test_the_registry_is_completed_and_replaced(image, name, mirrored):
    assert mirrored_image(image) == name
    assert mirrored_image(image, MIRRORS) == mirrored


@pytest.mark.parametrize("image", ["", None, " grafana/loki:1"])
def test_what_is_no_reference_is_refused(image):
    with pytest.raises(AnsibleFilterError, match="no image reference"):
        mirrored_image(image)
