# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests on a cluster read from LOKI_TEST where it is: kubeconfig, context, namespace, and an image with a shell."""

from __future__ import annotations

import json
import os

import pytest

from .cluster import Cluster


@pytest.fixture(scope="session")
def inputs():
    return json.loads(os.environ["LOKI_TEST"])


@pytest.fixture(scope="session")
def cluster(inputs):
    return Cluster(inputs["kubeconfig"], inputs["context"], inputs["namespace"])
