# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.chart_source import ChartError, Source
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import digest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_values import (
    UnreadableValue,
    helm_values,
)


def identity(release: dict) -> tuple[str, str]:
    """Name and version of the chart that a release asks for."""
    try:
        return Source(release["chart"], release.get("repository", ""), release["version"]).identity()
    except ChartError as exc:
        raise AnsibleFilterError(f"Release {release['name']}: {exc}") from exc


def wanted(release: dict) -> str:
    """Digest of what a release asks for."""
    try:
        return digest(*identity(release), helm_values(release["values"]))
    except UnreadableValue as exc:
        raise AnsibleFilterError(f"Release {release['name']}: {exc}") from exc


def helm_releases_due(releases: list[dict], deployed: dict[str, str], namespace: str) -> list[dict]:
    return [release for release in releases if deployed.get(f"{namespace}/{release['name']}") != wanted(release)]


class FilterModule:
    def filters(self) -> dict:
        return {"helm_releases_due": helm_releases_due}
