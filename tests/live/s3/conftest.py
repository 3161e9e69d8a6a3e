# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Ansible find the collection's plugins by their full names; inputs of the role for an S3 server on loopback."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(Path(__file__).parents[3] / ".ansible/collections")])

from . import configuration
from .certificates import Certificates
from .processes import BUCKET, s3


@pytest.fixture
def inputs():
    return {
        "loki_stack_agent": "promtail",
        "loki_stack_s3_bucket": BUCKET,
        "loki_stack_s3_access_key": "access",
        "loki_stack_s3_secret_key": secrets.token_hex(16),
    }


@pytest.fixture
def keys(inputs):
    return configuration.keys(inputs)


@pytest.fixture
def store(tmp_path, inputs, keys):
    with s3(tmp_path, keys) as server:
        inputs["loki_stack_s3_endpoint"] = server.url
        yield server


@pytest.fixture
def secured(inputs, store):
    return inputs | {"loki_stack_tls": True}


@pytest.fixture
def certificates(tmp_path, secured):
    return Certificates(tmp_path / "tls", secured)
