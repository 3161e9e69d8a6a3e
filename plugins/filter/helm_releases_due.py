# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import tarfile
from pathlib import Path

import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import digest


def chart_of(release: dict) -> tuple[str, str]:
    """Name and version of the chart that a release asks for."""
    if not release["chart"].startswith(("/", ".", "~")):
        return release["chart"].rstrip("/").rpartition("/")[2], release["version"]
    path = Path(release["chart"]).expanduser()
    try:
        if path.is_dir():
            text = (path / "Chart.yaml").read_bytes()
        else:
            with tarfile.open(path) as archive:
                text = next(
                    archive.extractfile(entry).read()
                    for entry in archive
                    if entry.isfile() and entry.name.count("/") == 1 and entry.name.endswith("/Chart.yaml")
                )
        metadata = yaml.safe_load(text)
        return metadata["name"], metadata["version"]
    except (OSError, tarfile.TarError, yaml.YAMLError, KeyError, TypeError, StopIteration) as exc:
        raise AnsibleFilterError(f"The chart '{path}' of release {release['name']} cannot be read: {exc}") from exc


def helm_releases_due(releases: list[dict], deployed: dict[str, str], namespace: str) -> list[dict]:
    return [
        release
        for release in releases
        if deployed.get(f"{namespace}/{release['name']}") != digest(*chart_of(release), release["values"])
    ]


class FilterModule:
    def filters(self) -> dict:
        return {"helm_releases_due": helm_releases_due}
