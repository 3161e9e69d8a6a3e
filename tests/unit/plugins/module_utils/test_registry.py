from __future__ import annotations

import hashlib
import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import registry

IMAGE = json.dumps({"config": {"digest": "sha256:" + "c" * 64}}).encode()
DIGEST = "sha256:" + hashlib.sha256(IMAGE).hexdigest()
LIST = json.dumps(
    {
        "manifests": [
            {"digest": "sha256:" + "a" * 64, "platform": {"os": "linux", "architecture": "arm64"}},
            {"digest": DIGEST, "platform": {"os": "linux", "architecture": "amd64"}},
        ]
    }
).encode()


def answering(*answers):
    """A registry whose skopeo gives these answers, and what it was asked."""
    asked, left = [], list(answers)

    def run(arguments):
        asked.append(arguments[-1])
        return left.pop(0)

    return registry.Registry(run), asked


def test_of_a_list_the_platform_is_chosen():
    found, asked = answering((0, LIST, ""), (0, IMAGE, ""))
    pins = found.pins("mirror.example:5000/a/b:1", "amd64")
    assert pins == {
        "digest": "sha256:" + hashlib.sha256(LIST).hexdigest(),
        "manifest": DIGEST,
        "id": "sha256:" + "c" * 64,
    }
    assert asked == ["docker://mirror.example:5000/a/b:1", f"docker://mirror.example:5000/a/b@{DIGEST}"]


def test_another_manifest_than_was_asked_for_is_refused():
    found, _asked = answering((0, LIST, ""), (0, IMAGE + b" ", ""))
    with pytest.raises(registry.RegistryError, match="the registry's manifest is sha256:"):
        found.pins("docker.io/a/b:1", "amd64")


def test_a_platform_that_is_not_there_is_named():
    found, _asked = answering((0, LIST, ""))
    with pytest.raises(registry.RegistryError, match="linux/s390x"):
        found.pins("docker.io/a/b:1", "s390x")


def test_an_old_manifest_without_a_configuration_is_refused():
    found, _asked = answering((0, b'{"schemaVersion": 1}', ""))
    with pytest.raises(registry.RegistryError, match="unknown kind"):
        found.pins("docker.io/a/b:1", "amd64")


def test_the_reason_is_the_message_of_the_last_line():
    stderr = 'time="1" level=warning msg="first"\ntime="2" level=fatal msg="reading \\"b\\": not found"\n'
    assert registry.reason(stderr) == 'reading "b": not found'
    found, _asked = answering((1, b"", stderr))
    with pytest.raises(registry.RegistryError, match="not found"):
        found.pins("docker.io/a/b:1", "amd64")


@pytest.mark.parametrize("source", ["h:5000/a/b:1", "h:5000/a/b", f"h:5000/a/b@{DIGEST}", f"h:5000/a/b:1@{DIGEST}"])
def test_a_digest_takes_the_place_of_the_tag(source):
    assert registry.at_digest(source, "sha256:d") == "h:5000/a/b@sha256:d"
