# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's rules: the files made of the role's input, and what of them Falco would never load."""

from __future__ import annotations

import hashlib
import json
import re

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rule_changes import defined
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

SHIPPED = "the role's own rules (falco_ebpf_shipped_rules)"
# The Falco project's rule sets, by the variables that choose their versions.
STABLE = "falco_ebpf_stable_rules"
SETS = {"stable": STABLE, "incubating": "falco_ebpf_incubating_rules", "sandbox": "falco_ebpf_sandbox_rules"}
# Items that are not a user's own.
VENDOR_ITEMS = {SHIPPED, *SETS.values()}
# The rules file of Falco's image, the stable set of its release.
IMAGE_FILE = "/etc/falco/falco_rules.yaml"
FOLDER = "/etc/falco/rules.d/"
RULES_FILE = re.compile(r".+\.ya?ml\Z")
# A ConfigMap takes 1 MiB, and so does the Secret in which Helm keeps a release: it has the chart, and the rules twice, compressed.
MOST_BYTES = 600 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_FILE = {name: {"type": "str", "required": True} for name in ("file", "item", "content")}
# How a module takes them; doc_fragments/rules_files.py describes it.
FILES_OPTION = {"type": "list", "elements": "dict", "required": True, "options": _FILE}


def item_problems(item, names):
    """What is wrong with the shape of an item; names are those of the items before it."""
    if not isinstance(item, dict):
        return ["is not a dictionary; it needs name, and content or src"]
    problems = []
    unknown = sorted(set(item) - {"name", "content", "src"})
    if unknown:
        problems.append("has the unknown key %s; it needs name, and content or src" % ", ".join(map(str, unknown)))
    name = item.get("name")
    if not isinstance(name, str) or not NAME.match(name):
        problems.append("needs a name of letters, digits, '.', '_' and '-', at most 100 characters")
    elif name in names:
        problems.append(
            "has a name that an item before it has; later items override earlier ones, so put both into one or rename it"
        )
    if ("content" in item) == ("src" in item):
        problems.append("needs either content (text of a rules file) or src (path of one)")
    return problems


def content_problems(text):
    """What is wrong with the text of a rules file before Falco reads it."""
    if not isinstance(text, str):
        return ["is no text: content is a rules file as text, begin it with '|'"]
    try:
        # Composed, not constructed: the operator '=' is a text for Falco, and no text for this library.
        # As bytes, since Ansible's texts are of a kind of their own.
        documents = list(yaml.compose_all(text.encode(), Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = "line %d, column %d: " % (mark.line + 1, mark.column + 1) if mark else ""
        return ["is not YAML: %s%s" % (where, error.problem)]
    except yaml.YAMLError as error:
        return ["is not YAML: %s" % error]
    for document in documents:
        if _is_null(document):
            continue
        if not isinstance(document, yaml.SequenceNode):
            return ["is not a list of rules, macros and lists"]
        for number, entry in enumerate(document.value, 1):
            if not _is_null(entry) and not isinstance(entry, yaml.MappingNode):
                return ["has an entry (number %d) that is not a dictionary" % number]
    return []


def _is_null(node):
    return node is None or node.tag == "tag:yaml.org,2002:null"


def read_items(items, shipped, read, sets=()):
    """The files in the order in which Falco reads them, and what is wrong with the items.

    shipped is the text of our own rules, or None; read gives the text of a path, or None where there is no such file. sets are the
    files of rule sets, the first ones.
    """
    files, problems = list(sets), []
    for each in sets:
        problems += ["%s %s" % (each["item"], problem) for problem in content_problems(each["content"])]
    if shipped is not None:
        files.append({"file": "000-runtime_security_rules.yaml", "item": SHIPPED, "content": shipped})
    names = set()
    for index, item in enumerate(items):
        label = "falco_ebpf_rules[%d]" % index
        wrong = item_problems(item, names)
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            label += " '%s'" % item["name"]
            names.add(item["name"])
        if not wrong:
            text = item["content"] if "content" in item else read(item["src"])
            wrong = (
                ["has the src '%s', and there is no such file of UTF-8 text" % item["src"]]
                if text is None
                else content_problems(text)
            )
        problems += ["%s %s" % (label, problem) for problem in wrong]
        if not wrong:
            files.append({"file": "%03d-%s.yaml" % (index + 1, item["name"]), "item": label, "content": text})
    size = sum(len(each["content"].encode()) for each in files)
    if size > MOST_BYTES:
        problems.append("the rules have %d bytes, at most %d fit" % (size, MOST_BYTES))
    return {"files": files, "problems": problems}


def noisy_names(files, noisy):
    """The names of the rules to disable: those that noisy has for the rule sets in files, unless another file defines them itself.

    >>> noisy_names([{"item": STABLE, "content": ""}], {STABLE: ["A"], "falco_ebpf_sandbox_rules": ["B"]})
    ['A']
    """
    own = defined([each["content"] for each in files if each["item"] not in SETS.values()])
    return [name for each in files for name in noisy.get(each["item"]) or [] if name not in own]


def selection(disabled, enabled, noisy=()):
    """Falco's key rules. The last entry that fits a rule wins, so what is named in both, or is noisy and named, is on."""
    return [{"disable": {"rule": name}} for name in noisy] + [
        {verb: {key: text}}
        for verb, chosen in (("disable", disabled), ("enable", enabled))
        for key, option in (("rule", "names"), ("tag", "tags"))
        for text in chosen.get(option) or []
    ]


def fingerprint(files, values, others):
    """A hash of what Falco's verdict on rules depends on: their texts, the values that are not its receiver's, and others.

    >>> fingerprint([], {"falcosidekick": {"replicaCount": 2}}, []) == fingerprint([], {}, [])
    True
    """
    of_falco = {key: value for key, value in values.items() if key != "falcosidekick"}
    parts = [[each["content"] for each in files], of_falco, others]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def never_loaded(values, files):
    """What of falco_ebpf_values keeps rules from being loaded, each as a text; values are the user's, files those of read_items."""
    problems = []
    falco, custom = values.get("falco") or {}, values.get("customRules") or {}
    names = {each["file"]: each["item"] for each in files}
    for name in custom:
        if not RULES_FILE.match(name):
            problems.append("customRules has the file '%s', and Falco reads only *.yaml and *.yml" % name)
        elif name in names:
            problems.append(
                "customRules has the file '%s', which is that of %s. Give it another name" % (name, names[name])
            )
    paths = falco.get("rules_files")
    if paths is not None and (names or custom):
        read = [str(path).rstrip("/") + "/" for path in paths]
        lost = sorted(name for name in {*names, *custom} if FOLDER not in read and FOLDER + name + "/" not in read)
        if lost:
            problems.append(
                "falco.rules_files lacks %s, where %s would be. Add it, or have no such rules (falco_ebpf_shipped_rules: false)"
                % (FOLDER.rstrip("/"), ", ".join(lost))
            )
    if IMAGE_FILE in map(str, paths or []) and STABLE in names.values():
        problems.append("falco.rules_files has %s, the place of which %s takes. Remove it" % (IMAGE_FILE, STABLE))
    artifact = (values.get("falcoctl") or {}).get("artifact") or {}
    if _enabled(artifact, "follow") and not _enabled(artifact, "install"):
        problems.append(
            "falcoctl.artifact.follow brings rules after the start, when nothing validates them. Set falcoctl.artifact.install.enabled too"
        )
    return problems


def _enabled(artifact, part):
    return bool((artifact.get(part) or {}).get("enabled"))
