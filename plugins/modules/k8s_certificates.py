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
  - With O(issuer) cert-manager signs and renews them in the place of the CA, and this task declares what it is to sign.
  - Each certificate is in a Secret of its own, with its private key (EC, P-256) and the CAs that its reader is to trust. Keys
    are made in memory, and are in no file, result, diff or log.
  - A task that was stopped at any moment is continued by the next one.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
requirements:
  - cryptography >= 41
options:
  ca:
    description:
      - The CA. Its Secret has the entries C(ca.crt) and C(ca.key).
      - With O(issuer) there is no such Secret; one of an earlier task is removed once the issuer has signed all certificates. O(ca.name)
        and O(ca.namespace) still say which certificates belong together.
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
  issuer:
    description:
      - An issuer of cert-manager that signs in the place of the CA. Each certificate is then a Certificate of cert-manager with the name
        of its Secret, and the Secret has the entries C(tls.crt), C(tls.key) and C(ca.crt).
      - The issuer has to give its CA, as those of the types CA and Vault do, and those of ACME do not. Its CA has to sign for no other
        O(ca), since servers accept every certificate of their CA; this is checked.
      - All certificates have to be in the namespace of O(ca).
      - A Secret that was written without it stays in use until cert-manager writes it. Without it again, Certificates and Secrets of
        cert-manager are removed, and made again at once.
      - O(renew) asks cert-manager for a renewal. That of its CA is the issuer's.
    type: dict
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      kind:
        description: Its kind. An V(Issuer) has to be in the namespace of each certificate.
        type: str
        default: Issuer
      group:
        description: The API group of its kind.
        type: str
        default: cert-manager.io
  wait_timeout:
    description: For how many seconds cert-manager is waited for.
    type: int
    default: 300
  variables:
    description: Names of the variables that error messages name in the place of options, by option, of O(issuer).
    type: dict
    default: {}
  owner:
    description:
      - Labels of the Secrets, and of the Certificates of cert-manager. A Secret of one of the names without them is not managed by this
        task and is refused.
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
  - The annotation C(runtime-security/certificates) of the CA's Secret lists the Secrets of the certificates. Those of an O(issuer) have
    the annotation C(runtime-security/ca) with the namespace and name of O(ca).
  - What cert-manager renews by itself is no change of this task. A pod that reads its Secret when it starts needs a rollout then, which
    RV(certificates.fingerprint) causes with the next task.
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

- name: Have cert-manager keep them
  runtime_security.kubernetes.k8s_certificates:
    ca: *ca
    certificates: *certificates
    issuer: {name: pipeline, kind: ClusterIssuer}

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
    - Empty where the CA does not change, after a task with O(phase), and with O(issuer).
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
  description: The CA that signs. With O(issuer), whether the Secrets of an earlier one are removed.
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
