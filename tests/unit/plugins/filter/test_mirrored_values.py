from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.mirrored_values import mirrored_values

MIRRORS = {"docker.io": "mirror.example:5000/hub", "quay.io": "mirror.example:5000"}
IMAGES = {
    "image": {"registry": "docker.io", "repository": "grafana/grafana"},
    "side.car.image": {"repository": "quay.io/kiwigrid/k8s-sidecar"},
    "other.image": {"registry": "ghcr.io", "repository": "else/where"},
}


def test_images_go_to_the_mirrors_of_their_registries():
    values = {"image": {"tag": "1"}, "side": {"enabled": True}}
    assert mirrored_values(values, IMAGES, MIRRORS) == {
        "image": {"tag": "1", "registry": "mirror.example:5000", "repository": "hub/grafana/grafana"},
        "side": {"enabled": True, "car": {"image": {"repository": "mirror.example:5000/kiwigrid/k8s-sidecar"}}},
    }
    assert values == {"image": {"tag": "1"}, "side": {"enabled": True}}


@pytest.mark.parametrize("registries", [None, {}])
def test_without_mirrors_the_values_stay_as_they_are(registries):
    assert mirrored_values({"image": {"tag": "1"}}, IMAGES, registries) == {"image": {"tag": "1"}}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        # What the values say themselves is taken.
        ({"repository": "own/grafana"}, ("mirror.example:5000", "hub/own/grafana")),
        ({"registry": "quay.io", "repository": "own/grafana"}, ("mirror.example:5000", "own/grafana")),
        ({"registry": "own.example"}, ("own.example", None)),
        # The whole name in the repository, as Falco's chart allows.
        ({"registry": "", "repository": "quay.io/own/grafana"}, ("", "mirror.example:5000/own/grafana")),
        ({"repository": ""}, ("mirror.example:5000", "hub/grafana/grafana")),
    ],
)
def test_an_image_of_the_values_own(given, name):
    image = mirrored_values({"image": given}, IMAGES, MIRRORS)["image"]
    assert (image.get("registry"), image.get("repository")) == name
