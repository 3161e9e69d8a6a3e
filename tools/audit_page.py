#!/usr/bin/env python3
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the generated parts of the pages about detections: what there is, and what of ATT&CK they and Falco's rules cover."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[1]
# The second is not in the archive.
PAGES = (TOP / "docs" / "audit.md", TOP / "docs" / "audit_reference.md")
DETECTIONS = TOP / "roles" / "grafana_wiring" / "files" / "audit" / "detections.yml"
# What only readers of the page need.
NOTES = Path(__file__).with_name("audit_notes.yml")
RULES = TOP / "roles" / "falco_ebpf" / "files" / "rules" / "runtime_security_rules.yaml"
# Techniques of the matrix for containers (version 17) with their tactics.
MATRIX = {
    "T1053": ("Scheduled Task/Job", "execution, persistence, privilege escalation"),
    "T1070": ("Indicator Removal", "defense evasion"),
    "T1078": ("Valid Accounts", "initial access, persistence, privilege escalation, defense evasion"),
    "T1098": ("Account Manipulation", "persistence, privilege escalation"),
    "T1133": ("External Remote Services", "initial access, persistence"),
    "T1204": ("User Execution", "execution"),
    "T1499": ("Endpoint Denial of Service", "impact"),
    "T1528": ("Steal Application Access Token", "credential access"),
    "T1552": ("Unsecured Credentials", "credential access"),
    "T1562": ("Impair Defenses", "defense evasion"),
    "T1609": ("Container Administration Command", "execution"),
    "T1610": ("Deploy Container", "execution, defense evasion"),
    "T1611": ("Escape to Host", "privilege escalation"),
    "T1613": ("Container and Resource Discovery", "discovery"),
}
# Techniques of the matrix for enterprises that Falco's rules name.
OTHERS = {
    "T1059": ("Command and Scripting Interpreter", "execution"),
    "T1105": ("Ingress Tool Transfer", "command and control"),
    "T1505": ("Server Software Component", "persistence"),
    "T1555": ("Credentials from Password Stores", "credential access"),
    "T1565": ("Data Manipulation", "impact"),
}


def detections() -> list[dict]:
    return yaml.safe_load(DETECTIONS.read_text(encoding="utf-8"))


def falco_rules() -> list[dict]:
    return [entry for entry in yaml.safe_load(RULES.read_text(encoding="utf-8")) if "rule" in entry]


def _line(text: str) -> str:
    return " ".join(text.split())


def _rule_of(entry: dict) -> str:
    return f"audit-{entry.get('group') or entry['uid']}"


def table() -> str:
    rows = [
        f"| {entry['uid']} | {entry['title']} | {entry['priority']} | {entry['technique']} | `{_rule_of(entry)}` |"
        for entry in detections()
    ]
    return "\n".join(["| detection | rule | priority | ATT&CK | alert rule |", "|---|---|---|---|---|", *rows])


def descriptions() -> str:
    parts = []
    notes = yaml.safe_load(NOTES.read_text(encoding="utf-8"))
    for entry in detections():
        entry |= notes[entry["uid"]]
        lines = [f"## {entry['uid']}", "", _line(entry["description"]), ""]
        lines += [f"- Raised by: {_line(entry['raises'])}", f"- Not raised by: {_line(entry['silent'])}"]
        parts.append("\n".join([*lines, f"- Noisy: {_line(entry['noisy'])}", "", _line(entry["runbook"])]))
    return "\n\n".join(parts)


def matrix() -> str:
    kernel: dict[str, list[str]] = {}
    for rule in falco_rules():
        for tag in rule.get("tags") or []:
            if re.fullmatch(r"T\d{4}", tag):
                kernel.setdefault(tag, []).append(rule["rule"])
    api: dict[str, list[str]] = {}
    for entry in detections():
        api.setdefault(entry["technique"], []).append(entry["uid"])
    rows = []
    for technique in sorted(set(kernel) | set(api)):
        name, tactics = (MATRIX | OTHERS)[technique]
        cells = [", ".join(found.get(technique, [])) or "-" for found in (kernel, api)]
        rows.append(f"| {technique} | {name} | {tactics} | {cells[0]} | {cells[1]} |")
    head = "| technique | name | tactics | kernel (Falco's rules) | API, events and nodes (detections) |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def filled(text: str) -> str:
    """A page with its generated parts as they have to be."""
    for name, part in (("table", table()), ("matrix", matrix()), ("descriptions", descriptions())):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        if begin not in text:
            continue
        before, rest = text.split(begin)
        text = before + begin + part + "\n" + end + rest.split(end, 1)[1]
    return text


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
