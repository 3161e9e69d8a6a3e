from __future__ import annotations

import io
import json
import tarfile

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import image_archive

MANIFEST = [
    {"Config": "aa.json", "RepoTags": ["docker.io/grafana/loki:3.6.3"], "Layers": ["l.tar"]},
    {"Config": "blobs/sha256/bb", "RepoTags": ["a:1", "a:2"], "Layers": ["l.tar"]},
]


def write_archive(path, manifest):
    content = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))


def test_names_and_digests_come_from_the_manifest(tmp_path):
    write_archive(tmp_path / "a.tar", MANIFEST)
    assert image_archive.images_of(str(tmp_path / "a.tar")) == {
        "docker.io/grafana/loki:3.6.3": "aa",
        "a:1": "bb",
        "a:2": "bb",
    }


@pytest.mark.parametrize("content", [b"", b"no archive", b"\0" * 1024])
def test_a_file_that_is_no_archive_is_named(tmp_path, content):
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(image_archive.ArchiveError, match="(?s)a.tar' cannot be read: .*docker save"):
        image_archive.images_of(str(tmp_path / "a.tar"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(image_archive.ArchiveError, match="missing.tar"):
        image_archive.images_of(str(tmp_path / "missing.tar"))


def test_images_of_a_node_and_of_an_engine_read_alike():
    listed = json.dumps(
        [{"id": "aa", "repoTags": ["x:1"]}, {"id": "sha256:bb", "repoTags": ["y:1"]}, {"repoTags": None}]
    )
    assert image_archive.node_images(listed) == {"x:1": "aa", "y:1": "bb"}
    listed = "x:1 x:2 sha256:aa\n\nsha256:cc\n"
    assert image_archive.engine_images(listed, complete=True) == {"x:1": "aa", "x:2": "aa"}
    assert image_archive.engine_images("", complete=False) == {}


@pytest.mark.parametrize(
    "printed", ["", "null", "[]", "{}", "[null]", "[{}]", "panic", '[{"id": null, "repoTags": ["a:1"]}]']
)
def test_a_node_that_does_not_say_what_it_has_gets_nothing(printed):
    with pytest.raises(image_archive.ArchiveError, match="Nothing was loaded"):
        image_archive.node_images(printed)


@pytest.mark.parametrize("printed", ["", "null", "<html> 502 </html>", "a:1 later"])
def test_an_engine_that_does_not_say_what_it_has_gets_nothing(printed):
    with pytest.raises(image_archive.ArchiveError, match="Nothing was loaded"):
        image_archive.engine_images(printed, complete=True)


def test_an_archive_is_loaded_for_a_missing_or_another_image():
    archives = {"one": {"x:1": "aa"}, "two": {"y:1": "bb", "z:1": "cc"}}
    assert image_archive.to_load(archives, {"x:1": "aa", "y:1": "bb", "z:1": "cc"}) == []
    assert image_archive.to_load(archives, {"x:1": "00", "y:1": "bb", "z:1": "cc"}) == ["one"]
    assert image_archive.to_load(archives, {"x:1": "aa", "y:1": "bb"}) == ["two"]


def test_archives_of_one_name_go_one_after_the_other():
    assert list(image_archive.batches(["/a/x.tar", "/b/x.tar", "/a/y.tar"])) == [["/a/x.tar", "/a/y.tar"], ["/b/x.tar"]]
    assert list(image_archive.batches([])) == []
