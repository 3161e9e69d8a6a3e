# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.filter.subject_alt_names import subject_alt_names


@pytest.mark.parametrize(
    ("urls", "names"),
    [
        (["https://Grafana.example.org:3000/path"], ["DNS:grafana.example.org"]),
        (["http://192.0.2.10"], ["IP:192.0.2.10"]),
        (["https://[2001:db8::1]:30300/"], ["IP:2001:db8::1"]),
        (["https://a.example", "", "http://a.example:8080", "https://b.example"], ["DNS:a.example", "DNS:b.example"]),
        ([], []),
    ],
)
def test_hosts_of_addresses(urls, names):
    assert subject_alt_names(urls) == names
