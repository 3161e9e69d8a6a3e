# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's events of the last days, counted by Loki: it has many more lines than one wants to read."""

from __future__ import annotations

import time
import typing as t

from ..proof.grafana import Reader, Refused
from ..proof.queries import samples_of
from .exceptions import POD, Rule
from .noise import CONTEXT, Seen

DAY = 86400
_SHORTEST = 60
# How Loki refuses an answer with too many series: "maximum of series (500) reached", from 3.6 on "maximum number of series (500)".
_TOO_MANY = "of series ("


def expression(rule: Rule, namespace: str, excluded: list[str], seconds: int) -> tuple[str, dict[str, str]]:
    """LogQL that counts a rule's events by all that matters, and the field of each of its labels."""
    fields = sorted({POD, *CONTEXT, *(field for one in rule.exceptions for field in one.fields)})
    labels = {f"f{number}": field for number, field in enumerate(fields)}
    parsed = ", ".join([f'{label}="output_fields[\\"{field}\\"]"' for label, field in labels.items()])
    others = "".join(f' | {_label(labels, CONTEXT[0])} != "{name}"' for name in excluded)
    return (
        f'sum by ({", ".join(labels)}) (count_over_time({{namespace="{namespace}", container="falco"}} |= `"rule":` '
        f'| json rule="rule", {parsed} | rule = "{rule.name}"{others} [{seconds}s]))'
    ), labels


def _label(labels: dict[str, str], field: str) -> str:
    return next(label for label, of in labels.items() if of == field)


class Past:
    """Asks by Grafana's data source."""

    def __init__(self, grafana: Reader, uid: str, namespace: str, excluded: list[str]) -> None:
        self._grafana = grafana
        self._uid = uid
        self._namespace = namespace
        self._excluded = excluded

    def read(self, rules: list[Rule], days: int) -> list[Seen]:
        """Days are counted backwards from now."""
        now = int(time.time())
        return [seen for rule in rules for day in range(days) for seen in self._window(rule, day, now - day * DAY, DAY)]

    def _window(self, rule: Rule, day: int, end: int, seconds: int) -> t.Iterator[Seen]:
        text, labels = expression(rule, self._namespace, self._excluded, seconds)
        query = {
            "refId": "A",
            "datasource": {"type": "loki", "uid": self._uid},
            "expr": text,
            "queryType": "instant",
        }
        try:
            answer = self._grafana.query(
                {"queries": [query], "from": str((end - seconds) * 1000), "to": str(end * 1000)}
            )
        except Refused as exc:
            if _TOO_MANY not in str(exc) or seconds <= _SHORTEST:
                raise
            yield from self._window(rule, day, end, seconds // 2)
            yield from self._window(rule, day, end - seconds // 2, seconds - seconds // 2)
            return
        for sample in samples_of(answer):
            fields = {field: sample.labels[label] for label, field in labels.items() if sample.labels.get(label)}
            yield Seen(rule.name, fields, day, int(sample.value))
