#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: run_lock
short_description: Lock a cluster or a folder until this run ends
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Takes a lock that the run of C(ansible-playbook) holds until it ends, in whatever way. Another run that requests it
    meanwhile prints the holder and waits, or fails.
  - The lock of a cluster is a Lease of C(coordination.k8s.io), that of a path a file in C(~/.local/share/runtime-security/locks)
    of the user on the host.
  - A process that the task starts on the controller renews the lock every 10 seconds, and removes it when the run has ended.
    It stores no credentials in a file, and ends with the run.
  - A lock whose run was killed is free at once for runs on the same machine, and 30 seconds after its last renewal for others.
  - A second task with the same lock in the same run changes nothing. If the lock was lost meanwhile, because the API
    server did not accept renewals for 30 seconds and another run took the lock over, the task fails.
extends_documentation_fragment:
  - runtime_security.kubernetes.cluster
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0, for the lock of a cluster
options:
  path:
    description: Path to lock, in place of a cluster. It need not exist, and nothing is written there.
    type: path
  lock_namespace:
    description:
      - Namespace of the Lease. It must exist and stay; all runs on a cluster need the same.
      - Without this option the action takes the variable C(runtime_security_lock_namespace), if it is set.
    type: str
    default: default
  timeout:
    description:
      - Seconds to wait for another run, from V(0) to V(86400). With V(0) the task fails at once, unless that run was killed.
      - Without this option the action takes the variable C(runtime_security_lock_timeout), if it is set.
    type: int
    default: 900
  optional:
    description:
      - Continue without a lock, with a warning, if the cluster does not answer, for example before it is removed.
    type: bool
    default: false
  holder:
    description: Holder of the lock. Set by the action of the same name, which also waits and renews; not for use in tasks.
    type: dict
  dead:
    description: The record of a holder that is known to be dead. Set by the action; not for use in tasks.
    type: str
    default: ''
  state:
    description: V(absent) releases the lock. Set by the action; not for use in tasks.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Takes no lock and waits for none in check mode.
    support: full
  diff_mode:
    description: A lock does not change what it protects.
    support: none
notes:
  - The account needs the verbs C(get), C(create), C(update) and C(delete) for Leases in O(lock_namespace).
"""

EXAMPLES = r"""
- name: Lock a cluster until this run ends
  runtime_security.kubernetes.run_lock:
    context: production

- name: Fail at once if another run uses a folder
  runtime_security.kubernetes.run_lock:
    path: /srv/bundle
    timeout: 0
"""

RETURN = r"""
held:
  description: Whether this run holds the lock; false in check mode, and if O(optional) was used.
  returned: success
  type: bool
  sample: true
by:
  description: Holder of the lock. Times are RFC 3339 in UTC by that holder's clock.
  returned: outside check mode, if the lock could be read
  type: dict
  sample:
    holder: ann@build-1/4711/5d41402abc4b2a76
    user: ann
    host: build-1
    machine: f0b1c6a5d2e34789
    pid: 4711
    process_start: "8675309"
    playbook: site.yml
    since: "2026-03-01T10:15:02.000000Z"
    renewed: "2026-03-01T10:20:32.000000Z"
    seconds: 30
cause:
  description: Why there is no lock; V(refused), V(unanswered), or V(unknown) if the kubeconfig has no such cluster.
  returned: if the lock could not be read or written
  type: str
  sample: unanswered
note:
  description:
    - A file on the controller that is as old as the last renewal, for the test
      P(runtime_security.kubernetes.lock_kept#test). Empty if no lock is held.
  returned: success
  type: str
  sample: /home/ann/.ansible/tmp/ansible-local-4711abcd/run-lock-6a0ff7a9d0f1c9a9
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock import run


def main():
    run_module(run)


if __name__ == "__main__":
    main()
