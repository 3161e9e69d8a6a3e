# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that cannot be read: an error, or a warning where they are optional."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import info
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError


def test_without_a_cluster(tmp_path):
    nothing = {**dict.fromkeys(connection.ARGUMENTS), "kubeconfig": str(tmp_path / "none")}
    params = {**nothing, "name": "ca", "namespace": "falco"}
    with pytest.raises(WorkError):
        info.run({**params, "optional": False}, Mode())
    found = info.run({**params, "optional": True}, Mode())
    assert found["certificates"] == []
    (warning,) = found["warnings"]
    assert warning.startswith("The certificates of CA falco/ca cannot be read, so nothing watches when they end. ")
