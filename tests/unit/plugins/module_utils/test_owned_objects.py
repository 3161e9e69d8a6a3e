# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which object a definition means, and how it is named in messages."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.owned_objects import existing, place

NAMED = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "rules", "namespace": "falco"}}
GENERATED = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "rules-", "namespace": "falco"}}


class Reader:
    """Knows one Job."""

    def one(self, kind, api_version, name, namespace):
        return NAMED if (kind, api_version, name, namespace) == ("Job", "batch/v1", "rules", "falco") else None


def test_an_object_is_found_by_its_name():
    assert existing(Reader(), NAMED) is NAMED


def test_one_whose_name_the_api_server_makes_is_always_new():
    assert existing(Reader(), GENERATED) is None


@pytest.mark.parametrize(("definition", "words"), [(NAMED, "Job falco/rules"), (GENERATED, "Job falco/rules-*")])
def test_it_is_named_by_kind_namespace_and_name(definition, words):
    assert place(definition) == words
