# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the readiness check, for the module that checks this machine and for the one that asks pods."""

from . import requirements

DRIVERS = ["modern_ebpf", "kmod", "ebpf"]


def argument_spec():
    """Their argument specification; what each means is in the module ebpf_readiness_info."""
    return {
        "falco_version": {"type": "str", "default": "0.45.1"},
        "drivers": {"type": "list", "elements": "str", "choices": DRIVERS},
        "least_privilege": {"type": "bool", "default": False},
        "buffer_preset": {"type": "int", "default": 4},
        "cpus_for_each_buffer": {"type": "int", "default": 2},
        "host_root": {"type": "path", "default": ""},
    }


def wrong_option(options):
    """What is wrong with the options and how to correct it, None when nothing is; completes the drivers to check."""
    release = requirements.release_for(options["falco_version"])
    oldest = requirements.RELEASES[0]["since"]
    if release is None:
        return "falco_version is {0!r}; give a release from {1} on, such as {2}.".format(
            options["falco_version"], oldest, requirements.LATEST
        )
    if options["buffer_preset"] not in requirements.BUFFER_PRESETS:
        return "buffer_preset is {0}; give 1 to 10 (4 is 8 MiB).".format(options["buffer_preset"])
    if options["cpus_for_each_buffer"] < 0:
        return "cpus_for_each_buffer is {0}; give 0 or more.".format(options["cpus_for_each_buffer"])
    options["drivers"] = options["drivers"] or list(release["drivers"])
    return None
