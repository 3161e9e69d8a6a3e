# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline with TLS on every hop, and a receiver that prints each event; afterwards as `make up` leaves it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import yaml

from live.lab_cluster import CONTEXT, KUBECONFIG, succeeded
from live.loki.cluster import Cluster


@pytest.fixture(scope="session")
def image():
    bundle = yaml.safe_load(Path(os.environ["RUNTIME_SECURITY_BUNDLE"]).read_text(encoding="utf-8"))
    return bundle["pipeline_proof_image"]


@pytest.fixture(scope="session")
def cluster():
    return Cluster(KUBECONFIG, CONTEXT, "monitoring")


@pytest.fixture
def folder():
    """Of the captures, which are too large to stay; HOPS_FOLDER keeps them."""
    if kept := os.environ.get("HOPS_FOLDER"):
        yield Path(tempfile.mkdtemp(dir=kept))
        return
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        yield Path(name)


@pytest.fixture(scope="session", autouse=True)
def secured():
    succeeded("site.yml", runtime_security_tls=True)
    yield
    succeeded("site.yml", runtime_security_tls=False, falco_ebpf_values={})
