# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.modules import helm_releases_info


def history(*statuses):
    """Metadata of the Secrets that Helm keeps, in no order."""
    secrets = [
        {"namespace": "monitoring", "labels": {"name": "loki", "version": str(number), "status": status}}
        for number, status in enumerate(statuses, start=9)
    ]
    return helm_releases_info.revisions(secrets[::-1])


@pytest.mark.parametrize(
    ("statuses", "revision"),
    [
        (["pending-install"], 9),
        (["failed"], 9),
        (["superseded", "deployed", "pending-upgrade"], 10),
        (["deployed", "failed", "failed"], 9),
        (["deployed", "pending-rollback"], 9),
        (["superseded", "uninstalling"], 10),
    ],
)
def test_a_release_that_was_cut_off_goes_back_to_what_was_deployed(statuses, revision):
    found = {"name": "loki", "status": statuses[-1], "revision": revision}
    assert helm_releases_info.cut_off(history(*statuses)) == {"monitoring/loki": found}


def test_one_that_stands_is_left_alone():
    assert helm_releases_info.cut_off(history("failed", "pending-install", "deployed")) == {}
