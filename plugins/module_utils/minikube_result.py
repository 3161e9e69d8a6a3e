# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What minikube_cluster returns of what it did, or would do. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube_settings


def result_of(profile, state, steps, before, wanted):
    """The module's result; the cluster's settings are those after the task, in check mode those before it."""
    after = profile.settings() if steps and not profile.check_mode else before
    if profile.check_mode and steps:
        after = _announced(profile, before, wanted)
    done = ("missing" if wanted is None else "running") if steps else state
    found = {
        "changed": bool(steps),
        "state": state,
        "steps": steps,
        "diff": {"before": dict(before or {}, state=state), "after": dict(after or {}, state=done)},
    }
    cluster = before if profile.check_mode else after
    if cluster:
        found["cluster"] = {name: value for name, value in cluster.items() if name != "files"}
    return found


def _announced(profile, before, wanted):
    if wanted is None:
        return None
    after = dict(before or {}, **{name: value for name, value in wanted.items() if value is not None})
    ours = minikube_settings.set_here(profile.record, before or {}, bool(profile.lock.noted()))
    after["extra_config"] = minikube_settings.merged((before or {}).get("extra_config"), wanted["extra_config"], ours)
    return after
