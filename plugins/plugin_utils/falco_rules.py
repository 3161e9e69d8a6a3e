# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's rules: the files made of the role's input, the Job that lets Falco judge them, and what Falco said."""

from __future__ import annotations

import json
import re

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:
    from yaml import SafeLoader as _Loader

SHIPPED = "the role's own rules (falco_ebpf_shipped_rules)"
FOLDER = "/etc/falco/rules.d/"
# The image's rules, after which those of the folder are read.
DEFAULT_FILE = "/etc/falco/falco_rules.yaml"
# All annotations of a pod may have 256 KiB; Falco's configuration needs its part.
MOST_BYTES = 200 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
ANNOTATION = "runtime-security.kubernetes/file-%d"


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
        documents = list(yaml.compose_all(text.encode(), Loader=_Loader))
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


def read_items(items, shipped, read):
    """The files in the order in which Falco reads them, and what is wrong with the items.

    shipped is the text of our own rules, or None; read gives the text of a path, or None where there is no such file.
    """
    files, problems = [], []
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


def selection(disabled, enabled):
    """Falco's key rules. The last entry that fits a rule wins, so what is named in both is on."""
    return [
        {verb: {key: text}}
        for verb, chosen in (("disable", disabled), ("enable", enabled))
        for key, option in (("rule", "names"), ("tag", "tags"))
        for text in chosen.get(option) or []
    ]


def _named(manifests, kind, name):
    for manifest in manifests:
        if manifest.get("kind") == kind and manifest["metadata"]["name"] == name:
            return manifest
    return None


class _Volumes:
    """Turns the sensor's volumes into ones that need no other object: texts of rendered ConfigMaps become the pod's annotations."""

    def __init__(self, manifests):
        self.manifests = manifests
        self.annotations = {}
        self.volumes = []

    def take(self, volume):
        """Hosts' folders and Secrets stay away: what judges rules needs neither."""
        if "emptyDir" in volume:
            self.volumes.append(volume)
        elif "configMap" in volume:
            source = _named(self.manifests, "ConfigMap", volume["configMap"]["name"])
            if source is not None:
                self.volumes.append(
                    {"name": volume["name"], "downwardAPI": {"items": self._items(source, volume["configMap"])}}
                )

    def _items(self, source, wanted):
        paths = {item["key"]: item["path"] for item in wanted.get("items") or []}
        items = []
        for key, text in (source.get("data") or {}).items():
            if paths and key not in paths:
                continue
            annotation = ANNOTATION % len(self.annotations)
            self.annotations[annotation] = text
            items.append(
                {"path": paths.get(key, key), "fieldRef": {"fieldPath": "metadata.annotations['%s']" % annotation}}
            )
        return items


def _container(container, volumes, **more):
    """A container of the sensor without its rights."""
    kept = {
        key: container[key]
        for key in ("name", "image", "imagePullPolicy", "env", "command", "args")
        if key in container
    }
    names = {volume["name"] for volume in volumes}
    kept["volumeMounts"] = [mount for mount in container.get("volumeMounts") or [] if mount["name"] in names]
    kept["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    kept["resources"] = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}
    kept.update(more)
    return kept


def job(manifests, release, namespace, labels, seconds):
    """The Job in which the sensor's image judges the rules, made of the rendered chart."""
    workload = _named(manifests, "DaemonSet", release)
    if workload is None:
        raise ValueError("the chart renders no DaemonSet %s" % release)
    template = workload["spec"]["template"]["spec"]
    volumes = _Volumes(manifests)
    for volume in template.get("volumes") or []:
        volumes.take(volume)
    config = yaml.load(_named(manifests, "ConfigMap", release)["data"]["falco.yaml"].encode(), Loader=_Loader)
    names = [DEFAULT_FILE] if DEFAULT_FILE in (config.get("rules_files") or []) else []
    rules = _named(manifests, "ConfigMap", release + "-rules") or {}
    names += [FOLDER + name for name in sorted(rules.get("data") or {})]
    falco = next(container for container in template["containers"] if container["name"] == "falco")
    arguments = ["-o", "json_output=true"]
    for name in names:
        arguments += ["--validate", name]
    pod = {
        key: template[key]
        for key in ("imagePullSecrets", "tolerations", "nodeSelector", "affinity", "priorityClassName")
        if key in template
    }
    pod.update(
        restartPolicy="Never",
        automountServiceAccountToken=False,
        enableServiceLinks=False,
        # What loads plugins into a folder for the sensor does so here too; what loads a driver needs rights and is left out.
        initContainers=[
            _container(container, volumes.volumes)
            for container in template.get("initContainers") or []
            if not (container.get("securityContext") or {}).get("privileged")
        ],
        containers=[_container(falco, volumes.volumes, command=["/usr/bin/falco"], args=arguments)],
        volumes=volumes.volumes,
    )
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"generateName": release + "-rules-", "namespace": namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": seconds,
            # A run that was cut off leaves nothing either.
            "ttlSecondsAfterFinished": 120,
            "template": {"metadata": {"annotations": volumes.annotations, "labels": labels}, "spec": pod},
        },
    }


def _position(context):
    """File, line and column of the innermost place in the file; line and column from 1."""
    file = context["locations"][0]["position"]["name"]
    position = [each["position"] for each in context["locations"] if each["position"]["name"] == file][-1]
    return file, position["line"] + 1, position["column"] + 1


def _subject(context):
    """The rule, macro or list that an error is about."""
    named = [
        each for each in context["locations"] if each["item_name"] and each["item_type"] in ("rule", "macro", "list")
    ]
    return ", %s '%s'" % (named[-1]["item_type"], named[-1]["item_name"]) if named else ""


def _finding(error, items):
    file, line, column = _position(error["context"])
    item = items.get(file)
    if item is None:
        item = "falco_ebpf_values.customRules" if file.startswith(FOLDER) else "the image's own rules"
    return "%s (%s), line %d, column %d%s: %s (%s): %s, at: %s." % (
        item,
        file,
        line,
        column,
        _subject(error["context"]),
        error["code"],
        error["codedesc"],
        error["message"].rstrip("."),
        error["context"]["snippet"].split("\n")[0].strip(),
    )


def verdict(log, files):
    """What Falco has against the rules, each as a text; an empty list if it takes them all."""
    lines = [line for line in log.splitlines() if line.startswith('{"falco_load_results"')]
    if not lines:
        said = [line for line in log.splitlines() if line.strip()][-5:]
        return ["Falco gave no verdict. Its last lines: %s" % (" | ".join(said) or "none")]
    items = {FOLDER + each["file"]: each["item"] for each in files}
    findings = []
    for result in json.loads(lines[-1])["falco_load_results"]:
        for error in result["errors"]:
            finding = _finding(error, items)
            # A rule that cannot be compiled is an error of each file behind it too.
            if finding not in findings:
                findings.append(finding)
    return findings
