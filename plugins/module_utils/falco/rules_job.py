# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Job in which the sensor's image validates the rules files that the sensor would read, in the sensor's order."""

from __future__ import annotations

import shlex

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER, yaml

# Keys of the ConfigMap with the texts of the chart's ConfigMaps.
KEY = "file-%d"
# What the script prints of a path that Falco passes over without a word.
SKIPPED = "runtime-security: skipped "
_TMP = {"name": "validation-tmp", "mountPath": "/tmp"}
# As Falco reads its rules_files (configuration.cpp, load_rules_files.cpp): what does not exist is passed over, of a folder the
# files *.yaml and *.yml are read by name. Without a file Falco would not validate but watch.
_SCRIPT = """
LC_ALL=C; export LC_ALL; left=$#
while [ "$left" -gt 0 ]; do
  path=$1; shift; left=$((left - 1)); wanted=$path
  [ -d "$path" ] && wanted=$path/*
  [ -e "$path" ] || echo "{skipped}$path (it does not exist)"
  IFS=; for file in $wanted; do
    [ -f "$file" ] || continue
    case $file in
      *.yaml | *.yml) set -- "$@" --validate "$file" ;;
      *) echo "{skipped}$file (only *.yaml and *.yml are read)" ;;
    esac
  done; unset IFS
done
[ "$#" -gt 0 ] || {{ echo "no rules file is there"; exit 1; }}
exec /usr/bin/falco {arguments} "$@"
"""
_POD = (
    *("affinity", "dnsConfig", "dnsPolicy", "hostAliases", "imagePullSecrets", "nodeSelector", "priorityClassName"),
    *("runtimeClassName", "securityContext", "tolerations"),
)
_CONTAINER = ("name", "image", "imagePullPolicy", "env", "envFrom", "command", "args", "workingDir")


def _named(manifests, kind, name):
    for manifest in manifests:
        if manifest.get("kind") == kind and manifest["metadata"]["name"] == name:
            return manifest
    return None


def _loaded(text):
    # As bytes, since Ansible's strings are of a type of their own.
    return yaml.load(text.encode(), Loader=LOADER) or {}


def _arguments(container):
    """The sensor's arguments, and the paths that it reads rules from where these say so (-r)."""
    kept, paths, given = [], [], iter((container.get("args") or [])[1:])
    for argument in map(str, given):
        if argument.startswith("-r") and not argument.startswith("--"):
            paths.append(argument[2:] or str(next(given, "")))
        else:
            kept.append(argument)
    if any(argument.removeprefix("-o").startswith(("rules_file", "config_files")) for argument in kept):
        raise ValueError(
            "extra.args sets rules_files or config_files by -o. Set falco.rules_files or falco.config_files instead"
        )
    return kept, paths


class _Volumes:
    """Turns the sensor's volumes into ones that need nothing of the release: texts of rendered ConfigMaps are collected in one."""

    def __init__(self, manifests, name):
        self.manifests = manifests
        self.name = name
        self.texts = {}

    def taken(self, volume):
        """The volume as the Job has it."""
        if "configMap" in volume:
            items = self._items(volume["configMap"])
            return volume if items is None else {"name": volume["name"]} | self._files(items)
        if "projected" in volume:
            return volume | {
                "projected": volume["projected"] | {"sources": [*map(self._source, volume["projected"]["sources"])]}
            }
        return volume

    def _source(self, source):
        items = self._items(source["configMap"]) if "configMap" in source else None
        return source if items is None else self._files(items)

    def _files(self, items):
        # Without items a ConfigMap's volume would have all of its keys.
        return {"configMap": {"name": self.name, "items": items}} if items else {"downwardAPI": {"items": []}}

    def _items(self, wanted):
        """What replaces a ConfigMap, or None where the chart does not make it: then the cluster has it."""
        found = _named(self.manifests, "ConfigMap", wanted["name"])
        if found is None:
            return None
        paths = {item["key"]: item["path"] for item in wanted.get("items") or []}
        items = []
        for key, text in (found.get("data") or {}).items():
            if paths and key not in paths:
                continue
            own = KEY % len(self.texts)
            self.texts[own] = text
            items.append({"key": own, "path": paths.get(key, key)})
        return items


def _touches(mount, paths):
    """Whether a mount holds one of the paths, or lies in one."""
    place = mount["mountPath"].rstrip("/") + "/"
    return any(place.startswith(path.rstrip("/") + "/") or (path + "/").startswith(place) for path in paths)


def _needed(template, falco, paths):
    """The sensor's init containers without privilege that fill a folder for it, and the names of the volumes that the Job needs.

    Secrets and folders of the host are excluded, unless rules lie in them or such an init container asks for them.
    """
    volumes = {volume["name"]: volume for volume in template.get("volumes") or []}
    mounts = falco.get("volumeMounts") or []
    shared = {mount["name"] for mount in mounts if "emptyDir" in volumes[mount["name"]]}
    fillers = [
        container
        for container in template.get("initContainers") or []
        if not (container.get("securityContext") or {}).get("privileged")
        and shared & {mount["name"] for mount in container.get("volumeMounts") or []}
    ]
    asked = {mount["name"] for container in fillers for mount in container.get("volumeMounts") or []}
    for mount in mounts:
        others = [
            each["name"] for each in template["containers"] if each is not falco and mount["name"] in _mounted(each)
        ]
        if mount["name"] in shared - asked and others and _touches(mount, paths):
            raise ValueError(
                "rules in %s come from the container %s after the sensor's start, so they cannot be validated. Set "
                "falcoctl.artifact.install.enabled too, or give them by falco_ebpf_rules"
                % (mount["mountPath"], ", ".join(others))
            )
    plain = {
        name for name, volume in volumes.items() if {"emptyDir", "configMap", "projected", "downwardAPI"} & set(volume)
    }
    return fillers, asked | (plain & _mounted(falco)) | {mount["name"] for mount in mounts if _touches(mount, paths)}


def _mounted(container):
    return {mount["name"] for mount in container.get("volumeMounts") or []}


def _container(container, names, security, **more):
    """A container of the sensor without its rights."""
    kept = {key: container[key] for key in _CONTAINER if key in container} | more
    mounts = [mount for mount in container.get("volumeMounts") or [] if mount["name"] in names]
    kept["volumeMounts"] = mounts + ([] if any(mount["mountPath"] == _TMP["mountPath"] for mount in mounts) else [_TMP])
    kept["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    } | security
    kept["resources"] = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}
    return kept


def _rules_paths(config, volumes):
    """Falco's rules_files, and a refusal where a rendered file of config_files would change them."""
    for entry in config.get("config_files") or []:
        path, strategy = (
            (entry, "append") if isinstance(entry, str) else (entry["path"], entry.get("strategy", "append"))
        )
        for mount, name, text in volumes:
            inside = (mount + "/" + name).startswith(path.rstrip("/") + "/") or mount == path
            if inside and strategy != "add-only" and "rules_files" in _loaded(text):
                raise ValueError("%s (config_files) sets rules_files. Set falco.rules_files instead" % path)
    paths = config.get("rules_files") or config.get("rules_file") or []
    return [paths] if isinstance(paths, str) else [str(path) for path in paths]


def _rendered_files(manifests, template, falco):
    """(mount path, file, text) of each file that the chart itself gives the sensor."""
    maps = {volume["name"]: volume["configMap"] for volume in template.get("volumes") or [] if "configMap" in volume}
    for mount in falco.get("volumeMounts") or []:
        found = _named(manifests, "ConfigMap", maps[mount["name"]]["name"]) if mount["name"] in maps else None
        for key, text in ((found or {}).get("data") or {}).items():
            yield mount["mountPath"], key, text


def job(manifests, release, namespace, labels, seconds, name):
    """The Job, and the ConfigMap with its files, both of a name, made of the rendered chart.

    Raises ValueError with the fix where the sensor's files cannot be had.
    """
    workload = _named(manifests, "DaemonSet", release)
    if workload is None:
        raise ValueError("the chart renders no DaemonSet %s" % release)
    template = workload["spec"]["template"]["spec"]
    falco = next(container for container in template["containers"] if container["name"] == "falco")
    config = _loaded(_named(manifests, "ConfigMap", release)["data"]["falco.yaml"])
    arguments, paths = _arguments(falco)
    paths = paths or _rules_paths(config, list(_rendered_files(manifests, template, falco)))
    if not paths:
        raise ValueError("falco.rules_files is empty, so there are no rules. Name the files")
    fillers, names = _needed(template, falco, paths)
    volumes = _Volumes(manifests, name)
    arguments = shlex.join([*arguments, "-o", "json_output=true"])
    command = ["/bin/sh", "-c", _SCRIPT.format(skipped=SKIPPED, arguments=arguments), "falco", *paths]
    pod = {key: template[key] for key in _POD if key in template}
    account = template.get("serviceAccountName")
    if account and _named(manifests, "ServiceAccount", account) is None:
        # It pulls images; one that the chart makes is not there yet.
        pod["serviceAccountName"] = account
    pod.update(
        restartPolicy="Never",
        automountServiceAccountToken=False,
        enableServiceLinks=False,
        # What loads a driver needs rights and is excluded.
        initContainers=[_container(each, names, _own_security(each)) for each in fillers],
        containers=[_container(falco, names, {"readOnlyRootFilesystem": True}, command=command, args=[])],
        volumes=[
            *(volumes.taken(volume) for volume in template.get("volumes") or [] if volume["name"] in names),
            {"name": _TMP["name"], "emptyDir": {}},
        ],
    )
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    spec = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": seconds,
        # A run that was interrupted leaves nothing either.
        "ttlSecondsAfterFinished": 120,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return (
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": volumes.texts},
    )


def _own_security(container):
    """What an init container has of its own; its root file system is as writable as in the sensor's pod."""
    return {key: value for key, value in (container.get("securityContext") or {}).items() if key != "privileged"}
