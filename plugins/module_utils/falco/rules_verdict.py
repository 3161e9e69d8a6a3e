# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Falco said of rules files: errors and warnings with item, file, line and column.

The form is that of falco -o json_output=true --validate (falcosecurity/falco, userspace/engine/rule_loader.cpp, as_json); codes and
their meaning are in falco_load_result.cpp.
"""

from __future__ import annotations

import json
import re

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules import FOLDER, VENDOR_ITEMS
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_job import SKIPPED
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

# Files that Falco's image or falcoctl brings; the local one is for users.
_VENDOR = re.compile(r"/etc/falco/(?!falco_rules\.local\.)[^/]+_rules\.ya?ml\Z")
# In the chart's list by default, and in few images: nobody misses it.
_OPTIONAL = "/etc/falco/falco_rules.local.yaml"
_UNUSED = {"LOAD_UNUSED_MACRO": "macro", "LOAD_UNUSED_LIST": "list"}
# All rules are compiled again with each file: what the last one says holds, since a later file may use or change what is before it.
_OF_ALL_FILES = {*_UNUSED, "LOAD_NO_EVTTYPE", "LOAD_UNKNOWN_FILTER", "LOAD_UNSAFE_NA_CHECK", "LOAD_COMPILE_CONDITION"}


def verdict(log, files, priority="debug"):
    """errors (an empty list if Falco takes the rules), warnings of users' files, and notes on the files of others.

    files are those of rules.read_items, priority is falco.priority, below which rules are not loaded.
    """
    lines = [line for line in log.splitlines() if line.startswith('{"falco_load_results"')]
    if not lines:
        said = [line for line in log.splitlines() if line.strip() and not line.startswith(SKIPPED)][-5:]
        return {
            "errors": ["Falco gave no verdict. Its last lines: %s" % (" | ".join(said) or "none")],
            "warnings": [],
            "notes": [],
        }
    results = json.loads(lines[-1])["falco_load_results"]
    items = {FOLDER + each["file"]: each["item"] for each in files}
    # A rule that cannot be compiled is an error of each file behind it too.
    errors = _unique(_finding(error, items)[1] for result in results for error in result["errors"])
    found = [(*_finding(warning, items), warning["code"]) for warning in _lasting(results)]
    # What only the image's rules ask that the role's take the place of is nothing to correct.
    found = [(own, text) for own, text, code in found if own or code not in _UNUSED]
    skipped = [line.removeprefix(SKIPPED) for line in log.splitlines() if line.startswith(SKIPPED)]
    found += [(True, "falco.rules_files: never loads %s." % what) for what in skipped if not what.startswith(_OPTIONAL)]
    loaded = {result["name"] for result in results}
    for each in files:
        if FOLDER + each["file"] not in loaded:
            found.append(
                (
                    each["item"] not in VENDOR_ITEMS,
                    "%s (%s%s) is never loaded: the sensor's rules_files or arguments (-r) leave it out."
                    % (each["item"], FOLDER, each["file"]),
                )
            )
        elif each["item"] not in VENDOR_ITEMS:
            found += [(True, text) for text in _own(each, results, priority)]
    return {
        "errors": errors,
        "warnings": _unique(text for own, text in found if own),
        "notes": _unique(text for own, text in found if not own),
    }


def _unique(texts):
    return list(dict.fromkeys(texts))


def _lasting(results):
    """The warnings that hold when all files are read."""
    for place, result in enumerate(results, 1):
        for warning in result.get("warnings") or []:
            of_all = warning["code"] in _OF_ALL_FILES or "deprecated_field" in warning
            if place == len(results) or not of_all:
                yield warning


def _finding(said, items):
    """Whether an error or a warning is about a file of a user's, and its text."""
    spots = said["context"]["locations"]
    file = spots[0]["position"]["name"]
    position = [spot["position"] for spot in spots if spot["position"]["name"] == file][-1]
    item = items.get(file)
    own = item not in VENDOR_ITEMS if item else not _VENDOR.match(file)
    if item is None:
        item = (
            "falco_ebpf_values.customRules"
            if file.startswith(FOLDER)
            else "a file of yours"
            if own
            else "the image's own rules"
        )
    about = said["code"] + (" of field %s" % said["deprecated_field"] if "deprecated_field" in said else "")
    return own, "%s (%s), line %d, column %d%s: %s (%s): %s, at: %s." % (
        item,
        file,
        position["line"] + 1,
        position["column"] + 1,
        _subject(spots),
        about,
        said["codedesc"].rstrip("."),
        said["message"].rstrip("."),
        said["context"]["snippet"].split("\n")[0].strip(),
    )


def _subject(spots):
    """The rule, macro or list that something is about."""
    named = [spot for spot in spots if spot["item_name"] and spot["item_type"] in ("rule", "macro", "list")]
    return ", %s '%s'" % (named[-1]["item_type"], named[-1]["item_name"]) if named else ""


def _own(file, results, priority):
    """What Falco does not say of a user's file: names of others that it changes without effect, and rules of too low a priority."""
    unused = {
        (_UNUSED[warning["code"]], spots[-1]["item_name"])
        for warning in (results[-1].get("warnings") or [] if results else [])
        if warning["code"] in _UNUSED
        for spots in [warning["context"]["locations"]]
        if spots[0]["position"]["name"] != FOLDER + file["file"]
    }
    for kind, name, level, line in _entries(file["content"]):
        place = "%s (%s%s), line %d, %s '%s'" % (file["item"], FOLDER, file["file"], line, kind, name)
        if (kind, name) in unused:
            yield "%s: has no effect. No rule that is loaded asks this %s." % (place, kind)
        elif level and _rank(level) > _rank(priority):
            yield "%s: is never loaded. Its priority %s is below falco.priority (%s)." % (place, level, priority)


_PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")


def _rank(priority):
    text = str(priority).lower()
    found = [
        place for place, name in enumerate(_PRIORITIES) if text and (text.startswith(name) or name.startswith(text))
    ]
    return found[0] if found else 0


def _entries(text):
    """Kind, name, priority and line of each rule, macro and list of a rules file; none where it is no YAML, which Falco reports."""
    try:
        documents = list(yaml.compose_all(text.encode(), Loader=LOADER))
    except yaml.YAMLError:
        return
    for document in documents:
        for entry in getattr(document, "value", None) or []:
            if isinstance(entry, yaml.MappingNode):
                keys = {key.value: value for key, value in entry.value if isinstance(key, yaml.ScalarNode)}
                for kind in ("rule", "macro", "list"):
                    if kind in keys:
                        level = getattr(keys.get("priority"), "value", None)
                        yield kind, keys[kind].value, level, entry.start_mark.line + 1
