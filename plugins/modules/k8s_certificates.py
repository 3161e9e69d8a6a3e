#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_certificates
short_description: Keep a CA and the certificates that it signs in Secrets
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Makes a CA and server and client certificates for any number of components and namespaces, renews them before they end, and
    changes the CA without an interruption. Certificates that were made elsewhere are validated and written as they are.
  - Each certificate is in a Secret of its own, with its private key (EC, P-256) and the CAs that its reader is to trust. Keys
    are made in memory, and are in no file, result, diff or log.
  - A task that was stopped at any moment is continued by the next one.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
requirements:
  - cryptography >= 41
options:
  ca:
    description: The CA. Its Secret has the entries C(ca.crt) and C(ca.key).
    type: dict
    required: true
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
        description: A CA certificate that was made elsewhere, in PEM. There may be several, of which the first signs.
        type: str
      key:
        description:
          - The private key of O(ca.certificate), in PEM. It is used in memory, and is written nowhere.
          - Without it nothing can be signed, so all certificates have to be given too.
        type: str
  certificates:
    description: The certificates that the CA signs.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the certificate is called in O(renew) and in the result. V(ca) is the CA's.
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
  renew:
    description:
      - Names of the certificates to renew now, whatever is left of them; V(ca) for the CA.
      - A change of the CA that is under way goes on, and no other one is begun.
    type: list
    elements: str
    default: []
  phase:
    description:
      - The phase of a change of the CA to go on with, one of those that the task before returned in RV(phases), and only once
        all workloads run with the Secrets of that task.
      - V(sign) has the next CA sign all certificates; the previous one is still trusted.
      - V(drop) ends the trust in the previous CA.
    type: str
    choices: [sign, drop]
  owner:
    description: Labels of the Secrets. A Secret of one of the names without them is not managed by this task and is refused.
    type: dict
    default: {app.kubernetes.io/managed-by: runtime_security.kubernetes}
attributes:
  check_mode:
    description: Can run in check mode, and reports what would be renewed and why. Without a cluster everything would be made.
    support: full
  diff_mode:
    description: Shows names, serial numbers and dates of certificates, never a key.
    support: full
notes:
  - The Secrets hold these entries and no others. Labels and annotations of others stay.
  - A pod reads a Secret when it starts. Put RV(certificates.fingerprint) into an annotation of its template, so that it starts
    again when its certificate changes. For a program that reads its certificate for each connection RV(certificates.trust_fingerprint)
    is enough, and RV(certificates.certificate_fingerprint) for one that asks nobody for a certificate.
  - The CA changes at once, and RV(phases) is empty, where none of the certificates exists yet, and where O(ca.certificate) is
    given without O(ca.key).
  - The annotation C(runtime-security/certificates) of the CA's Secret lists the Secrets of the certificates.
seealso:
  - module: runtime_security.kubernetes.k8s_certificates_info
"""

EXAMPLES = r"""
- name: Keep the certificates of a server and its client
  runtime_security.kubernetes.k8s_certificates:
    ca: &ca {name: pipeline-ca, namespace: falco, common_name: Pipeline}
    certificates: &certificates
      - name: receiver
        secret: receiver-tls
        namespace: falco
        usage: [server]
        common_name: receiver.falco.svc
        subject_alt_names: ["DNS:receiver.falco.svc"]
      - {name: agent, secret: agent-tls, namespace: agents, usage: [client], common_name: agent}
  register: pipeline

# rollout.yml gives the workloads the fingerprints, and waits until they run. It runs once more at the end.
- name: Change the CA, where that is needed
  ansible.builtin.include_tasks: change_ca.yml
  loop: "{{ pipeline.phases }}"
  loop_control: {loop_var: phase}

# change_ca.yml:
- name: Roll out the phase before
  ansible.builtin.include_tasks: rollout.yml

- name: Go on with the next one
  runtime_security.kubernetes.k8s_certificates:
    ca: *ca
    certificates: *certificates
    phase: "{{ phase }}"
  register: pipeline
"""

RETURN = r"""
phases:
  description:
    - The phases of a change of the CA that are left. Each is to be asked for by O(phase) once the workloads are rolled out.
    - Empty where the CA does not change, and after a task with O(phase).
  returned: success
  type: list
  elements: str
  sample: [sign, drop]
report:
  description: A sentence for each certificate that changes, and why.
  returned: success
  type: list
  elements: str
  sample: ["falco/receiver-tls: 12 days are left, renewal begins at 30"]
ca:
  description: The CA that signs.
  returned: success
  type: dict
  contains:
    not_after:
      description: When it ends, in UTC. Not in check mode without a cluster.
      type: str
      sample: "2036-11-26T10:00:00Z"
    not_after_seconds:
      description: The same in seconds since 1970-01-01 UTC.
      type: int
    reasons:
      description: Why it has to be renewed; empty where it stays.
      type: list
      elements: str
    changed:
      description: Whether its Secret changes.
      type: bool
certificates:
  description: The other certificates by their names.
  returned: success
  type: dict
  contains:
    secret:
      description: The name of its Secret.
      type: str
    namespace:
      description: The namespace of its Secret.
      type: str
    not_after:
      description: When it ends, in UTC. Not in check mode without a cluster.
      type: str
    not_after_seconds:
      description: The same in seconds since 1970-01-01 UTC.
      type: int
    fingerprint:
      description: Changes when the content of the Secret does, and does not reveal it.
      type: str
    certificate_fingerprint:
      description: Changes when the certificate does, and its key with it, but not with the CAs that its reader is to trust.
      type: str
    trust_fingerprint:
      description: Changes when the CAs do that the reader of the Secret is to trust.
      type: str
    reasons:
      description: Why it is renewed; empty where it stays.
      type: list
      elements: str
    changed:
      description: Whether its Secret changes, because of the certificate or of the CAs that its reader trusts.
      type: bool
  sample:
    receiver:
      secret: receiver-tls
      namespace: falco
      not_after: "2027-11-29T10:00:00Z"
      not_after_seconds: 1827482400
      fingerprint: 5f2c...
      certificate_fingerprint: 61fe...
      trust_fingerprint: 90b1...
      reasons: ["12 days are left, renewal begins at 30"]
      changed: true
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import work
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(work)


if __name__ == "__main__":
    main()
