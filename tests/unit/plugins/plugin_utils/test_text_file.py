from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import text_file


def test_a_file_is_read(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("\u00e4\n", encoding="utf-8")
    assert text_file.read(str(file)) == "\u00e4\n"


@pytest.mark.parametrize("path", [None, "", "/dev/zero", "/etc", "/nonexistent", "/proc/self/mem"])
def test_what_is_no_file_of_text_is_not(path):
    assert text_file.read(path) is None


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (text_file.MOST_BYTES + 1)])
def test_neither_is_another_content(tmp_path, content):
    file = tmp_path / "a.yml"
    file.write_bytes(content)
    assert text_file.read(str(file)) is None
