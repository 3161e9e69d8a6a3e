# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role loki_stack refuses before it asks a cluster."""

from __future__ import annotations

import pytest
from role_inputs import refused

S3 = {"loki_stack_mode": "simple_scalable", "loki_stack_s3_bucket": "chunks", "loki_stack_s3_region": "eu-central-1"}
ENDPOINT = {"loki_stack_s3_endpoint": "https://s3.example.org"}
KEYS = {"loki_stack_s3_access_key": "a", "loki_stack_s3_secret_key": "b"}


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"loki_stack_variant": "classic"},
        S3,
        S3 | KEYS,
        S3 | ENDPOINT | {"loki_stack_s3_region": "", "loki_stack_s3_secret": "mine"},
        S3 | {"loki_stack_mode": "distributed", "loki_stack_replicas": {"ingester": 5, "compactor": 1}},
        S3 | {"loki_stack_mode": "monolithic", "loki_stack_replicas": {"singleBinary": 5}},
        {"loki_stack_retention_streams": [{"selector": '{namespace="falco"}', "hours": 720}]},
        {"loki_stack_tenant": "team-a"},
        {"loki_stack_audit_log": "rke2"},
        {"loki_stack_events": True, "loki_stack_node_logs": True},
        {"loki_stack_audit_log": "/srv/log.d/audit.json", "loki_stack_variant": "classic"},
        {"loki_stack_resources": {"limits": {"memory": "1Gi"}}},
    ],
)
def test_taken(inputs):
    assert refused("loki_stack", inputs) == []


@pytest.mark.parametrize(
    ("inputs", "variable"),
    [
        ({"loki_stack_variant": "old"}, "loki_stack_variant"),
        ({"loki_stack_variant": "classic", "loki_stack_agent": "alloy"}, "loki_stack_agent"),
        ({"loki_stack_variant": "classic"} | S3, "loki_stack_mode"),
        (S3 | {"loki_stack_mode": "ssd"}, "loki_stack_mode"),
        ({"loki_stack_replicas": {"write": 3}}, "loki_stack_replicas"),
        ({"loki_stack_replicas": {"singleBinary": 3}}, "loki_stack_replicas"),
        (S3 | {"loki_stack_mode": "monolithic", "loki_stack_s3_region": ""}, "loki_stack_s3_region"),
        ({"loki_stack_s3_bucket": "UPPER"}, "loki_stack_s3_bucket"),
        (S3 | {"loki_stack_replicas": {"write": 0}}, "loki_stack_replicas"),
        (S3 | {"loki_stack_mode": "distributed", "loki_stack_replicas": {"compactor": 2}}, "loki_stack_replicas"),
        (S3 | {"loki_stack_s3_bucket": ""}, "loki_stack_s3_bucket"),
        (S3 | {"loki_stack_s3_region": ""}, "loki_stack_s3_region"),
        (S3 | {"loki_stack_s3_endpoint": "https://user:key@s3.example.org"}, "loki_stack_s3_endpoint"),
        (S3 | {"loki_stack_s3_access_key": "a"}, "loki_stack_s3_secret"),
        (S3 | KEYS | {"loki_stack_s3_secret": "mine"}, "loki_stack_s3_secret"),
        ({"loki_stack_retention_hours": 12}, "loki_stack_retention_hours"),
        (
            {"loki_stack_retention_streams": [{"selector": "namespace=falco", "hours": 720}]},
            "loki_stack_retention_streams",
        ),
        ({"loki_stack_retention_streams": [{"selector": '{a="b"}', "hours": 1}]}, "loki_stack_retention_streams"),
        ({"loki_stack_tenant": "a/b"}, "loki_stack_tenant"),
        ({"loki_stack_audit_log": "kops"}, "loki_stack_audit_log"),
        ({"loki_stack_events": True, "loki_stack_agent": "promtail"}, "loki_stack_events"),
        ({"loki_stack_node_logs": True, "loki_stack_variant": "classic"}, "loki_stack_node_logs"),
        ({"loki_stack_audit_log": "/audit.log"}, "loki_stack_audit_log"),
        ({"loki_stack_audit_log": "/var/log/../audit.log"}, "loki_stack_audit_log"),
        ({"loki_stack_audit_log": "/var/log/*.log"}, "loki_stack_audit_log"),
        ({"loki_stack_audit_log": "k3s", "loki_stack_agent": "alloy"}, "loki_stack_audit_log"),
        ({"loki_stack_resources": {"memory": "1Gi"}}, "loki_stack_resources"),
        ({"loki_stack_persistence_size": "ten"}, "loki_stack_persistence_size"),
        ({"loki_stack_persistence_storage_class": "Fast Disk"}, "loki_stack_persistence_storage_class"),
    ],
)
def test_refused(inputs, variable):
    assert refused("loki_stack", inputs) == [variable]
