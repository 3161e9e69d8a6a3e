# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's events of the last days, counted by Loki."""

from __future__ import annotations

import typing as t

from ..loki.past import DAY, by_day
from ..proof.grafana import Reader
from .exceptions import POD, Rule
from .noise import CONTEXT, Seen


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
        return [seen for rule in rules for seen in self._events(rule, days)]

    def _events(self, rule: Rule, days: int) -> t.Iterator[Seen]:
        def text(seconds: int) -> str:
            return expression(rule, self._namespace, self._excluded, seconds)[0]

        _text, labels = expression(rule, self._namespace, self._excluded, DAY)
        for day, sample in by_day(self._grafana, self._uid, text, days):
            fields = {field: sample.labels[label] for label, field in labels.items() if sample.labels.get(label)}
            yield Seen(rule.name, fields, day, int(sample.value))
