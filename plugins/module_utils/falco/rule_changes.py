# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between two states of rules files: rules, macros and lists that were added, removed or changed."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

_KINDS = ("rule", "macro", "list")
# How a change begins, and what it is called.
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def entries(text: str) -> dict[tuple[str, str], dict[str, str]]:
    """The entries of a rules file by kind and name, each with its keys as YAML; none of a text that is no YAML, which Falco reports.

    Of several entries of one name, as those that append to another one, the keys are joined.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    try:
        documents = list(yaml.compose_all(text.encode(), Loader=LOADER))
    except yaml.YAMLError:
        return {}
    for document in documents:
        for entry in getattr(document, "value", None) or []:
            keys = _keys(entry)
            for kind in _KINDS:
                if kind in keys:
                    name = keys[kind].value
                    known = found.setdefault((kind, str(name)), {})
                    for key, node in ((key, node) for key, node in keys.items() if key != kind):
                        known[key] = known.get(key, "") + _text(node)
    return found


def defined(texts: list[str]) -> set[str]:
    """The names of the rules that files define in full, not only change."""
    return {
        name
        for text in texts
        for (kind, name), keys in entries(text).items()
        if kind == "rule" and {"condition", "output"} <= set(keys) and not {"override", "append"} & set(keys)
    }


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """One line for each difference between rules files by name, of the files in their order.

    >>> changes({"a": "- rule: A\\n  priority: INFO\\n"}, {"a": "- rule: A\\n  priority: ERROR\\n- list: l\\n"})
    ["~ rule 'A' (a): priority", "+ list 'l' (a)"]
    """
    lines = []
    for file in sorted({**before, **after}):
        if before.get(file) == after.get(file):
            continue
        old, new = entries(before.get(file) or ""), entries(after.get(file) or "")
        for kind, name in sorted({**old, **new}, key=lambda one: (_KINDS.index(one[0]), one[1])):
            was, now = old.get((kind, name)), new.get((kind, name))
            if was == now:
                continue
            state = "added" if was is None else "removed" if now is None else "changed"
            keys = sorted(key for key in {**(was or {}), **(now or {})} if (was or {}).get(key) != (now or {}).get(key))
            more = ": " + ", ".join(keys) if state == "changed" else ""
            lines.append(f"{_SIGNS[state]} {kind} '{name}' ({file}){more}")
    return lines


def _keys(entry) -> dict:
    if not isinstance(entry, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in entry.value if isinstance(key, yaml.ScalarNode)}


def _text(node) -> str:
    """A value, written the same way however it was written: a folded condition is the one on a line."""
    if isinstance(node, yaml.ScalarNode):
        return " ".join(node.value.split())
    return yaml.serialize(node, width=10**6)
