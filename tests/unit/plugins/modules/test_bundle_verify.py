from __future__ import annotations

import hashlib

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import bundle_verify


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "helm").write_bytes(b"helm" * 500000)
    digest = hashlib.sha256(b"helm" * 500000).hexdigest()
    (tmp_path / "SHA256SUMS").write_text("%s  bin/helm\n" % digest)
    return tmp_path, digest


def test_a_whole_file_has_no_fault(bundle):
    folder, digest = bundle
    assert bundle_verify.read_sums(str(folder)) == {"bin/helm": digest}
    assert bundle_verify.fault(str(folder), "bin/helm", digest) is None


def test_one_flipped_bit_is_named(bundle):
    folder, digest = bundle
    content = bytearray((folder / "bin" / "helm").read_bytes())
    content[1234567] ^= 1
    (folder / "bin" / "helm").write_bytes(bytes(content))
    assert bundle_verify.fault(str(folder), "bin/helm", digest).startswith("bin/helm: SHA-256 is ")


def test_a_missing_file_is_named(bundle):
    folder, digest = bundle
    (folder / "bin" / "helm").unlink()
    assert bundle_verify.fault(str(folder), "bin/helm", digest) == "bin/helm: No such file or directory"


@pytest.mark.parametrize("line", ["", "nonsense\n", "%s  /etc/passwd\n" % ("0" * 64), "%s  ../outside\n" % ("0" * 64)])
def test_a_list_that_is_none_is_refused(bundle, line):
    folder, _digest = bundle
    (folder / "SHA256SUMS").write_text(line)
    with pytest.raises(ValueError, match="SHA256SUMS"):
        bundle_verify.read_sums(str(folder))
