# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The home of a minikube, with doubles of it and of an engine."""

from __future__ import annotations

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    minikube_observer,
    minikube_profile,
)
from minikube_double import Home


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(minikube_observer, "_EVERY_SECONDS", 0.2)
    monkeypatch.setattr(minikube_profile, "_EVERY_SECONDS", 0.2)
    return Home(tmp_path)
