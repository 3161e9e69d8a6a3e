# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a proof to people."""

from __future__ import annotations

DOCUMENTATION = r"""
name: proof_table
short_description: Show a proof as a table
version_added: 0.1.0
description:
  - Turns the result of M(runtime_security.kubernetes.pipeline_proof) into lines of text with aligned columns.
  - The columns are the verdict, the seconds, the name and the detail.
positional: _input, skipped
options:
  _input:
    description: The lines of the proof, each with C(name), C(ok), C(seconds) and C(detail).
    type: list
    elements: dict
    required: true
  skipped:
    description: Lines that were skipped, each with C(name) and C(reason). They are shown last.
    type: list
    elements: dict
    default: []
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
"""

EXAMPLES = r"""
- name: Show the proof
  ansible.builtin.debug:
    msg: "{{ run.proof | runtime_security.kubernetes.proof_table(run.skipped_checks) }}"
"""

RETURN = r"""
_value:
  description: One text for each line.
  type: list
  elements: str
  sample:
    - "ok  0.12 s  data source loki answers       answered a query"
    - "ok  1.48 s  a pod's log line reaches Loki  1 line"
"""

import typing as t

from ansible.errors import AnsibleFilterError


def proof_table(proof: list[dict], skipped: t.Sequence[dict] = ()) -> list[str]:
    """One text line for each line of the proof, columns aligned, then the lines that were skipped."""
    try:
        rows = [
            ("ok" if entry["ok"] else "NOT OK", f"{entry['seconds']:.2f} s", entry["name"], entry["detail"])
            for entry in proof
        ]
        rows += [("skipped", "", entry["name"], entry["reason"]) for entry in skipped]
    except (KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(
            f"proof_table takes a list of {{name, ok, seconds, detail}} and a list of {{name, reason}}: {exc!r}"
        ) from exc
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        f"{verdict:<{widths[0]}}  {seconds:>{widths[1]}}  {name:<{widths[2]}}  {detail}".rstrip()
        for verdict, seconds, name, detail in rows
    ]


class FilterModule:
    def filters(self) -> dict[str, t.Callable]:
        return {"proof_table": proof_table}
