# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pod is to do, from the settings that the module writes for it. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.data_sources import (
    Source,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.served import Server
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.workloads import Workload
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import (
    Place,
    Wanted,
    wanted,
)


class Settings(t.NamedTuple):
    """The settings of a pod."""

    name: str
    declared: Wanted
    owner: dict[str, str]
    # Whether it signs; otherwise somebody else writes the Secrets.
    signs: bool
    workloads: list[Workload]
    servers: list[Server]
    sources: list[Source]
    # Namespace, service, admin_secret and ca_secret of Grafana; {} where there are no data sources.
    grafana: dict[str, str]
    lock_namespace: str
    # Seconds between two rounds, and for a rollout.
    interval: float
    timeout: float

    def place(self, certificate: str) -> Place:
        return next(leaf.place for leaf in self.declared.leaves if leaf.name == certificate)


def loaded(found: dict) -> Settings:
    """found: what renewal/objects.py writes."""
    return Settings(
        name=found["name"],
        declared=wanted(found["certificates"]),
        owner=found["certificates"]["owner"],
        signs=found["signs"],
        workloads=[Workload(**one) for one in found["workloads"]],
        servers=[Server(**one) for one in found["servers"]],
        sources=[Source(**one) for one in found["data_sources"]],
        grafana=found["grafana"],
        lock_namespace=found["lock_namespace"],
        interval=found["interval"],
        timeout=found["timeout"],
    )
