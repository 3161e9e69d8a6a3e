#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_releases_info
short_description: Ask a cluster for its namespaces, and for Helm releases and who installed them
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Lists the namespaces with their labels, and the Helm releases of some names in all namespaces. Without the right to
    list Secrets and ConfigMaps in all of them it looks into O(namespaces).
  - Tells which of these releases this collection installed. Beside each of them it puts a ConfigMap with the label
    C(runtime-security/release), before Helm begins.
notes:
  - Reads only the metadata of Helm's Secrets and of the ConfigMaps, but for the newest Secret of each of our releases, of
    which it returns a digest.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - runtime_security.kubernetes.reading
options:
  names:
    description: Names of the releases to look for.
    type: list
    elements: str
    required: true
  namespaces:
    description: Where to look with an account that may not look everywhere. Those that are not there are passed over.
    type: list
    elements: str
    default: []
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
"""

EXAMPLES = r"""
- name: Look whose Grafana and Prometheus there are
  runtime_security.kubernetes.helm_releases_info:
    context: production
    names: [grafana, prometheus]
    namespaces: [monitoring]
  register: found
"""

RETURN = r"""
namespaces:
  description: The labels of each namespace.
  returned: success
  type: dict
  sample: {"monitoring": {"kubernetes.io/metadata.name": "monitoring"}}
releases:
  description:
    - For each release that is there, as NAMESPACE/NAME, whether this collection installed it. Also those that Helm has not
      finished.
    - Null for each of O(names) in each of O(namespaces) in which Secrets or ConfigMaps may not be listed either.
  returned: success
  type: dict
  sample: {"monitoring/grafana": true, "shop/prometheus": false}
everywhere:
  description: Whether all namespaces were looked into.
  returned: success
  type: bool
deployed:
  description:
    - A digest of chart, version and values for each of our releases that is deployed. The filter
      P(runtime_security.kubernetes.helm_releases_due#filter) compares it with what is asked for.
  returned: success
  type: dict
  sample: {"monitoring/grafana": "6a0ff7a9d0f1c9a9ad0a2a7d9b1a0d6d2f7d2f2c1e4b7a8c9d0e1f2a3b4c5d6e"}
cut_off:
  description: Our releases whose last operation did not end well.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the release.
      type: str
    status:
      description: Helm's word, C(failed), C(pending-install), C(pending-rollback), C(pending-upgrade) or C(uninstalling).
      type: str
    revision:
      description: The revision that was deployed last; the newest one where none ever was.
      type: int
  sample: {"monitoring/grafana": {"name": "grafana", "status": "pending-upgrade", "revision": 3}}
"""

import contextlib
import copy

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import digest_of_record

try:
    from kubernetes.dynamic.exceptions import DynamicApiError, ForbiddenError, NotFoundError
    from urllib3.exceptions import HTTPError
except ImportError:
    # AnsibleK8SModule says what is missing.
    DynamicApiError = ForbiddenError = NotFoundError = HTTPError = OSError

MARK = "runtime-security/release"
# Nothing of a Secret but its metadata leaves the API server.
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
# helm.sh/helm/v3/pkg/release/status.go
CUT_OFF = ("failed", "pending-install", "pending-rollback", "pending-upgrade", "uninstalling")


def listed(client, kind: str, selector: str = "", namespace: str | None = None) -> list[dict]:
    wanted = {"label_selector": selector, "namespace": namespace, "header_params": {"Accept": METADATA}}
    return [item["metadata"] for item in client.get(client.resource(kind, "v1"), **wanted).to_dict()["items"] or []]


def traces(client, names: list[str], namespace: str | None = None) -> tuple[list[dict], list[dict]]:
    """Helm's Secrets and our marks, of a namespace or of all."""
    wanted = ",".join(names)
    secrets = listed(client, "Secret", f"owner=helm,name in ({wanted})", namespace)
    return secrets, listed(client, "ConfigMap", f"{MARK} in ({wanted})", namespace)


def traces_in(client, names: list[str], namespaces: list[str]) -> tuple[list[dict], list[dict], list[str]]:
    """The same of each of these namespaces, and those of them in which they may not be listed."""
    secrets, marks, hidden = [], [], []
    for namespace in namespaces:
        try:
            found = traces(client, names, namespace)
        except ForbiddenError:
            hidden.append(namespace)
            continue
        secrets += found[0]
        marks += found[1]
    return secrets, marks, hidden


def releases(secrets: list[dict], marks: list[dict]) -> dict[str, bool]:
    ours = {f"{mark['namespace']}/{mark['labels'][MARK]}" for mark in marks}
    # Helm keeps a Secret for each revision.
    found = sorted({f"{secret['namespace']}/{secret['labels']['name']}" for secret in secrets})
    return {name: name in ours for name in found}


def revisions(secrets: list[dict]) -> dict[str, list[dict]]:
    """The labels of each revision's Secret, the newest last, by release."""
    found: dict[str, list[dict]] = {}
    for secret in sorted(secrets, key=lambda metadata: int(metadata["labels"]["version"])):
        found.setdefault(f"{secret['namespace']}/{secret['labels']['name']}", []).append(secret)
    return found


def deployed(client, newest: dict[str, dict]) -> dict[str, str]:
    """What each release was last asked to be, where that is deployed."""
    digests = {}
    for name, metadata in newest.items():
        # A Helm that an earlier run left at work may have taken it away meanwhile; who may list it need not be let read it.
        with contextlib.suppress(NotFoundError, ForbiddenError):
            place = {"name": metadata["name"], "namespace": metadata["namespace"]}
            secret = client.get(client.resource("Secret", "v1"), **place).to_dict()
            digests[name] = digest_of_record(secret["data"]["release"])
    return {name: found for name, found in digests.items() if found}


def cut_off(history: dict[str, list[dict]]) -> dict[str, dict]:
    """Releases whose newest revision is half done, and the revision they can go back to."""
    found = {}
    for name, secrets in history.items():
        labels = [metadata["labels"] for metadata in secrets]
        if labels[-1]["status"] in CUT_OFF:
            good = [entry for entry in labels if entry["status"] == "deployed"] or labels
            found[name] = {
                "name": labels[-1]["name"],
                "status": labels[-1]["status"],
                "revision": int(good[-1]["version"]),
            }
    return found


def main() -> None:
    spec = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        names={"type": "list", "elements": "str", "required": True},
        namespaces={"type": "list", "elements": "str", "default": []},
    )
    module = AnsibleK8SModule(argument_spec=spec, supports_check_mode=True)
    names = module.params["names"]
    try:
        client = get_api_client(module)
        namespaces = {item["name"]: item.get("labels") or {} for item in listed(client, "Namespace")}
        try:
            (secrets, marks), hidden, everywhere = traces(client, names), [], True
        except ForbiddenError:
            there = [name for name in module.params["namespaces"] if name in namespaces]
            (secrets, marks, hidden), everywhere = traces_in(client, names, there), False
            module.warn("Without the right to list Secrets and ConfigMaps everywhere, releases elsewhere are not seen.")
        found = releases(secrets, marks)
        history = {name: entries for name, entries in revisions(secrets).items() if found[name]}
        module.exit_json(
            changed=False,
            namespaces=namespaces,
            releases=found | {f"{namespace}/{name}": None for namespace in hidden for name in names},
            everywhere=everywhere,
            deployed=deployed(client, {name: entries[-1] for name, entries in history.items()}),
            cut_off=cut_off(history),
        )
    except (DynamicApiError, CoreException, HTTPError, OSError) as exc:
        module.fail_json(msg=f"The cluster does not answer: {getattr(exc, 'reason', None) or exc}")


if __name__ == "__main__":
    main()
