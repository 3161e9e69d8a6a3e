#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_inputs
version_added: 0.1.0
author: runtime_security.kubernetes maintainers (@runtime-security)
short_description: Refuse inputs of a role before anything changes
description:
  - Validates the inputs of the role that the task is in by the options of an entry in its C(meta/argument_specs.yml), more
    strictly than Ansible does. A string is not split into a list, a number is not taken for a string, and a string has neither
    control characters, nor several lines, nor a size that a cluster refuses.
  - Then runs the checks that the role's C(meta/checks.yml) names for its inputs.
  - Fails with everything that is refused. For each input the message names the variable, what is wrong, the value (shortened, and
    not shown where the specification says C(no_log)), what is expected, and how to fix it. Changes nothing.
options:
  checks:
    description:
      - The checks by input, instead of those in C(meta/checks.yml). Only these inputs are validated then.
      - A check is a name, a dictionary of a name with an argument or a list of arguments, or a list of these, which are run in this
        order.
      - "C(addresses): V(url); V(origin) (without path); V(base_url), V(base_url_or_folder) (without a slash at the end);
        V(url_with) (the places in braces that it has); V(host_name)."
      - "C(certificates): V(ca_certificate) (the input with its key); V(certificate_issuer) (the input with a CA, and the variable with
        the issuers of others); V(key_of) (the input with the certificate)."
      - "C(charts): V(chart); V(chart_repository) (the input that names the chart); V(chart_version)."
      - "C(files): V(file); V(folder), V(folder_without_colon); V(file_on_host) (it exists there); V(bundle_path)."
      - "C(images): V(image) (what is in it); V(image_parts); V(image_registries); V(image_repository); V(image_tag)."
      - "C(kubernetes): V(kubeconfig); V(labels); V(resources); V(tolerations)."
      - "C(names): V(dns_label); V(dns_subdomain) (of what, an example); V(one_of), V(subset) (the choices); V(release);
        V(tenant) (of Loki); V(title) (the most characters), V(title_unlike) (the other input, the most characters); V(token) (the
        inputs that it takes the place of); V(uid), V(user) (of Grafana)."
      - "C(numbers): V(number), V(number_above), V(number_below) (the least, the most, the unit; an end may be the name of another
        input); V(duration) (of Prometheus), V(go_duration); V(port), V(node_port); V(quantity)."
      - "Of other checks: V(optional) (the check, what nothing means); V(each) (the check, what the list consists of)."
      - The other names in C(plugin_utils/checks) are made for inputs of a single role of this collection.
    type: dict
  entry:
    description: The entry of the role's specification whose options are the inputs.
    type: str
    default: main
attributes:
  check_mode:
    description: Runs the same in check mode.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
"""

EXAMPLES = r"""
- name: Validate all inputs of the role
  runtime_security.kubernetes.validate_inputs:

- name: Validate two variables
  runtime_security.kubernetes.validate_inputs:
    checks:
      shop_namespace: dns_label
      shop_timeout: {number: [1, 3600, seconds]}
"""

RETURN = r"""
msg:
  description: What is refused, and why.
  type: str
  returned: when an input is refused
  sample: >-
    loki_stack_namespace: invalid value ('Monitoring'). Expected a DNS-1123 label (lower-case letters, digits, '-', at most 63
    characters). Fix: set it to, for example, 'monitoring'. Nothing was changed.
"""
