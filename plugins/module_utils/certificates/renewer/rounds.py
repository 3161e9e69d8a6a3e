# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round: what ends soon is renewed, and everybody gets it. Private to the collection.

The order is that of the roles: Secrets, then pods and data sources side by side, and a CA in phases with a rollout after each
(plan.py). What a stop interrupted is found by the next round: Secrets tell the phase, pods and data sources what they have.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import issuer
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.plan import Stored
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer import (
    data_sources,
    workloads,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.api import Api
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.data_sources import (
    Grafana,
    GrafanaError,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.lock import (
    LeasePlace,
    held,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.secret_store import (
    SecretStore,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.settings import Settings
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.wanted import Place
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

_EVERY_SECONDS = 2
Log = t.Callable[[str], None]


class Round:
    """Brings certificates, workloads and data sources to what is declared."""

    def __init__(self, api: Api, settings: Settings, log: Log) -> None:
        self._api, self._settings, self._log = api, settings, log
        self._grafana = Grafana(api, **settings.grafana) if settings.grafana else None

    def run(self) -> bool:
        """Whether something changed. The lock is taken only where something has to; raises WorkError where that cannot be done."""
        step = self._certificates(None, check=True)
        if not (step["changed"] or step["phases"] or self._stale(step) or self._outdated_sources()):
            return False
        with held(LeasePlace(self._api, self._settings.lock_namespace), self._settings.name) as check:
            step = self._certificates(None)
            for phase in [*step["phases"], None]:
                self._roll_out(step)
                check()
                if phase:
                    step = self._certificates(phase)
        return True

    def _certificates(self, phase: str | None, check: bool = False) -> dict:
        """What k8s_certificates would return."""
        settings = self._settings
        store = SecretStore(self._api, settings.owner)
        if not settings.signs:
            return _followed(settings, store)
        step = issuer.apply(store, settings.declared, phase, Mode(check))
        if not check:
            for line in step["report"]:
                self._log(line)
        return step

    def _stale(self, step: dict) -> list[workloads.Workload]:
        """Workloads whose pods have other certificates."""
        return workloads.outdated(self._api, self._settings.workloads, step["certificates"])

    def _outdated_sources(self) -> list[data_sources.Source]:
        return data_sources.outdated(self._grafana, self._settings.sources, self._data()) if self._grafana else []

    def _roll_out(self, step: dict) -> None:
        stale = self._stale(step)
        for one in stale:
            self._log(f"{one}: its pods start with other certificates")
        workloads.restart(self._api, stale, step["certificates"])
        workloads.wait(self._api, self._settings.workloads, self._settings.timeout)
        self._give_grafana(time.monotonic() + self._settings.timeout)

    def _give_grafana(self, deadline: float) -> None:
        """Write the data sources; a Grafana that has just started again may not answer yet."""
        while True:
            try:
                sources = self._outdated_sources()
                if self._grafana and sources:
                    data_sources.write(self._grafana, sources, self._data())
                    self._log(f"Grafana: data sources with other certificates: {', '.join(one.uid for one in sources)}")
                return
            except GrafanaError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_EVERY_SECONDS)

    def _data(self) -> dict[str, dict[str, bytes]]:
        places = {source.certificate: self._settings.place(source.certificate) for source in self._settings.sources}
        stored = _existing(SecretStore(self._api, self._settings.owner), list(places.values()))
        return {name: stored[place] for name, place in places.items()}


def _followed(settings: Settings, store: SecretStore) -> dict:
    """The certificates as somebody else wrote them."""
    stored = _existing(store, [leaf.place for leaf in settings.declared.leaves])
    prints = {leaf.name: issuer.fingerprints(leaf, stored[leaf.place]) for leaf in settings.declared.leaves}
    return {"changed": False, "phases": [], "report": [], "certificates": prints}


def _existing(store: SecretStore, places: list[Place]) -> Stored:
    """The data of Secrets; raises WorkError for one that does not exist."""
    stored = store.read(places)
    missing = [place for place in places if place not in stored]
    if missing:
        raise WorkError(f"Secret {missing[0]}: it does not exist.")
    return stored
