"""Images come by digest and whole, or not at all."""

from __future__ import annotations

import pytest

from . import images

NAME = "docker.io/images/one:1"


@pytest.fixture
def pinned(registry, module):
    """Arguments for the first image, as the registry has it now."""
    address, _folder = registry
    answer = module("image_pins_info", images={"one": f"{address}/images/one:1", "two": f"{address}/images/two:1"})
    assert answer["changed"] is False
    assert answer["pins"]["one"] != answer["pins"]["two"]
    pins = answer["pins"]["one"]
    return {"name": NAME, "source": f"{address}/images/one:1", "manifest": pins["manifest"], "id": pins["id"]}


def flip(path, position=None):
    """Turns one bit of a file around, in its middle where no position is given."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if position is None else position] ^= 1
    path.write_bytes(bytes(content))


def blob(folder, digest):
    (path,) = folder.glob(f"**/blobs/sha256/*/{digest.partition(':')[2]}/data")
    return path


def test_an_image_is_fetched_once(tmp_path, pinned, module):
    archive = tmp_path / "one.tar"
    assert module("image_fetch", path=str(archive), check=True, **pinned)["changed"] is True
    assert not archive.exists()
    answer = module("image_fetch", path=str(archive), **pinned)
    assert (answer["changed"], answer["size"]) == (True, archive.stat().st_size)
    assert module("image_fetch", path=str(archive), **pinned)["changed"] is False
    assert [path.name for path in tmp_path.glob("*.partial")] == []


def test_a_damaged_archive_is_fetched_again(tmp_path, pinned, module):
    archive = tmp_path / "one.tar"
    module("image_fetch", path=str(archive), **pinned)
    whole = archive.read_bytes()
    flip(archive)
    answer = module("image_fetch", path=str(archive), **pinned)
    assert answer["changed"] is True
    assert "its layer" in answer["diff"]["before"][NAME]
    assert archive.read_bytes() == whole


def test_what_a_cut_left_does_not_count(tmp_path, pinned, module):
    archive = tmp_path / "one.tar"
    (tmp_path / "one.tar.7.partial").write_bytes(b"half an image")
    assert module("image_fetch", path=str(archive), **pinned)["changed"] is True
    assert module("image_fetch", path=str(archive), **pinned)["changed"] is False


def test_a_wrong_layer_is_refused(tmp_path, registry, pinned, module):
    """The registry sends other bytes of the same length under the digest of a layer."""
    _address, folder = registry
    layers = [path for path in folder.glob("**/blobs/sha256/*/*/data") if path.stat().st_size > 1 << 19]
    for layer in layers:
        flip(layer, -20)
    answer = module("image_fetch", path=str(tmp_path / "one.tar"), **pinned)
    assert answer["failed"]
    assert f"Image '{NAME}' cannot be had from" in answer["msg"]
    assert list(tmp_path.glob("one.tar*")) == []


@pytest.mark.parametrize("part", ["manifest", "id"])
def test_a_wrong_manifest_or_configuration_is_refused(part, tmp_path, registry, pinned, module):
    _address, folder = registry
    flip(blob(folder, pinned[part]))
    answer = module("image_fetch", path=str(tmp_path / "one.tar"), **pinned)
    assert answer["failed"]
    assert NAME in answer["msg"]
    assert list(tmp_path.glob("one.tar*")) == []


def test_a_moved_tag_does_not_count(tmp_path, filled, registry, pinned, module, environment):
    address, _folder = registry
    images.push(filled[1]["two"], f"{address}/images/one:1", environment)
    module("image_fetch", path=str(tmp_path / "one.tar"), **pinned)
    assert module("image_fetch", path=str(tmp_path / "one.tar"), **pinned)["changed"] is False


def test_an_image_that_is_not_there_is_named(registry, module):
    address, _folder = registry
    answer = module("image_pins_info", images={"three": f"{address}/images/three:1"})
    assert answer["failed"]
    assert f"{address}/images/three:1: " in answer["msg"]
