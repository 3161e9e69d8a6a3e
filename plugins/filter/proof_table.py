# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a proof to people."""

from __future__ import annotations

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
