# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml


def file_errors(text):
    """What is wrong with the shape of a rule file; what the expressions mean only Prometheus knows."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        return ["it is not YAML: %s" % " ".join(str(exc).split())]
    groups = content.get("groups") if isinstance(content, dict) else None
    if not isinstance(groups, list) or not groups:
        return ["it has no list 'groups'"]
    errors = []
    for number, group in enumerate(groups, 1):
        errors += group_errors(group, number)
    names = [group["name"] for group in groups if isinstance(group, dict) and group.get("name")]
    errors += [
        "it has two groups named %r" % name for name in sorted({n for n in names if names.count(n) > 1}, key=str)
    ]
    return errors


def group_errors(group, number):
    if not isinstance(group, dict) or not group.get("name") or not isinstance(group.get("rules"), list):
        return ["group %d lacks a name or a list 'rules'" % number]
    return [
        "group %r, rule %d: %s" % (group["name"], place, error)
        for place, rule in enumerate(group["rules"], 1)
        for error in rule_shape_errors(rule)
    ]


def rule_shape_errors(rule):
    if not isinstance(rule, dict):
        return ["it is not a mapping"]
    errors = []
    if ("record" in rule) == ("alert" in rule):
        errors.append("it needs either 'record' or 'alert'")
    if not rule.get("expr") and rule.get("expr") != 0:
        errors.append("it lacks 'expr'")
    return errors


def rule_errors(names, texts):
    names, texts = list(names), list(texts)
    errors, owner = [], {}
    for name, text in zip(names, texts):
        found = ["it is no file of UTF-8 text"] if text is None else file_errors(text)
        errors += ["%s: %s" % (name, error) for error in found]
        if found:
            continue
        for group in yaml.safe_load(text)["groups"]:
            # They all go into one file, where each name may be once.
            if group["name"] in owner:
                errors.append("%s: group %r is in %s too" % (name, group["name"], owner[group["name"]]))
            owner[group["name"]] = name
    return errors


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"rule_errors": rule_errors}
