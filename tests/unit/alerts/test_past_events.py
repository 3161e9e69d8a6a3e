# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Loki itself counts for the proposal of exceptions."""

from __future__ import annotations

import json

import loki_history
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import exceptions, past_events

RULE = exceptions.Rule("Write", "notice", (exceptions.ExceptionOf("e", ("proc.cmdline",), ("contains",)),))


def event(rule="Write", **fields):
    given = {"k8s.ns.name": "shop", "k8s.pod.name": "web-1", "proc.cmdline": 'sh -c "a b"', "user.name": None, **fields}
    return json.dumps({"output_fields": given, "rule": rule}, separators=(",", ":"))


def test_events_are_counted_by_their_fields(loki):
    story = loki_history.Story(loki, "counted")
    for at, line in enumerate([event(), event(), event(**{"k8s.pod.name": "web-2"}), event(rule="Other")]):
        story.said(600 + at, line)
    story.said(610, event(**{"k8s.ns.name": "pipeline-proof"}))
    story.said(611, "no event")
    story.told()
    text, labels = past_events.expression(RULE, "falco", ["pipeline-proof"], 1200)
    pod, command = (
        next(label for label, of in labels.items() if of == name) for name in ("k8s.pod.name", "proc.cmdline")
    )
    assert story.latest(text, 1200, by=pod) == {"web-1": 2.0, "web-2": 1.0}
    assert set(story.latest(text, 1200, by=command)) == {'sh -c "a b"'}
