# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease that is the lock of a cluster."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock import lease, lease_object


@pytest.mark.parametrize(
    "spec", [{}, {"holderIdentity": ""}, {"holderIdentity": None, "leaseDurationSeconds": None, "renewTime": None}]
)
def test_a_lease_without_a_holder_is_free(spec):
    assert not lease_object.record_of({"metadata": {}, "spec": spec}).holder


@pytest.mark.parametrize("noted", ["", "[]", "{}", '{"pid": "x"}', "null"])
def test_a_lease_of_another_program_has_a_holder_and_no_process(noted):
    found = lease_object.record_of(
        {"metadata": {"annotations": {lease_object.ANNOTATION: noted}}, "spec": {"holderIdentity": "another"}}
    )
    assert (found.holder, found.pid, found.seconds) == ("another", 0, 30)
    assert found.described() == "another"


def test_a_missing_right_says_how_to_grant_it():
    said = lease.refusal(403, "Forbidden", "default")
    for word in ("leases", "namespace default", "get, create, update and delete", "create role", "create rolebinding"):
        assert word in said
    assert "500" in lease.refusal(500, "Internal Server Error", "default")
