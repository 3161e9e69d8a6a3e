#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_releases
short_description: Install, upgrade or uninstall several Helm releases side by side
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Starts C(helm upgrade --install), or C(helm uninstall --wait), for all of the releases at once.
  - The values reach Helm by its standard input. They are in no file, and in no list of processes.
  - In what is different from M(kubernetes.core.helm). It takes one release and starts Helm five times for it, it keeps the
    values in a file meanwhile, and it takes a release that failed with the same values for done.
  - With C(--diff) it says which charts and which values change, but no value. Some carry passwords.
extends_documentation_fragment:
  - kubernetes.core.helm_common_options
options:
  kubeconfig:
    description:
      - Path of the kubeconfig.
      - Not given, E(K8S_AUTH_KUBECONFIG) and then Helm's own default hold.
    type: path
    aliases: [kubeconfig_path]
  namespace:
    description: Where the releases are. It has to be there.
    type: str
    required: true
  releases:
    description: The releases. For O(state=absent) only the name counts.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the release.
        type: str
        required: true
      chart:
        description: Name of the chart in its repository, its C(oci://) address, or a path that begins with C(/), C(.) or C(~).
        type: str
      repository:
        description: Address of the repository, also one in a registry (C(oci://)). Not needed for a path.
        type: str
        default: ""
      version:
        description: Version of the chart. Not needed for a path.
        type: str
        default: ""
      values:
        description: Values of the chart. All else of an earlier revision's values is forgotten.
        type: dict
        default: {}
  state:
    description:
      - V(present) installs or upgrades each, also one that has nothing to change. The filter
        P(runtime_security.kubernetes.helm_releases_due#filter) tells which have.
      - V(absent) uninstalls those that are there.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Can run in check mode and tell what would change.
    support: full
  diff_mode:
    description: Returns the charts, and the paths of the values that change.
    support: full
"""

EXAMPLES = r"""
- name: Install Loki and its agent
  runtime_security.kubernetes.helm_releases:
    namespace: monitoring
    releases:
      - name: loki
        chart: loki
        repository: https://grafana.github.io/helm-charts
        version: 6.46.0
        values: {deploymentMode: SingleBinary}
      - name: promtail
        chart: /srv/charts/promtail-6.17.1.tgz

- name: Uninstall both
  runtime_security.kubernetes.helm_releases:
    namespace: monitoring
    state: absent
    releases:
      - name: loki
      - name: promtail
"""

RETURN = r"""
done:
  description: Names of the releases that were installed, upgraded or uninstalled, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: [loki, promtail]
refused:
  description: What Helm said of each release that it did not do.
  returned: always
  type: dict
  sample: {"loki": "Error: another operation (install/upgrade/rollback) is in progress"}
"""

import copy
import json
from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kubernetes.core.plugins.module_utils.helm_args_common import (
    HELM_AUTH_ARG_SPEC,
    HELM_AUTH_MUTUALLY_EXCLUSIVE,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import helm_program
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.chart_source import ChartError, Source
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import changed_paths

# helm.sh/helm/v3/pkg/cli/environment.go
ENVIRONMENT = {
    "kubeconfig": "KUBECONFIG",
    "context": "HELM_KUBECONTEXT",
    "host": "HELM_KUBEAPISERVER",
    "api_key": "HELM_KUBETOKEN",
    "ca_cert": "HELM_KUBECAFILE",
}
# helm.sh/helm/v3/pkg/storage/driver/driver.go, ErrReleaseNotFound
NOT_THERE = "release: not found"


class Helm:
    """The program, in one namespace of one cluster."""

    def __init__(self, module):
        self.module = module
        self.program = module.params["binary_path"] or module.get_bin_path("helm", required=True)
        self.environment = {
            name: module.params[option] for option, name in ENVIRONMENT.items() if module.params[option]
        }
        if module.params["validate_certs"] is False:
            self.environment["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] = "true"

    def run(self, arguments, values=None):
        """Exit code, output, and what went wrong."""
        return helm_program.run(
            self.program, ["--namespace", self.module.params["namespace"], *arguments], values, self.environment
        )

    def install(self, release):
        source = Source(release["chart"] or "", release["repository"], release["version"])
        rc, dummy, said = self.run(
            ["upgrade", "--install", "--reset-values", "--values", "-", release["name"], *source.arguments],
            release["values"],
        )
        return rc == 0, said

    def uninstall(self, release):
        rc, dummy, said = self.run(["uninstall", "--wait", release["name"]])
        return rc == 0, "" if NOT_THERE in said else said

    def is_there(self, release):
        rc, dummy, said = self.run(["status", release["name"]])
        return rc == 0, "" if NOT_THERE in said else said

    def stands(self, release):
        """Chart and values of a release, or nothing."""
        rc, metadata, dummy = self.run(["get", "metadata", release["name"], "--output", "json"])
        if rc != 0:
            return None
        dummy, values, dummy = self.run(["get", "values", release["name"], "--output", "json"])
        found = json.loads(metadata)
        return {"chart": "%s %s" % (found["chart"], found["version"]), "values": json.loads(values or "null") or {}}


def side_by_side(work, releases):
    """What the work returned for each release, by name."""
    with ThreadPoolExecutor(max_workers=max(1, len(releases))) as pool:
        return dict(zip((release["name"] for release in releases), pool.map(work, releases)))


def difference(before, releases, state):
    """Before and after, as Ansible prints them. Of the values only where they change."""
    told = {"before": {}, "after": {}}
    for release in releases:
        stands = before[release["name"]]
        if stands:
            told["before"][release["name"]] = {"chart": stands["chart"]}
        if state == "present":
            source = Source(release["chart"] or "", release["repository"], release["version"])
            told["after"][release["name"]] = {
                "chart": " ".join(source.identity()).strip(),
                "changed values": changed_paths(stands["values"] if stands else {}, release["values"]),
            }
    return told


def main():
    spec = copy.deepcopy(HELM_AUTH_ARG_SPEC)
    # A path is no secret, and this module takes nothing else.
    spec["kubeconfig"].update(type="path", no_log=False)
    release = dict(
        name=dict(type="str", required=True),
        chart=dict(type="str"),
        repository=dict(type="str", default=""),
        version=dict(type="str", default=""),
        values=dict(type="dict", default={}),
    )
    spec.update(
        namespace=dict(type="str", required=True),
        releases=dict(type="list", elements="dict", required=True, options=release, no_log=True),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    module = AnsibleModule(
        argument_spec=spec, mutually_exclusive=HELM_AUTH_MUTUALLY_EXCLUSIVE, supports_check_mode=True
    )
    state, releases = module.params["state"], module.params["releases"]
    helm = Helm(module)
    # no_log keeps values out of the system's log; it would take each text of theirs, and names, out of what is returned.
    module.no_log_values.clear()
    # Ansible prints the arguments of a task when it is asked to say much.
    shown = [{key: value for key, value in release.items() if key != "values"} for release in releases]
    result = {"invocation": {"module_args": dict(module.params, releases=shown)}}
    if module._diff:
        try:
            result["diff"] = difference(side_by_side(helm.stands, releases), releases, state)
        except ChartError as error:
            module.fail_json(msg=str(error), done=[], refused={}, **result)
    if state == "absent":
        answers = side_by_side(helm.is_there if module.check_mode else helm.uninstall, releases)
    elif module.check_mode:
        answers = {release["name"]: (True, "") for release in releases}
    else:
        answers = side_by_side(helm.install, releases)
    result["done"] = [name for name, (done, dummy) in answers.items() if done]
    result["refused"] = {name: said.strip() for name, (done, said) in answers.items() if not done and said}
    result["changed"] = bool(result["done"])
    if result["refused"]:
        module.fail_json(
            msg="Helm refuses %s" % "; ".join("%s: %s" % refused for refused in result["refused"].items()), **result
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
