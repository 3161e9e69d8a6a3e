# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_ends
version_added: 0.1.0
short_description: Make a PromQL expression of the times at which certificates end
description:
  - Returns an expression with one series for each certificate, by the label C(certificate), whose value is the time in Unix seconds.
    It is empty where there are none.
options:
  _input:
    description: Names and Unix seconds, as they were read once.
    type: dict
    required: true
  observed:
    description:
      - Whether what the pods of M(runtime_security.kubernetes.k8s_certificate_renewal) see at this moment counts more. Of the certificate
        in a Secret and the one that its server shows it is the one that ends first.
    type: bool
    default: false
seealso:
  - module: runtime_security.kubernetes.k8s_certificate_renewal
"""

EXAMPLES = r"""
- name: Show the expression
  ansible.builtin.debug:
    msg: "{{ {'falco-ca': 2110990000} | runtime_security.kubernetes.certificate_ends }}"
  # label_replace(vector(2110990000), "certificate", "falco-ca", "", "")
"""

RETURN = r"""
_value:
  description: The expression.
  type: str
"""

import json

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates.renewer.metrics import NOT_AFTER


def certificate_ends(timestamps, observed=False):
    """A PromQL expression with one series for each certificate."""
    series = 'label_replace(vector({}), "certificate", {}, "", "")'
    found = [series.format(int(seconds), json.dumps(name)) for name, seconds in sorted(timestamps.items())]
    seen = ["min by (certificate) ({})".format(NOT_AFTER)] if observed and found else []
    return " or ".join(seen + found)


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"certificate_ends": certificate_ends}
