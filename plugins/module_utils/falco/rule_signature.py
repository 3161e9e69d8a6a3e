# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether somebody's signature of an artifact is in its registry, checked by cosign."""

from __future__ import annotations

import hashlib
import json
import subprocess

from ansible.module_utils.common.process import get_bin_path
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

_FLAGS = {
    "issuer": "--certificate-oidc-issuer",
    "identity": "--certificate-identity",
    "identity_regexp": "--certificate-identity-regexp",
}


def mark(signer: dict) -> str:
    """A short name of a signer, "" for none: files that were checked for another one have another name.

    >>> mark({})
    ''
    """
    given = {key: text for key, text in signer.items() if text}
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:12] if given else ""


def fault(reference: str, signer: dict) -> str:
    """Why the artifact at a reference with a digest does not count as signed by a signer, "" where it does.

    signer: C(issuer) and one of C(identity) and C(identity_regexp), as of a Fulcio certificate. Raises WorkError without cosign.
    """
    try:
        program = get_bin_path("cosign")
    except ValueError as error:
        raise WorkError(
            "falco_ebpf_rule_sets_signer: cannot be checked (the program cosign is not in PATH). Expected cosign 2 or newer. "
            "Fix: install it on the host, or remove the variable. Nothing of it was used."
        ) from error
    identity = [f"{_FLAGS[key]}={signer[key]}" for key in _FLAGS if signer.get(key)]
    # run_command is a method of AnsibleModule, which the work does not know.
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        [program, "verify", *identity, reference],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return "" if done.returncode == 0 else _reason(done.stderr)


def _reason(stderr: str) -> str:
    """What cosign says after "Error:", else its last line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    return (errors or lines or ["cosign gave no reason"])[-1]
