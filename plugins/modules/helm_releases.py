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
        description: Values of the chart. What else an earlier revision has is forgotten, but for what O(releases[].managed) says.
        type: dict
        default: {}
      exists:
        description:
          - Whether the release exists. Where V(false), Helm makes it and refuses a name that is in use.
          - Where V(true), or not given, Helm makes or upgrades it.
        type: bool
      managed:
        description:
          - The paths of the values that were set last, as RV(runtime_security.kubernetes.helm_releases_info#module:managed)
            returns them. What the release has elsewhere, by the same chart, is kept.
          - Not given, nothing is kept.
        type: list
        elements: str
      newest:
        description: The number of its newest revision.
        type: int
        default: 0
      status:
        description: For O(state=recovered) what RV(runtime_security.kubernetes.helm_releases_info#module:cut_off) says of it.
        type: str
      variables:
        description:
          - For O(state=validated) the names of variables, by what they are about, C(size), C(storage_class), C(persistence) or
            C(values). Messages name them.
        type: dict
        default: {}
      revision:
        description: For O(state=recovered) the revision to go back to.
        type: int
      idle:
        description: For O(state=recovered) the seconds since Helm last wrote its record.
        type: int
        default: 0
  state:
    description:
      - V(present) installs or upgrades each, also one that has nothing to change. The filter
        P(runtime_security.kubernetes.helm_releases_due#filter) tells which have.
      - V(validated) changes nothing. It renders those that exist and is an error where an upgrade would change what
        Kubernetes changes in no object, as the size of a StatefulSet's volumes. What cannot be rendered passes.
      - V(absent) uninstalls those that exist, and asks Helm afterwards whether they are gone.
      - V(recovered) ends what was interrupted. What was being removed is uninstalled; all else is rolled back to
        O(releases[].revision). Without evidence that nobody is at work with a release it waits, at most for 5 minutes since
        the record's last change. What Helm and the record say differently is an error.
    type: str
    choices: [present, recovered, validated, absent]
    default: present
  cluster:
    description:
      - What tells the cluster from others, as RV(runtime_security.kubernetes.helm_releases_info#module:cluster) returns it.
        With it a later run on this machine knows which operation was begun here.
    type: str
    default: ""
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
from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kubernetes.core.plugins.module_utils.helm_args_common import (
    HELM_AUTH_ARG_SPEC,
    HELM_AUTH_MUTUALLY_EXCLUSIVE,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.chart_source import ChartError, Source
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_operations import Helm, clear
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import changed_paths, merged

# helm.sh/helm/v3/pkg/cli/environment.go
ENVIRONMENT = {
    "kubeconfig": "KUBECONFIG",
    "context": "HELM_KUBECONTEXT",
    "host": "HELM_KUBEAPISERVER",
    "api_key": "HELM_KUBETOKEN",
    "ca_cert": "HELM_KUBECAFILE",
}


def opened(module):
    """Helm for the cluster and the namespace of a task."""
    environment = {name: module.params[option] for option, name in ENVIRONMENT.items() if module.params[option]}
    if module.params["validate_certs"] is False:
        environment["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] = "true"
    program = module.params["binary_path"] or module.get_bin_path("helm", required=True)
    return Helm(program, module.params["namespace"], environment, module.params["cluster"])


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
            values = stands["values"] if stands else {}
            kept = stands and stands["chart"].split(" ")[0] == source.identity()[0]
            told["after"][release["name"]] = {
                "chart": " ".join(source.identity()).strip(),
                "changed values": changed_paths(
                    values, merged(values, release["managed"] if kept else None, release["values"])
                ),
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
        exists=dict(type="bool"),
        managed=dict(type="list", elements="str"),
        newest=dict(type="int", default=0),
        status=dict(type="str"),
        variables=dict(type="dict", default={}),
        revision=dict(type="int"),
        idle=dict(type="int", default=0),
    )
    spec.update(
        namespace=dict(type="str", required=True),
        releases=dict(type="list", elements="dict", required=True, options=release, no_log=True),
        state=dict(type="str", choices=["present", "recovered", "validated", "absent"], default="present"),
        cluster=dict(type="str", default=""),
    )
    module = AnsibleModule(
        argument_spec=spec, mutually_exclusive=HELM_AUTH_MUTUALLY_EXCLUSIVE, supports_check_mode=True
    )
    state, releases = module.params["state"], module.params["releases"]
    helm = opened(module)
    # no_log keeps values out of the system's log; it would take each text of theirs, and names, out of what is returned.
    module.no_log_values.clear()
    # Ansible prints the arguments of a task when it is asked to say much.
    shown = [{key: value for key, value in release.items() if key != "values"} for release in releases]
    result = {"invocation": {"module_args": dict(module.params, releases=shown)}}
    if module._diff and state in ("present", "absent"):
        try:
            result["diff"] = difference(side_by_side(helm.stands, releases), releases, state)
        except (ChartError, ValueError) as error:
            module.fail_json(msg=str(error), done=[], refused={}, **result)
    works = {"present": helm.install, "recovered": helm.recover, "validated": helm.validate, "absent": helm.uninstall}
    if module.check_mode:
        announced = dict.fromkeys(("present", "recovered"), lambda release: (True, ""))
        works |= announced | {"absent": helm.is_there}
    answers = side_by_side(clear(works[state]), releases)
    result["done"] = [name for name, (done, dummy) in answers.items() if done]
    result["refused"] = {name: said.strip() for name, (done, said) in answers.items() if not done and said}
    result["changed"] = bool(result["done"]) and state != "validated"
    if result["refused"]:
        if state == "validated":
            module.fail_json(msg=" ".join(result["refused"].values()), **result)
        words = "; ".join("%s: %s" % refused for refused in result["refused"].items())
        if state == "absent":
            words += ". What is left is known to the next run: see that the API server answers, and run again."
        module.fail_json(msg="Helm refuses %s" % words, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
