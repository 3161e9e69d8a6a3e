# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of detections on the audit log, and what the role's rules are built with."""

from __future__ import annotations

from pathlib import Path

import yaml

TABLE = yaml.safe_load(
    (Path(__file__).parents[1] / "roles/grafana_wiring/files/audit/detections.yml").read_text(encoding="utf-8")
)
NAMESPACES = {
    "pipeline": ["monitoring", "falco"],
    "proof": ["pipeline-proof"],
    "readiness": ["ebpf-readiness"],
    "registries": ["docker.io/library", "quay.io", "registry.k8s.io:443/team"],
}
THRESHOLDS = {"secret_reads": 50, "denied_requests": 20}
