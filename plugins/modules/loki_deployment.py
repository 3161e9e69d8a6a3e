#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: loki_deployment
short_description: Make way for a Loki of another kind, and remove what Helm leaves of one
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Helm cannot turn a Loki into one of another variant or mode, or with its data in another place, and only where both keep their lines
    in S3 the new one reads what the existing one stored. This module finds out which Loki a namespace has, fails where the one asked for cannot go on
    with it, and uninstalls it where O(replace) allows that.
  - It also uninstalls a log agent of this collection that is no longer asked for, as two agents would send each line twice.
  - It installs nothing; M(runtime_security.kubernetes.helm_releases) does. A release that this collection does not manage stays.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
options:
  namespace:
    description: Namespace of Loki and its agent.
    type: str
    required: true
  state:
    description:
      - V(present) checks what exists against what is asked for, and uninstalls what cannot stay.
      - V(absent) uninstalls the release C(loki), those of the log agents of this collection, the volume claim that the chart
        loki-stack leaves, and the Secret C(loki-s3) of this collection.
    type: str
    choices: [present, absent]
    default: present
  kind:
    description:
      - The Loki that is asked for, in three words. They are the variant (C(current), C(classic)), the layout (C(monolithic),
        C(monolithic_s3), C(simple_scalable), C(distributed)), and where its data is (C(claim), or C(pod), with which it is lost); but
        for V(monolithic), what is in S3 is kept.
    type: str
    default: ""
  volume:
    description: Size and class of its volume claims, as in the annotation C(runtime-security/volume) of its pods.
    type: str
    default: ""
  storage_class:
    description: Storage class that its claims ask for, V("") for the default one. It has to exist for a new Loki with claims.
    type: str
    default: ""
  agents:
    description: The log agents that are asked for, by the names of their releases.
    type: list
    elements: str
    choices: [alloy, otel-agent, otel-audit-agent, otel-events, otel-nodes-agent, promtail, promtail-audit]
    required: true
  s3_secret:
    description:
      - A Secret with the access key of the object store, which has to exist with the keys C(AWS_ACCESS_KEY_ID) and
        C(AWS_SECRET_ACCESS_KEY). V("") checks none.
    type: str
    default: ""
  replace:
    description: Whether a Loki of another kind is uninstalled, with all lines in it.
    type: bool
    default: false
  take_ownership:
    description: Whether a release C(loki) that others installed is replaced as well.
    type: bool
    default: false
  binary_path:
    description: The Helm program, a path or a name in E(PATH).
    type: path
    default: helm
attributes:
  check_mode:
    description: Can run in check mode and return what would be uninstalled.
    support: full
  diff_mode:
    description: Which releases go is in the result; there is no more to show.
    support: none
seealso:
  - module: runtime_security.kubernetes.helm_releases
"""

EXAMPLES = r"""
- name: Uninstall a Loki whose data is lost with its pod, before one with a volume
  runtime_security.kubernetes.loki_deployment:
    namespace: monitoring
    kind: current monolithic claim
    volume: 10Gi of the default class
    agents: [alloy]
    replace: true

- name: Uninstall Loki and its agent
  runtime_security.kubernetes.loki_deployment:
    namespace: monitoring
    agents: [alloy]
    state: absent
"""

RETURN = r"""
existing:
  description: The Loki that the namespace had before, in the words of O(kind); empty where it had none.
  returned: success
  type: str
  sample: current monolithic pod
schema_periods:
  description:
    - The schema periods of the existing Loki, which one that reads the same lines has to keep. Empty for a Loki that begins without lines.
  returned: success
  type: list
  elements: dict
  sample: [{from: "2024-04-01", store: tsdb, object_store: s3, schema: v13, index: {prefix: loki_index_, period: 24h}}]
uninstalled:
  description: Names of the releases that were uninstalled, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [loki, promtail]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.loki import deployment
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(deployment)


if __name__ == "__main__":
    main()
