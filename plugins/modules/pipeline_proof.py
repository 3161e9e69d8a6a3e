#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pipeline_proof
short_description: Prove that logs and events arrive, and measure their latency
version_added: 0.1.0
description:
  - Creates one short-lived pod that prints a marker, starts a shell in it, and queries the results. Log lines are queried
    in Loki and samples in Prometheus, both through Grafana's data sources, as users of the dashboards see them. The mutual TLS
    of the event receiver and of Loki is tested through the API server's port-forward.
  - All checks run in parallel, so the task lasts as long as the slowest one. Each returns one or more lines of the proof;
    a line is V(ok) only if it was observed.
  - The pod and its namespace are removed at the end, also after a failure; the module does not wait until the namespace
    is deleted. Leftovers of an interrupted run are removed at the start.
  - Fails after all checks if a line is not V(ok); the result, and the file at O(path), still contain the whole list.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
  - runtime_security.kubernetes.grafana_target
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
    details:
      - In check mode nothing is created and nothing is measured; RV(proof) is empty, RV(msg) announces what a run would do.
  diff_mode:
    description: Will return details on what has changed in diff mode.
    support: none
    details:
      - The task changes nothing that stays, and never reports a change.
options:
  loki_uid:
    description: Uid of Grafana's Loki data source.
    type: str
    default: loki
  prometheus_uid:
    description: Uid of Grafana's Prometheus data source.
    type: str
    default: prometheus
  namespace:
    description:
      - Namespace of the marked pod. It is created if missing, and then removed at the end.
      - Concurrent runs need separate namespaces.
    type: str
    default: pipeline-proof
  image:
    description: Image of the marked pod. It needs C(cat) and C(sh), and C(busybox httpd) for O(notification).
    type: str
    default: docker.io/library/busybox:1.37.0
  falco_namespace:
    description: Namespace of Falco and its receiver.
    type: str
    default: falco
  receiver_service:
    description: Service of the event receiver. Its certificate must be valid for the name C(SERVICE.NAMESPACE.svc).
    type: str
    default: falco-falcosidekick
  receiver_port:
    description: TLS port of the Service.
    type: int
    default: 2801
  client_secret:
    description:
      - Secret in O(falco_namespace) with Falco's own client certificate, keys C(client.crt), C(client.key) and C(ca.crt).
        It is kept in memory only.
    type: str
    required: true
  loki_namespace:
    description: Namespace of Loki, for O(loki_client_secret).
    type: str
    default: monitoring
  loki_service:
    description:
      - Service of Loki to which the log agent writes. Its certificate must be valid for the name C(SERVICE.NAMESPACE.svc).
    type: str
    default: loki
  loki_port:
    description: TLS port of the Service.
    type: int
    default: 3443
  loki_client_secret:
    description:
      - Secret in O(loki_namespace) with the log agent's own client certificate, keys C(tls.crt), C(tls.key) and C(ca.crt). It is kept
        in memory only.
      - An empty string excludes Loki's mutual TLS from the proof.
    type: str
    default: ""
  prometheus_namespace:
    description: Namespace of Prometheus, for O(prometheus_client_secret).
    type: str
    default: monitoring
  prometheus_service:
    description: Service of Prometheus. Its certificate must be valid for the name C(SERVICE.NAMESPACE.svc).
    type: str
    default: prometheus-server
  prometheus_port:
    description: TLS port of the Service.
    type: int
    default: 443
  prometheus_client_secret:
    description:
      - Secret in O(prometheus_namespace) with Grafana's client certificate, keys C(tls.crt), C(tls.key) and C(ca.crt). It is kept in
        memory only.
      - An empty string excludes Prometheus' mutual TLS from the proof.
    type: str
    default: ""
  scrape_namespaces:
    description: Namespaces whose scrape targets must all be up.
    type: list
    elements: str
    default: [monitoring, falco]
  scrape_services:
    description: Services that must be among the targets, by their label C(service).
    type: list
    elements: str
    default: [falco-metrics, falco-falcosidekick]
  folder_uid:
    description: Uid of the Grafana folder with the dashboards.
    type: str
    default: runtime-security
  dashboards:
    description:
      - Uids of the dashboards that must be in the folder and have data in every panel. Others are ignored.
      - With an empty list no dashboard is checked.
    type: list
    elements: str
    default: [runtime-security-events, log-explorer, pipeline-health, api-audit]
  etcd:
    description: Search etcd's log. Set to V(false) if the provider hides etcd.
    type: bool
    default: true
  witness:
    description:
      - Look for an event of a process that ran before Falco, by the pods C(falco-witness) of the role falco_ebpf in
        Falco's namespace, and its rule for them. Skipped if all of these pods are younger than Falco, as after a node's
        reboot.
    type: bool
    default: true
  audit:
    description: Search the audit log. The API server must write it to standard output in a pod of the cluster.
    type: bool
    default: true
  notification:
    description:
      - Follow the shell's event to a notification, which Grafana sends to a sink in the marked pod.
      - Needs an alert rule for events of Falco, and the contact point and routes that
        O(runtime_security.kubernetes.grafana_alerting#module:proof_namespace) declares for O(namespace).
    type: bool
    default: false
  test_notification:
    description:
      - Send the notification of the shell's event to the contact points of all other alerts too, as Grafana's notification policies
        choose them. The pod's name begins with C(notification-test), by which the alert rule of the role grafana_wiring says that it
        is a test.
      - The line of the proof is V(ok) if Grafana reports that each of them delivered a notification after the event. Grafana
        reports the last one of a contact point, so another alert's counts as well.
    type: bool
    default: false
  owner:
    description: The owner of the contact point of the sink, as in M(runtime_security.kubernetes.grafana_alerting).
    type: str
    default: runtime_security.kubernetes
  path:
    description: File for the proof as JSON; by default none.
    type: path
  timeout:
    description: Seconds until everything must have arrived.
    type: int
    default: 180
requirements:
  - cryptography >= 3.3
seealso:
  - module: kubernetes.core.k8s_exec
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
"""

EXAMPLES = r"""
- name: Prove that the pipeline works
  runtime_security.kubernetes.pipeline_proof:
    grafana:
      service:
        namespace: monitoring
    client_secret: falco-client-tls
  register: proof

- name: Prove it on a managed cluster without access to the control plane
  runtime_security.kubernetes.pipeline_proof:
    kubeconfig: /etc/kubernetes/reader.conf
    grafana:
      url: https://grafana.example.com
      url_username: reader
      url_password: "{{ grafana_password }}"
      ca_path: /etc/ssl/certs/site-ca.pem
    client_secret: falco-client-tls
    image: registry.example.com/library/busybox:1.37.0
    etcd: false
    audit: false
    timeout: 300
"""

RETURN = r"""
msg:
  description: What a run would do.
  returned: in check mode
  type: str
  sample: Would start a pod in namespace pipeline-proof, and remove it.
ok:
  description: Whether every line of the proof is ok.
  returned: always, except in check mode
  type: bool
  sample: true
proof:
  description:
    - The lines of the proof, in a fixed order. In check mode the list is empty.
    - If a check failed with an error, its line has the error in C(detail).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the line.
      type: str
      sample: a pod's log line reaches Loki
    ok:
      description: Whether it was observed.
      type: bool
      sample: true
    seconds:
      description:
        - Latency from the cause to the observation. If the check causes nothing itself, seconds from the start of the check.
        - For a line that is not ok, seconds waited.
      type: float
      sample: 1.482
    detail:
      description: What was observed.
      type: str
      sample: '{namespace="pipeline-proof"} |= "marker-1f0c2a9b": 1 line'
skipped_checks:
  description: The lines that the options exclude, with the reason.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the line.
      type: str
      sample: the audit log is searchable
    reason:
      description: The reason.
      type: str
      sample: "audit is false: the API server does not write its audit log to standard output"
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import pipeline_proof
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(pipeline_proof)


if __name__ == "__main__":
    main()
