# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of a connection mean: the same as those of kubernetes.core's modules. Private to the collection."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import (
    AUTH_ARG_MAP,
    AUTH_ARG_SPEC,
    AUTH_PROXY_HEADERS_SPEC,
)

try:
    import urllib3
    import yaml
    from kubernetes.client import Configuration
    from kubernetes.config import (
        ConfigException,
        load_incluster_config,
        load_kube_config,
        load_kube_config_from_dict,
    )
except ImportError:  # connection.py reports it
    urllib3 = yaml = Configuration = None

# Each of them says who asks; with host, no kubeconfig is needed.
_CREDENTIALS = (("username", "password"), ("api_key",), ("client_cert", "client_key"))
# Options that a kubeconfig answers, and no field of a Configuration.
_SOURCES = ("kubeconfig", "context", "persist_config")


def configured(params: dict, folder: str) -> t.Any:
    """The configuration of a client; folder is where keys that a kubeconfig contains may lie.

    Raises ConfigException where there is no kubeconfig, or no such context in it.
    """
    chosen = options(params)
    found = Configuration()
    if not (chosen.get("host") and any(all(chosen.get(name) for name in names) for names in _CREDENTIALS)):
        _load(found, chosen, folder)
    for field, name in AUTH_ARG_MAP.items():
        value = chosen.get(name)
        if value is None or name in _SOURCES:
            continue
        if name == "api_key":
            found.api_key = {"authorization": f"Bearer {value}"}
        elif name == "proxy_headers":
            found.proxy_headers = urllib3.util.make_headers(**value)
        else:
            setattr(found, field, value.rstrip("/") if name == "host" else value)
    if not found.verify_ssl:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return found


def _load(configuration: t.Any, chosen: dict, folder: str) -> None:
    """Take over what the pod's service account or a kubeconfig says."""
    kubeconfig = chosen.get("kubeconfig") or None
    if not kubeconfig and not chosen.get("context"):
        try:
            load_incluster_config(client_configuration=configuration)
            return
        except ConfigException:
            # Not in a pod.
            pass
    words = {
        "client_configuration": configuration,
        "context": chosen.get("context") or None,
        "persist_config": bool(chosen.get("persist_config")),
        "temp_file_path": folder,
    }
    if isinstance(kubeconfig, str) and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
        kubeconfig = yaml.safe_load(kubeconfig)
    if isinstance(kubeconfig, dict):
        load_kube_config_from_dict(kubeconfig, **words)
    elif kubeconfig is None or isinstance(kubeconfig, str):
        load_kube_config(config_file=kubeconfig, **words)
    else:
        raise TypeError("neither a path nor a dictionary")


def headers(params: dict) -> list[tuple[str, str]]:
    """The headers by which a user acts as another one."""
    chosen = options(params)
    found = [("Impersonate-User", chosen["impersonate_user"])] if chosen.get("impersonate_user") else []
    groups = chosen.get("impersonate_groups") or []
    if len(groups) > 1:
        # Several headers of one name: a string that equals no other.
        from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import unique_string

        return found + [(unique_string("Impersonate-Group"), group) for group in groups]
    return found + [("Impersonate-Group", group) for group in groups]


def options(params: dict) -> dict:
    """The options that are set, by the task or the environment."""
    found = {}
    fields = {name: field for field, name in AUTH_ARG_MAP.items()}
    for name, spec in AUTH_ARG_SPEC.items():
        value = params.get(name)
        if value is None and name == "proxy_headers":
            value = _of_environment("proxy_headers_", AUTH_PROXY_HEADERS_SPEC)
        elif value is None:
            value = _environment(name, spec) or _environment(fields.get(name, name), spec)
        if name == "proxy_headers" and value:
            value = {key: one for key, one in value.items() if one is not None}
        if value is not None and value != {}:
            found[name] = value
    return found


def _of_environment(prefix: str, specs: dict) -> dict:
    return {name: _environment(prefix + name, spec) for name, spec in specs.items()}


def _environment(name: str, spec: dict) -> t.Any:
    """The value of K8S_AUTH_NAME; None where it is not set, or empty."""
    value = os.environ.get(f"K8S_AUTH_{name.upper()}") or None
    if value is None:
        return None
    if spec.get("type") == "bool":
        return value.lower() not in ("0", "false", "no")
    return [part for part in value.split(",") if part] if spec.get("type") == "list" else value
