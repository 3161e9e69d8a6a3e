#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_certificate_renewal
short_description: Renew certificates in Secrets from within the cluster
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Installs a pod that keeps the certificates of M(runtime_security.kubernetes.k8s_certificates) without anybody running Ansible.
    It renews what has few days left, the CA in its phases, restarts the workloads that use a certificate, and gives Grafana's data
    sources theirs, in the order that loses nothing.
  - It serves metrics with the time at which each certificate ends, the one in its Secret and the one that its server shows.
  - The pod runs the same code as the module. A round that was stopped at any moment is continued by the next one, and the pod
    takes the lock of the cluster (M(runtime_security.kubernetes.run_lock)) while it changes something.
  - Its account may read and write the Secrets that are named here, restart the workloads that are named here, and use the lock.
    Whoever may create pods in its namespace, or run commands in this one, can use the key of the CA.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
requirements:
  - cryptography >= 41
options:
  name:
    description: The name of its objects.
    type: str
    required: true
  namespace:
    description: The namespace of the pod, which has to exist.
    type: str
    required: true
  state:
    description: Whether it is there. V(absent) leaves the certificates.
    type: str
    choices: [present, absent]
    default: present
  ca:
    description: The CA, as M(runtime_security.kubernetes.k8s_certificates) was given it. Required with O(state=present).
    type: dict
    suboptions:
      name:
        description: The name of its Secret. While the CA changes there are also NAMEC(-next) and NAMEC(-previous).
        type: str
        required: true
      namespace:
        description: The namespace of its Secret.
        type: str
        required: true
      common_name:
        description: The common name; O(ca.name) by default.
        type: str
      validity_days:
        description: For how many days it is valid. A fraction is allowed.
        type: float
        default: 3650
      certificate:
        description:
          - A CA certificate that was made elsewhere, in PEM. Then the pod signs nothing, and renewal is left to the giver. It still
            restarts workloads whose Secret changed, and serves the metrics.
        type: str
      key:
        description:
          - The private key of O(ca.certificate), in PEM. It is not sent to the cluster.
        type: str
  sign:
    description:
      - Whether the pod signs. Otherwise it follows what somebody else writes into the Secrets, as with O(ca.certificate);
        with O(runtime_security.kubernetes.k8s_certificates#module:issuer) that is cert-manager.
    type: bool
    default: true
  certificates:
    description: The certificates that the CA signs. Required with O(state=present).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the certificate is called in the other options.
        type: str
        required: true
      secret:
        description: The name of its Secret; O(certificates[].name) by default.
        type: str
      namespace:
        description: The namespace of its Secret, which has to exist.
        type: str
        required: true
      usage:
        description: Whether it is for a server, for a client, or for both.
        type: list
        elements: str
        choices: [server, client]
        required: true
      common_name:
        description: The common name.
        type: str
        required: true
      subject_alt_names:
        description: The names that it is valid for, each V(DNS:name) or V(IP:address).
        type: list
        elements: str
        default: []
      validity_days:
        description: For how many days it is valid. A fraction is allowed.
        type: float
        default: 365
      keys:
        description: The keys of the Secret's data.
        type: dict
        suboptions:
          certificate:
            description: The key of the certificate.
            type: str
            default: tls.crt
          key:
            description: The key of the private key.
            type: str
            default: tls.key
          ca:
            description: The key of the CAs that the reader of the Secret is to trust; two while the CA changes.
            type: str
            default: ca.crt
      certificate:
        description: A certificate that was made elsewhere and signed by O(ca.certificate), in PEM.
        type: str
      key:
        description: The private key of O(certificates[].certificate), in PEM.
        type: str
  renew_before_days:
    description: A certificate with fewer days left is renewed. A fraction is allowed.
    type: float
    default: 30
  workloads:
    description: What runs with the certificates.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Its kind.
        type: str
        choices: [Deployment, DaemonSet, StatefulSet]
        required: true
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
      annotations:
        description: Annotations of its pods to the name of the certificate whose fingerprint they have.
        type: dict
        default: {}
      shown:
        description:
          - Annotations of its pods to the name of the certificate whose own fingerprint they have, for a server that asks nobody for a
            certificate.
        type: dict
        default: {}
      trusted:
        description:
          - Annotations of its pods to the name of the certificate whose fingerprint of trusted CAs they have, for a program that
            reads its certificate for each connection.
        type: dict
        default: {}
  servers:
    description: Servers that show a certificate, for the metrics.
    type: list
    elements: dict
    default: []
    suboptions:
      certificate:
        description: The name of the certificate.
        type: str
        required: true
      host:
        description: The host, for example V(loki.monitoring.svc).
        type: str
        required: true
      port:
        description: The port.
        type: int
        required: true
  data_sources:
    description: Data sources of Grafana that show a certificate. One that does not exist is passed over.
    type: list
    elements: dict
    default: []
    suboptions:
      uid:
        description: The uid of the data source.
        type: str
        required: true
      certificate:
        description: The name of the certificate.
        type: str
        required: true
  grafana:
    description: Grafana, which has to be in the same cluster; required with O(data_sources).
    type: dict
    suboptions:
      namespace:
        description: Its namespace.
        type: str
        required: true
      service:
        description: Its Service. HTTPS is used where the C(appProtocol) of its first port is V(https).
        type: str
        default: grafana
      admin_secret:
        description: The Secret of its administrator, with the keys C(admin-user) and C(admin-password).
        type: str
        default: grafana-admin
      ca_secret:
        description: The Secret with the CA of its certificate as C(ca.crt); V("") means the CAs that the image trusts.
        type: str
        default: ""
  image:
    description:
      - The image of the pod, any with Python >= 3.9 and its library cryptography >= 41. Required with O(state=present).
    type: str
  interval:
    description: Seconds between two rounds. In each of them the pod reads the Secrets once or twice.
    type: int
    default: 300
  timeout:
    description: Seconds for the rollout of the workloads.
    type: int
    default: 600
  network_policy:
    description: Whether only Prometheus reaches its metrics, and it only DNS, the API server, its servers and Grafana.
    type: bool
    default: true
  metrics_namespace:
    description: The namespace of Prometheus.
    type: str
    default: monitoring
  monitor_labels:
    description: Labels of a ServiceMonitor, by which Prometheus discovers the metrics then. Without it annotations are used.
    type: dict
  lock_namespace:
    description: The namespace of the lock of the cluster.
    type: str
    default: default
  namespaces:
    description: Further namespaces in which O(state=absent) looks for its rights.
    type: list
    elements: str
    default: []
  owner:
    description: Labels of the Secrets, and of the objects of the pod. What is of the same name without them is refused.
    type: dict
    default: {app.kubernetes.io/managed-by: runtime_security.kubernetes}
attributes:
  check_mode:
    description: Can run in check mode. Without a cluster everything would be created.
    support: full
  diff_mode:
    description: Shows the objects, which hold no secret.
    support: full
seealso:
  - module: runtime_security.kubernetes.k8s_certificates
"""

EXAMPLES = r"""
- name: Renew the certificates of a server and its client without anybody running Ansible
  runtime_security.kubernetes.k8s_certificate_renewal:
    name: pipeline-certificates
    namespace: falco
    image: certbot/certbot:v5.8.0
    ca: {name: pipeline-ca, namespace: falco, common_name: Pipeline}
    certificates:
      - name: receiver
        secret: receiver-tls
        namespace: falco
        usage: [server]
        common_name: receiver.falco.svc
        subject_alt_names: ["DNS:receiver.falco.svc"]
      - {name: agent, secret: agent-tls, namespace: falco, usage: [client], common_name: agent}
    workloads:
      - {kind: Deployment, namespace: falco, name: receiver, annotations: {example.org/certificate: receiver}}
      - {kind: DaemonSet, namespace: falco, name: agent, annotations: {example.org/certificate: agent}}
    servers:
      - {certificate: receiver, host: receiver.falco.svc, port: 2801}
"""

RETURN = r"""
objects:
  description: The objects without their bookkeeping; of those that were removed all but their content.
  returned: success
  type: list
  elements: dict
  sample: [{apiVersion: v1, kind: ServiceAccount, metadata: {name: pipeline-certificates, namespace: falco}}]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewal import work
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(work)


if __name__ == "__main__":
    main()
