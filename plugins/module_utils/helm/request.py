# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for of one release, and whether the deployed one is that. Private to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.chart_source import ChartError, Source
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.comparison import (
    digest,
    merged,
    part,
    value_paths,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_values import (
    UnreadableValue,
    helm_values,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


class Request(t.NamedTuple):
    """A release as it is to be; of one without a source only the name counts."""

    name: str
    source: Source | None
    chart: str
    version: str
    values: dict
    # Names of the variables that messages name, by what they are about.
    variables: dict[str, str]
    # What to do about some of Helm's reasons, each {said, remedy}.
    remedies: list[dict]
    # Why a cluster can have one release of this name only, "" where it can have several.
    one_per_cluster: str

    def outdated(self, found: Found) -> bool:
        """Whether something else is deployed than what is asked for, or nothing."""
        now = found.content
        if found.owner is not Owner.MANAGED or found.status != "deployed" or now is None:
            return True
        values = now.values if found.paths is None else part(now.values, found.paths)
        return digest(now.chart, now.version, values) != digest(self.chart, self.version, self.values)

    def next_values(self, found: Found) -> dict:
        """The values for Helm: those that are asked for, and what others have set of the same chart.

        Raises WorkError where these cannot be read.
        """
        if not found.exists or found.paths is None:
            return self.values
        if found.content is None:
            raise WorkError(
                f"Release {self.name}: the values that others set in it cannot be read. Expected the right to get secrets in its "
                "namespace. It was not changed. Fix: grant it to this account."
            )
        if found.content.chart != self.chart:
            return self.values
        return merged(found.content.values, found.paths, self.values)

    def paths(self, found: Found) -> list[str]:
        """Where values are ours until Helm has ended: those of the last time, and those that are asked for."""
        before = found.paths or []
        return sorted({*before, *value_paths(self.values)})


def requests(releases: list[dict], names_only: bool = False) -> list[Request]:
    """What the option says of each, or only which they are; raises WorkError for what cannot be meant."""
    names = [release["name"] for release in releases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WorkError(
            f"releases: release {', '.join(twice)} is listed more than once. Expected each name once. Fix: remove one of them."
        )
    return [_request({"name": release["name"]} if names_only else release) for release in releases]


def _request(release: dict) -> Request:
    name, chart = release["name"], release.get("chart") or ""
    try:
        source = Source(chart, release.get("repository") or "", release.get("version") or "") if chart else None
        identity = source.identity() if source else ("", "")
        values = helm_values(release.get("values") or {})
    except (ChartError, UnreadableValue) as error:
        raise WorkError(f"Release {name}: {error}") from error
    return Request(
        name,
        source,
        *identity,
        values,
        release.get("variables") or {},
        release.get("remedies") or [],
        release.get("one_per_cluster") or "",
    )
