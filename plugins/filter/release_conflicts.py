# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def release_conflicts(
    releases: dict[str, bool | None],
    role: str,
    namespace: str,
    names: list[str],
    take_ownership: bool = False,
    alone: dict[str, str] | None = None,
) -> list[str]:
    """What stands in the way of a role's releases, each with the remedy."""
    conflicts = []
    unseen = [name for name in names if releases.get(f"{namespace}/{name}", True) is None]
    if unseen and not take_ownership:
        conflicts.append(
            f"Whether somebody else installed {' or '.join(unseen)} in namespace {namespace} cannot be seen: the right to list "
            f"secrets and configmaps there is missing. Nothing was changed. Grant it to the account of {role}_kubeconfig and "
            f"{role}_context, set {role}_namespace to another namespace, or set {role}_take_ownership to true to have this role take "
            "over what is there."
        )
    for name in names:
        if releases.get(f"{namespace}/{name}") is False and not take_ownership:
            conflicts.append(
                f"Release {name} in namespace {namespace} was not installed by this collection. Nothing was changed. Set "
                f"{role}_namespace to another namespace, uninstall it (helm uninstall {name} --namespace {namespace}), or "
                f"set {role}_take_ownership to true to have this role take it over."
            )
    for name, reason in (alone or {}).items():
        others = [key.partition("/")[0] for key, ours in releases.items() if ours and key.partition("/")[2] == name]
        for other in others:
            if other != namespace:
                conflicts.append(
                    f"Release {name} of this collection stands in namespace {other} already, and {reason}. Nothing was "
                    f"changed. Set {role}_namespace to {other}, or remove that one first (the role {role} with "
                    f"tasks_from: remove and {role}_namespace: {other})."
                )
    return conflicts


class FilterModule:
    def filters(self) -> dict:
        return {"release_conflicts": release_conflicts}
