# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of inputs of the role metrics_stack that depend on each other."""

from __future__ import annotations

import typing as t

import yaml
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.addresses import is_url
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Inputs,
    Problem,
    condition,
    named,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.names import is_dns_subdomain


@named
def url_of_existing(mode: str) -> Check:
    """An address, which is needed where another input says that the program exists already."""

    def find(value: t.Any, inputs: t.Any) -> Problem | None:
        if is_url(value) or (value == "" and inputs[mode] != "existing"):
            return None
        expected = "an http or https address, needed where %s is existing" % mode
        return Problem(expected, example="https://grafana.example.com")

    return Check(find)


@condition()
def ingress_tls_secret(secret: str, inputs: Inputs) -> Problem | None:
    """A Secret, where there is an Ingress."""
    if secret == "" or (inputs["metrics_stack_grafana_ingress_host"] != "" and is_dns_subdomain(secret)):
        return None
    return Problem("the name of a Secret, or '' where metrics_stack_grafana_ingress_host is ''", example="grafana-tls")


@condition()
def prometheus_tls(tls: t.Any, inputs: Inputs) -> Problem | None:
    """Mutual TLS, where Prometheus can have it."""
    if not boolean(tls) or inputs["metrics_stack_prometheus_mode"] != "operator":
        return None
    # The operator has the node ask whether Prometheus is ready, and the node has no certificate.
    return Problem("false, as metrics_stack_prometheus_mode is operator", fix="set it to false")


@condition()
def prometheus_rules(files: list[str], inputs: Inputs) -> Problem | None:
    """Files of rules that the role gives to its Prometheus."""
    if inputs["metrics_stack_prometheus_mode"] == "existing":
        return None
    problems = rule_problems(files, inputs["__metrics_stack_rule_texts"])
    return (
        problems and Problem("files with groups of Prometheus rules", "; ".join(problems), "correct the files")
    ) or None


def rule_problems(names: list[str], texts: list[str | None]) -> list[str]:
    """What is wrong with the shape of rule files; what the expressions mean only Prometheus knows."""
    problems, owner = [], {}
    for name, text in zip(names, texts):
        found = ["no readable file of UTF-8 text"] if text is None else _file_problems(text)
        problems += ["%s: %s" % (name, problem) for problem in found]
        for group in [] if found else yaml.safe_load(text)["groups"]:
            # They all go into one file, where each name may be once.
            if group["name"] in owner:
                problems.append("%s: group %r is in %s too" % (name, group["name"], owner[group["name"]]))
            owner[group["name"]] = name
    return problems


def _file_problems(text: str) -> list[str]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        return ["it is not YAML: %s" % " ".join(str(exc).split())]
    groups = content.get("groups") if isinstance(content, dict) else None
    if not isinstance(groups, list) or not groups:
        return ["it has no list 'groups'"]
    problems = [problem for number, group in enumerate(groups, 1) for problem in _group_problems(group, number)]
    names = [group["name"] for group in groups if isinstance(group, dict) and group.get("name")]
    twice = sorted({name for name in names if names.count(name) > 1}, key=str)
    return problems + ["it has two groups named %r" % name for name in twice]


def _group_problems(group: t.Any, number: int) -> list[str]:
    if not isinstance(group, dict) or not group.get("name") or not isinstance(group.get("rules"), list):
        return ["group %d lacks a name or a list 'rules'" % number]
    return [
        "group %r, rule %d: %s" % (group["name"], place, problem)
        for place, rule in enumerate(group["rules"], 1)
        for problem in _rule_problems(rule)
    ]


def _rule_problems(rule: t.Any) -> list[str]:
    if not isinstance(rule, dict):
        return ["it is not a mapping"]
    problems = []
    if ("record" in rule) == ("alert" in rule):
        problems.append("it needs either 'record' or 'alert'")
    if not rule.get("expr") and rule.get("expr") != 0:
        problems.append("it lacks 'expr'")
    return problems
