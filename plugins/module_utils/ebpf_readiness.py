# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of ebpf_readiness_info. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import evaluate, observe
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.options import (
    DRIVERS,
    argument_spec,
    wrong_option,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

ARGUMENTS = {**argument_spec(), "require": {"type": "str", "choices": [*DRIVERS, "any"]}}


def wrong_requirement(options):
    """What is wrong with the option require, None when nothing is."""
    if options["require"] in options["drivers"] + ["any", None]:
        return None
    return "require is {0!r}, which is not among the drivers evaluated ({1}); add it to drivers.".format(
        options["require"], ", ".join(options["drivers"])
    )


def unmet(required, result):
    """Why the required driver is not ready; None when it is."""
    if required is None or (required == "any" and result["recommended_driver"]):
        return None
    names = [name for name in DRIVERS if name in result["drivers"] and required in (name, "any")]
    if all(result["drivers"][name]["verdict"] == "ready" for name in names):
        return None
    lines = []
    for name in names:
        driver = result["drivers"][name]
        lines.append("Falco's driver {0}: {1}.".format(name, driver["verdict"].replace("_", " ")))
        lines.extend("- " + reason for reason in driver["reasons"])
    return "\n".join(lines)


def run(params, mode):
    """Look at this machine, and evaluate; raises WorkError where the required driver is not ready."""
    options = dict(params)
    problem = wrong_option(options) or wrong_requirement(options)
    if problem:
        raise WorkError(problem)
    result = evaluate.evaluate(observe.observe(options), options)
    result["falco_version"] = options["falco_version"]
    problem = unmet(options["require"], result)
    if problem:
        raise WorkError(problem, **result)
    return result
