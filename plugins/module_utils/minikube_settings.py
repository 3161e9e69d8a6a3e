# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a profile and what is asked for: only what was set here counts, the rest is kept.

Facts: cmd/minikube/cmd/start_flags.go, cmd/minikube/cmd/start.go and pkg/minikube/driver/driver.go of minikube v1.38.1.
"""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_record import digest

# What minikube adds to a profile's settings by itself, for btrfs, systemd-resolved, --disable-metrics and Cloud Shell.
AUTOMATIC = (
    "kubelet.localStorageCapacityIsolation",
    "kubelet.resolv-conf",
    "kubelet.housekeeping-interval",
    "kubelet.cgroups-per-qos",
    "kubelet.enforce-node-allocatable",
)
# minikube keeps its list where it gets none, and refuses an empty one. This is what it sets itself (bsutil/versions.go).
NEUTRAL = "scheduler.leader-elect=false"
# A driver without limits (pkg/minikube/driver/driver.go, HasResourceLimits) does nothing with these.
UNLIMITED = {"none": ("cpus", "memory", "base_image")}


def options(entries):
    """Entries C(component.key=value) as {component.key: value}; of two for one key minikube takes the last."""
    return dict(entry.split("=", 1) for entry in entries or [])


def entries(found):
    """The reverse of C(options), sorted."""
    return sorted("%s=%s" % item for item in found.items())


def set_here(record, current, made_here):
    """Settings of components that were set here: {component.key: value}.

    Before there was a record every start gave the whole list, so that all but minikube's own are ours in a profile that was
    made here. In any other none is.
    """
    if record.known:
        return record.extra_config
    found = options(current.get("extra_config")) if made_here else {}
    return {key: value for key, value in found.items() if key not in AUTOMATIC}


def merged(current, wanted, ours):
    """The settings for a start: the current ones without those that were set here and withdrawn, and the wanted ones."""
    found, asked = options(current), options(wanted)
    kept = {key: value for key, value in found.items() if key in asked or ours.get(key) != value}
    return entries(dict(kept, **asked))


def to_start(current, wanted, ours):
    """The same for minikube's command line, where an empty list has to be said with a setting that changes nothing."""
    whole = merged(current, wanted, ours)
    return whole or ([NEUTRAL] if current else [])


def files_differ(record, there, wanted):
    """Whether a node was started with other files than these: by the record, else by what lies in minikube's folder."""
    if record.known:
        return record.files != {path: digest(content) for path, content in wanted.items()}
    return any(there.get(path) != content for path, content in wanted.items())


def drift(current, wanted, record, made_here):
    """Names of the settings that are asked for and differ. What is not asked for stays as it is."""
    names = []
    for name, value in wanted.items():
        if value is None or name in UNLIMITED.get(current.get("driver"), ()):
            continue
        if name == "extra_config":
            differs = merged(current.get(name), value, set_here(record, current, made_here)) != entries(
                options(current.get(name))
            )
        elif name == "files":
            differs = files_differ(record, current.get(name) or {}, value)
        elif name == "base_image":
            differs = not same_image(current.get(name), value)
        else:
            differs = current.get(name) != value
        if differs:
            names.append(name)
    return names


def same_image(have, value):
    """Whether minikube's record of a base image means the one that was given."""
    if have:
        # minikube adds the digest it found to the name it was given.
        have = have.split("@", 1)[0]
        # It takes the second colon of HOST:PORT/NAME:TAG for that of a digest, and forgets the tag.
        if value.count(":") == 2 and "@" not in value:
            value = value.rpartition(":")[0]
            have = have if have.count(":") == 1 else have.rpartition(":")[0]
    return have == value
