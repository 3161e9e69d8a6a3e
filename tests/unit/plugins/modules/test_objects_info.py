# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.modules.objects_info import holds

FOUND = {"kind": "Service", "metadata": {"name": "a", "uid": "1"}, "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}


@pytest.mark.parametrize(
    "wanted",
    [FOUND, {"kind": "Service"}, {"metadata": {"name": "a"}}, {"spec": {"ports": [{"port": 80}], "externalIPs": []}}],
)
def test_what_is_found_may_say_more(wanted):
    assert holds(FOUND, wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        {"metadata": {"name": "b"}},
        {"metadata": {"labels": {}}},
        {"metadata": {"finalizers": ["a"]}},
        {"spec": {"ports": [{"port": 81}]}},
        {"spec": {"ports": []}},
        {"spec": {"ports": [{"port": 80}, {"port": 81}]}},
        {"spec": {"ports": {"port": 80}}},
        {"spec": ["ports"]},
    ],
)
def test_what_is_wanted_must_be_there(wanted):
    assert not holds(FOUND, wanted)


def test_entries_that_others_add_to_a_list_of_names_are_no_drift():
    """A mesh adds its container to each pod; ports have no names here, so they are one value."""
    pod = {"containers": [{"name": "mesh"}, {"name": "falco", "image": "a"}]}
    assert holds(pod, {"containers": [{"name": "falco"}]})
    assert not holds(pod, {"containers": [{"name": "falco", "image": "b"}]})
    assert not holds(pod, {"containers": [{"name": "other"}]})
