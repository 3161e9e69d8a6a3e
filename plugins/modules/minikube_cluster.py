#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: minikube_cluster
short_description: Keep a minikube profile in a state
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Makes, starts, reconfigures or removes a minikube profile.
  - Compares what is asked for with the profile's own record. Settings that minikube cannot change on a cluster that
    exists (driver, runtime, CNI, CPUs, memory, base image, an older Kubernetes) are refused unless O(recreate=true).
  - A node that runs is stopped before it is reconfigured, as its container runtime restarts then, and pods that have the
    runtime's socket mounted (Falco) would be left with one that nobody listens on.
  - A profile that was cut off while it was made (its host is not there, or its first start never ended) is removed and
    made anew. One that runs is stopped and started once more, which does what was left to do.
  - A container or a volume of a profile that is gone is removed, too, if it was started from O(home); that of another
    folder is refused unless O(recreate=true).
  - A folder of minikube's state that this module makes is marked, and removed with its last profile.
  - Waits up to 15 minutes while a minikube that this module started is at work on the profile, as one that an
    interrupted run left.
requirements:
  - minikube >= 1.38
options:
  state:
    description: Whether the cluster is to run or to be gone.
    type: str
    choices: [present, absent]
    default: present
  profile:
    description: Name of the profile.
    type: str
    default: minikube
  binary:
    description: The minikube program, a path or a name in E(PATH).
    type: path
    default: minikube
  home:
    description: Folder of minikube's state, E(MINIKUBE_HOME). Not given, minikube's own default holds.
    type: path
  kubeconfig:
    description: File that gets the profile's context. Not given, the client's own default holds.
    type: path
  driver:
    description: minikube's driver.
    type: str
    choices: [docker, kvm2, none, podman, qemu2, ssh, virtualbox]
  container_runtime:
    description: Container runtime of the node.
    type: str
    choices: [containerd, cri-o, docker]
  kubernetes_version:
    description: Version of Kubernetes, in the form V(v1.34.4).
    type: str
  cni:
    description: Pod network, for example V(bridge) or V(calico).
    type: str
  cpus:
    description: CPUs of the node.
    type: int
  memory:
    description: Memory of the node, in MiB or with the unit C(m) or C(g). minikube refuses less than 1800 MiB.
    type: str
  base_image:
    description: Image of the node for the container drivers.
    type: str
  extra_config:
    description: Settings of Kubernetes' components, each in the form V(apiserver.audit-log-path=-). The whole list counts.
    type: list
    elements: str
    default: []
  start_options:
    description: Further options for C(minikube start). They do not count as drift.
    type: list
    elements: str
    default: []
  cache:
    description:
      - Folder with what minikube would download, as minikube keeps it below C(cache). Its folders C(images) and C(linux) are
        linked into O(home) before a start.
    type: path
  files:
    description:
      - Files of the node, by their path there, with their content. minikube copies them into the node at each start, so a
        node with another content is started anew. They are removed with the profile.
    type: dict
    default: {}
  host_proc:
    description:
      - Whether nodes of the drivers V(docker) and V(podman) get the machine's C(/proc), read-only, at C(/procHost). Falco
        needs it there to know processes that started before it, as such a node has a PID namespace of its own.
      - A node gets it only when it is created. A profile without it is reported with a warning, and does not count as drift.
      - A C(--mount-string) in O(start_options) takes its place, because minikube has one mount only.
    type: bool
    default: false
  recreate:
    description: Whether the cluster may be removed and made anew where nothing else leads to what is asked for.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and tell what would change.
    support: full
  diff_mode:
    description: Returns what changes.
    support: full
notes:
  - Messages name the options as the role C(minikube) has them, for example
    C(minikube_memory) for O(memory).
  - As root with the drivers V(docker) and V(podman) minikube only starts with C(--force); the module gives it then.
"""

EXAMPLES = r"""
- name: Keep a small cluster with containerd
  runtime_security.kubernetes.minikube_cluster:
    driver: docker
    container_runtime: containerd
    kubernetes_version: v1.34.4
    cpus: 2
    memory: 6g

- name: Let the API server log its requests to its standard output
  runtime_security.kubernetes.minikube_cluster:
    kubernetes_version: v1.34.4
    files:
      etc/ssl/certs/audit-policy.yaml: "{{ lookup('ansible.builtin.file', 'audit-policy.yaml') }}"
    extra_config:
      - apiserver.audit-policy-file=/etc/ssl/certs/audit-policy.yaml
      - apiserver.audit-log-path=-

- name: Remove the cluster
  runtime_security.kubernetes.minikube_cluster:
    state: absent
"""

RETURN = r"""
state:
  description:
    - State of the profile before the task. V(degraded) is a node that runs without its kubelet or its API server,
      V(unlinked) a cluster that runs and that the kubeconfig does not know, or knows under another address, V(begun) one
      that runs and whose first start was not seen to end.
  returned: always
  type: str
  choices: [missing, broken, stopped, degraded, unlinked, begun, running]
  sample: running
steps:
  description:
    - What was done, or would be done in check mode. V(clean) removes the folder of minikube's state, or only O(files) from one
      that stays.
  returned: success
  type: list
  elements: str
  choices: [delete, stop, start, link, clean]
  sample: [delete, start]
cluster:
  description: Settings of the profile after the task; before it in check mode. Memory is in MiB.
  returned: success and a profile exists
  type: dict
  sample:
    driver: docker
    container_runtime: containerd
    kubernetes_version: v1.34.4
    cni: bridge
    cpus: 2
    memory: 6144
    base_image: gcr.io/k8s-minikube/kicbase:v0.0.50
    mounts: ["/proc:/procHost:ro"]
    extra_config: ["apiserver.audit-log-path=-"]
"""

import contextlib
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import minikube
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_home import StateFolder
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube_lock import BEGUN, MADE, ProfileLock

# The node shares this machine's memory and CPUs.
LOCAL_DRIVERS = ("docker", "podman", "kvm2", "qemu2", "virtualbox")
SETTINGS = ("driver", "container_runtime", "kubernetes_version", "cni", "cpus", "base_image", "extra_config")


class Profile:
    """One minikube profile, through minikube's command line."""

    def __init__(self, module):
        self.module = module
        self.name = module.params["profile"]
        self.home = module.params["home"]
        # The program may be yet to come; without it there is no cluster of it either.
        self.binary = module.get_bin_path(module.params["binary"])
        self.folder = StateFolder(self.home)
        self.files = module.params["files"]
        self.lock = ProfileLock(self.home, self.name)

    def run(self, arguments):
        environment = minikube.environment(self.home, self.module.params["kubeconfig"])
        return self.module.run_command(
            [self.binary] + arguments, environ_update=environment, pass_fds=self.lock.descriptors()
        )

    def to_be_locked(self):
        """Whether something may change; where there is no folder, nothing can be removed."""
        if self.module.check_mode:
            return False
        return self.module.params["state"] == "present" or os.path.isdir(minikube.profile_folder(self.home))

    def state(self):
        # minikube makes its folders even for a question; without a record there is nothing to ask for.
        if not self.binary:
            return "missing"
        if self.settings() is None:
            return "broken" if self.lock.noted() and self.remains() else "missing"
        rc, stdout, dummy = self.run(["status", "--profile", self.name, "--output", "json"])
        state = minikube.parse_status(rc, stdout)
        if self.lock.noted() != BEGUN:
            return state
        # Nothing was ever put into it, and minikube may trip over what is half-made.
        return "begun" if state == "running" else "broken"

    def remains(self):
        """The node's container and volume, whoever made them; their label is pkg/drivers/kic/oci/oci.go, ProfileLabelKey."""
        engine = self.module.params["driver"]
        program = self.module.get_bin_path(engine) if engine in minikube.CONTAINER_DRIVERS else None
        if program is None:
            return []
        label = "label=name.minikube.sigs.k8s.io=%s" % self.name
        found = []
        for kind, listing in (
            ("container", ["ps", "--all", "--format", "{{.Names}}"]),
            ("volume", ["volume", "ls", "--format", "{{.Name}}"]),
        ):
            rc, stdout, stderr = self.module.run_command([program] + listing + ["--filter", label])
            if rc != 0 and not self.module.check_mode:
                raise minikube.MinikubeError("%s cannot list what there is: %s" % (engine, stderr.strip()))
            found += ["%s %s" % (kind, name) for name in stdout.split()]
        return found

    def settings(self):
        found = minikube.read_profile(self.home, self.name)
        if found and self.files:
            found["files"] = self.folder.read(self.files)
        return found

    def delete(self):
        self._must(["delete", "--profile", self.name])

    def stop(self):
        self._must(["stop", "--profile", self.name])

    def link(self):
        self._must(["update-context", "--profile", self.name])

    def clean(self):
        self.folder.clean(self.name, self.files)

    def supply(self):
        self.folder.supply(self.module.params["cache"], self.files)

    def start(self, wanted, first):
        """Start it; a first start creates the node, with the mounts that it will have."""
        options = list(self.module.params["start_options"])
        if first and self.module.params["host_proc"]:
            options = minikube.host_proc_options(wanted.get("driver"), options) + options
        if os.geteuid() == 0 and wanted.get("driver") in minikube.CONTAINER_DRIVERS:
            options.append("--force")
        self._must(minikube.start_arguments(self.name, wanted, options))

    def _must(self, arguments):
        if not self.binary:
            raise minikube.MinikubeError(
                "minikube_binary is '%s', and no such program is there. Set it to where minikube is."
                % self.module.params["binary"]
            )
        rc, stdout, stderr = self.run(arguments)
        if rc != 0:
            raise minikube.MinikubeError(
                "minikube %s of profile '%s' failed with exit code %d: %s"
                % (arguments[0], self.name, rc, minikube.failure_reason(stdout, stderr))
            )


def wanted_settings(params):
    wanted = {name: params[name] for name in SETTINGS}
    if params["memory"] is not None:
        wanted["memory"] = minikube.memory_mib(params["memory"])
    if params["files"]:
        wanted["files"] = params["files"]
    if params["kubernetes_version"] is not None:
        minikube.version_key(params["kubernetes_version"])
    if params["driver"] in LOCAL_DRIVERS:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        minikube.check_size(wanted, pages // 2**20, os.cpu_count())
    return wanted


def warn_of_host_proc(module, settings):
    if settings.get("driver") not in minikube.CONTAINER_DRIVERS or minikube.has_host_proc(settings):
        return
    module.warn(
        "minikube_host_proc: profile '%s' was created without the machine's /proc at %s (mounts: %s). Expected is that mount: "
        "without it Falco does not know processes that started before it. Fix: where what runs in the cluster can be lost, "
        "remove it (playbooks/teardown.yml) and run again; minikube mounts only into a node that it creates."
        % (module.params["profile"], minikube.HOST_PROC, ", ".join(settings.get("mounts") or []) or "none")
    )


def apply(module, profile, result):
    params = module.params
    before = profile.settings()
    if params["state"] == "absent":
        steps = [] if result["state"] == "missing" and before is None else ["delete"]
        if profile.folder.goes_with(profile.name) or profile.folder.holds_any(profile.files):
            steps.append("clean")
        wanted, after = {}, None
    else:
        wanted = wanted_settings(params)
        remains = profile.remains() if result["state"] == "missing" else []
        if remains and not params["recreate"]:
            raise minikube.MinikubeError(
                "There is no profile '%s' in %s, and yet its %s: made from another folder, or its profile was deleted. "
                "Nothing was changed. Set minikube_home to the folder it was made from, choose another minikube_profile, or "
                "allow a new cluster with minikube_recreate=true (what runs in the old one is lost)."
                % (profile.name, minikube.profile_folder(profile.home), " and its ".join(remains))
            )
        if remains:
            result["state"] = "broken"
        steps = minikube.plan(result["state"], before, wanted, params["recreate"])
        after = dict(before or {})
        after.update({name: value for name, value in wanted.items() if value is not None})
        if "extra_config" in after:
            after["extra_config"] = sorted(after["extra_config"])
        if before and params["host_proc"] and "delete" not in steps:
            warn_of_host_proc(module, before)
    if not module.check_mode:
        # A cache that cannot be used is refused while the cluster of before still stands.
        if "start" in steps:
            profile.supply()
        for step in steps:
            if step == "start":
                first = result["state"] == "missing" or "delete" in steps
                if first:
                    profile.lock.note(BEGUN)
                profile.start(wanted, first)
            else:
                {"delete": profile.delete, "stop": profile.stop, "link": profile.link, "clean": profile.clean}[step]()
        if params["state"] == "present":
            profile.lock.note(MADE)
        after = profile.settings() if steps else before
    result.update(
        changed=bool(steps),
        steps=steps,
        diff={
            "before": dict(before or {}, state=result["state"]),
            "after": dict(
                (after if steps else before) or {},
                state=("missing" if params["state"] == "absent" else "running") if steps else result["state"],
            ),
        },
    )
    cluster = before if module.check_mode else after
    if cluster:
        result["cluster"] = {name: value for name, value in cluster.items() if name != "files"}


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            profile=dict(type="str", default="minikube"),
            binary=dict(type="path", default="minikube"),
            home=dict(type="path"),
            kubeconfig=dict(type="path"),
            driver=dict(type="str", choices=["docker", "kvm2", "none", "podman", "qemu2", "ssh", "virtualbox"]),
            container_runtime=dict(type="str", choices=["containerd", "cri-o", "docker"]),
            kubernetes_version=dict(type="str"),
            cni=dict(type="str"),
            cpus=dict(type="int"),
            memory=dict(type="str"),
            base_image=dict(type="str"),
            extra_config=dict(type="list", elements="str", default=[]),
            start_options=dict(type="list", elements="str", default=[]),
            cache=dict(type="path"),
            files=dict(type="dict", default={}),
            host_proc=dict(type="bool", default=False),
            recreate=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    result = {"changed": False}
    try:
        profile = Profile(module)
        with profile.lock if profile.to_be_locked() else contextlib.nullcontext():
            if module.params["state"] == "present" and not module.check_mode:
                profile.folder.make()
            result["state"] = profile.state()
            apply(module, profile, result)
            if profile.lock.descriptors() and module.params["state"] == "absent":
                profile.lock.remove()
    except minikube.MinikubeError as error:
        module.fail_json(msg=str(error), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
