"""The pod of the Job in which Falco validates rules, for a sensor of a test's own."""

from __future__ import annotations

import copy

import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules_job import job

RENDERED = yaml.safe_load("""
- kind: ConfigMap
  metadata: {name: falco}
  data: {falco.yaml: "rules_files: [/etc/falco/falco_rules.yaml, /etc/falco/rules.d]"}
- kind: ConfigMap
  metadata: {name: falco-rules}
  data: {002-b.yaml: B, 001-a.yaml: A}
- kind: DaemonSet
  metadata: {name: falco}
  spec:
    template:
      spec:
        tolerations: [{operator: Exists}]
        initContainers:
          - {name: driver, image: d, securityContext: {privileged: true}}
          - {name: artifacts, image: i, volumeMounts: [{name: plugins, mountPath: /plugins}]}
        containers:
          - name: falco
            image: falco:1
            securityContext: {privileged: true}
            volumeMounts:
              - {name: proc, mountPath: /host/proc}
              - {name: secret, mountPath: /etc/falco/certs}
              - {name: config, mountPath: /etc/falco/falco.yaml, subPath: falco.yaml}
              - {name: rules, mountPath: /etc/falco/rules.d}
              - {name: plugins, mountPath: /plugins}
          - {name: sidecar, image: s}
        volumes:
          - {name: proc, hostPath: {path: /proc}}
          - {name: secret, secret: {secretName: s}}
          - {name: config, configMap: {name: falco, items: [{key: falco.yaml, path: falco.yaml}]}}
          - {name: rules, configMap: {name: falco-rules}}
          - {name: plugins, emptyDir: {}}
""")


def made(change=lambda pod, config: None):
    """The pod of the Job for a sensor that was changed."""
    manifests = copy.deepcopy(RENDERED)
    config = yaml.safe_load(manifests[0]["data"]["falco.yaml"])
    change(manifests[2]["spec"]["template"]["spec"], config)
    manifests[0]["data"]["falco.yaml"] = yaml.safe_dump(config)
    return job(manifests, "falco", "ns", {"a": "b"}, 300, "j")[0]["spec"]["template"]["spec"]


def mount(pod, path, **volume):
    """Add a volume to the sensor."""
    name = f"extra-{len(pod['volumes'])}"
    pod["volumes"].append({"name": name} | volume)
    pod["containers"][0]["volumeMounts"].append({"name": name, "mountPath": path})
    return name


def names(pod):
    return [volume["name"] for volume in pod["volumes"]]
