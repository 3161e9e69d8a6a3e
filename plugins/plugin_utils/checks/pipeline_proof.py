# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role pipeline_proof that depend on each other."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Inputs,
    Problem,
    condition,
)


@condition()
def continuous_proof(wanted: bool, inputs: Inputs) -> Problem | None:
    """False, or rules that can be proven, and an address at which a certificate is shown."""
    if not wanted:
        return None
    for source in ("loki", "prometheus"):
        variable = "pipeline_proof_continuous_%s_" % source
        secret, url = inputs[variable + "client_secret"], inputs[variable + "url"]
        if secret and not url.startswith("https://"):
            expected = "a %surl with https, as %sclient_secret is %r" % (variable, variable, secret)
            return Problem(expected, "would not show its certificate to %s" % url, "set one of the two")
    if inputs["__pipeline_proof_continuous_rules"]:
        return None
    expected = "false where none of the shipped rules is enabled (falco_ebpf_shipped_rules, falco_ebpf_rules_disabled)"
    return Problem(expected, "no rule to prove", "set it to false, or enable one of these rules")
