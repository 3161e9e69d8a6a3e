"""Charts come as the repository's index has them, or not at all."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from . import servers

HELM = """\
#!/bin/sh
# helm pull --destination FOLDER CHART --repo ADDRESS --version VERSION; what it renders has the image that the values name.
if [ "$1" = template ]; then
    sed 's/.*"image": "\\([^"]*\\)".*/{kind: Pod, spec: {containers: [{image: "\\1"}]}}/'
    exit
fi
exec curl --silent --show-error --fail --cacert "$SSL_CERT_FILE" --output "$3/$4-$8.tgz" "$6/$4-$8.tgz"
"""


@pytest.fixture
def helm(tmp_path):
    """What Helm does here, without its index: the module has to look by itself. The isolated run has the real one."""
    path = tmp_path / "helm"
    path.write_text(HELM, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def repository(tmp_path, certificates):
    """A repository with one chart; its address, the chart's archive and the index."""
    folder = tmp_path / "repository"
    folder.mkdir()
    archive = folder / "small-1.2.3.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        text = b"name: small\nversion: 1.2.3\napiVersion: v2\n"
        info = tarfile.TarInfo("small/Chart.yaml")
        info.size = len(text)
        packed.addfile(info, io.BytesIO(text))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    index = folder / "index.yaml"
    index.write_text(
        f"apiVersion: v1\nentries:\n  small:\n  - {{name: small, version: 1.2.3, digest: {digest}, urls: [small-1.2.3.tgz]}}\n",
        encoding="utf-8",
    )
    with servers.files(folder, certificates) as address:
        yield address, archive, index


@pytest.fixture
def fetch(tmp_path, helm, repository, module):
    def run(check=False, checksum="", **changes):
        release = {
            "name": "one",
            "chart": "small",
            "repository": repository[0],
            "version": "1.2.3",
            "values": {"image": "reg/a:1"},
        }
        return module(
            "helm_charts",
            releases=[release | changes],
            folder=str(tmp_path / "charts"),
            checksums={"one 1.2.3": checksum} if checksum else {},
            binary_path=helm,
            check=check,
        )

    return run


def test_a_chart_is_fetched_once(tmp_path, repository, fetch):
    announced = fetch(check=True)
    assert announced["changed"] is True and announced["charts"][0]["path"] == "" and announced["images"] == []
    assert not (tmp_path / "charts").exists()
    answer = fetch()
    assert answer.get("changed") is True, answer
    checksum = hashlib.sha256(repository[1].read_bytes()).hexdigest()
    assert answer["charts"] == [
        {
            "name": "one",
            "chart": "small",
            "version": "1.2.3",
            "path": str(tmp_path / "charts" / "small-1.2.3.tgz"),
            "checksum": checksum,
            "images": ["reg/a:1"],
        }
    ]
    assert answer["checksums"] == {"one 1.2.3": checksum}
    assert fetch()["changed"] is False
    # What is pinned and there needs no repository.
    again = fetch(repository="https://127.0.0.1:1", checksum=checksum, values={"image": "reg/b:2"}, check=True)
    assert again["changed"] is False and again["images"] == ["reg/b:2"]
    assert [path.name for path in (tmp_path / "charts").iterdir()] == ["small-1.2.3.tgz"]


def test_another_archive_than_the_index_says_is_refused(tmp_path, repository, fetch):
    content = bytearray(repository[1].read_bytes())
    content[-5] ^= 1
    repository[1].write_bytes(bytes(content))
    answer = fetch()
    assert answer["failed"]
    assert "Release one: chart 'small' 1.2.3 cannot be had" in answer["msg"]
    assert "the repository's index says" in answer["msg"]
    assert list((tmp_path / "charts").iterdir()) == []


def test_another_archive_than_was_pinned_is_refused(tmp_path, fetch):
    answer = fetch(checksum="0" * 64)
    assert answer["failed"]
    assert f"checksums says {'0' * 64}" in answer["msg"]
    assert list((tmp_path / "charts").iterdir()) == []


def test_a_local_archive_is_copied(tmp_path, repository, fetch):
    answer = fetch(chart=str(repository[1]), repository="", version="")
    assert answer["changed"] is True
    assert (tmp_path / "charts" / "small-1.2.3.tgz").read_bytes() == repository[1].read_bytes()
