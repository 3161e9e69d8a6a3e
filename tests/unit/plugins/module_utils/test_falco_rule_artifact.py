"""An artifact's file is what its digest says, in each part."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rule_artifact import (
    CONFIG_TYPE,
    LAYER_TYPE,
    ArtifactError,
    rules_of,
)

RULES = "- rule: A\n"


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def tar(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def parts(rules=RULES, pack=gzip.compress, config=b"{}"):
    """Manifest, configuration and layer."""
    layer = pack(tar({"rules.yaml": rules.encode()}))
    described = [
        {"mediaType": kind, "digest": digest_of(one)} for kind, one in ((CONFIG_TYPE, config), (LAYER_TYPE, layer))
    ]
    return json.dumps({"config": described[0], "layers": described[1:]}).encode(), config, layer


def archive(path, contents, names=None):
    """Write the contents under their digests, or those of others."""
    names = names or contents
    path.write_bytes(tar({f"blobs/sha256/{digest_of(name)[7:]}": one for name, one in zip(names, contents)}))
    return str(path)


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_the_text_of_the_rules(tmp_path, pack):
    contents = parts(pack=pack)
    assert rules_of(archive(tmp_path / "a.tar", contents), digest_of(contents[0])) == RULES


@pytest.mark.parametrize("place", [0, 1, 2])
def test_another_part_under_the_right_name_is_refused(tmp_path, place):
    contents = list(parts())
    others = parts("- rule: B\n", config=b'{"a": 1}')
    found = [others[place] if number == place else one for number, one in enumerate(contents)]
    # What the other manifest names is there too.
    path = archive(tmp_path / "a.tar", [*found, *others[1:]], [*contents, *others[1:]])
    with pytest.raises(
        ArtifactError, match=f"it has {digest_of(others[place])} instead of {digest_of(contents[place])}"
    ):
        rules_of(path, digest_of(contents[0]))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_part_that_is_missing_is_refused(tmp_path, place):
    contents = list(parts())
    digest = digest_of(contents[0])
    del contents[place]
    with pytest.raises(ArtifactError, match="it cannot be read: "):
        rules_of(archive(tmp_path / "a.tar", contents), digest)


def test_no_file_is_an_error_of_its_own(tmp_path):
    with pytest.raises(ArtifactError, match="it cannot be read: "):
        rules_of(str(tmp_path / "nowhere.tar"), "sha256:" + "0" * 64)
