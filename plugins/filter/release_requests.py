# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# What helm_releases takes of a release; a role's may say more.
_ASKED = ("name", "chart", "repository", "version", "values", "variables")


def release_requests(releases: list[dict], known: dict, namespace: str, names: list[str]) -> list[dict]:
    """The releases of these names as helm_releases takes them, with what helm_releases_info knows of each."""
    requests = []
    for release in releases:
        key = f"{namespace}/{release['name']}"
        if release["name"] in names:
            asked = {option: release[option] for option in _ASKED if option in release}
            # Nothing is told of one that may not be seen: null in the module's answer.
            ours = known["releases"].get(key, "absent")
            asked["exists"] = None if ours is None else ours != "absent"
            # All that somebody else set in one that is taken over is theirs.
            asked["managed"] = [] if ours is False else known["managed"].get(key)
            asked["newest"] = known["revisions"].get(key, 0)
            requests.append(asked)
    return requests


class FilterModule:
    def filters(self) -> dict:
        return {"release_requests": release_requests}
