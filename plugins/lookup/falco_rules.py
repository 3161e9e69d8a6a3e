# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: falco_rules
version_added: 0.1.0
short_description: Read rules for Falco, and say what is wrong with their form
description:
  - Returns the rules files in the order in which Falco reads them, and why items cannot be used.
  - Falco itself validates what is in them.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
options:
  _terms:
    description:
      - The items, each a dictionary with C(name), and either C(content) (text of a rules file) or C(src) (path of one on
        the controller, absolute or below C(files) beside the playbook).
    type: list
    elements: dict
    required: true
  shipped:
    description: Whether the collection's own rules come first.
    type: bool
    default: true
  sets:
    description: Files of rule sets that Falco reads first, as RV(runtime_security.kubernetes.falco_rule_sets#module:files).
    type: list
    elements: dict
    default: []
  noisy:
    description:
      - Names of rules to turn off first, by the C(item) of the rule set that has them. A rule of such a name that another file
        defines itself stays.
    type: dict
    default: {}
  disabled:
    description: Rules to turn off, by C(names), in which C(*) stands for any text, and by C(tags).
    type: dict
    default: {}
  enabled:
    description: Rules to turn on after that, in the same form.
    type: dict
    default: {}
  values:
    description: Values for Falco's chart that are merged over the files.
    type: dict
    default: {}
  depends_on:
    description: What else Falco's verdict depends on, such as its version and image.
    type: list
    elements: raw
    default: []
"""

EXAMPLES = r"""
- name: Show what is wrong with rules of ours
  ansible.builtin.debug:
    msg: "{{ (query('runtime_security.kubernetes.falco_rules', *rules) | first).problems }}"
  vars:
    rules:
      - name: compilers
        src: rules/compilers.yaml
"""

RETURN = r"""
_raw:
  description:
    - One dictionary. C(files) is a list of dictionaries with C(file) (its name), C(item) (where it comes from, for
      messages) and C(content); C(custom) are the rules files in O(values), in the same form.
    - C(problems) is a list of texts, and so is C(never_loaded), what in O(values) keeps rules from being loaded; C(selection) is the
      value of Falco's key C(rules), C(custom_rules) that of the chart's C(customRules), and C(fingerprint) a hash of files,
      O(values) without those of falcosidekick, and O(depends_on).
  type: list
  elements: dict
"""

from pathlib import Path

from ansible.plugins.lookup import LookupBase
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rules
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils import text_file

SHIPPED = Path(__file__).parents[2] / "roles" / "falco_ebpf" / "files" / "rules" / "runtime_security_rules.yaml"


class LookupModule(LookupBase):
    """Reads the files beside the playbook or role."""

    def run(self, terms, variables=None, **kwargs):
        """The files and what is wrong with the items."""
        self.set_options(var_options=variables, direct=kwargs)
        shipped = SHIPPED.read_text(encoding="utf-8") if self.get_option("shipped") else None

        def read(src):
            return text_file.read(self.find_file_in_search_path(variables, "files", src, ignore_missing=True) or None)

        result = rules.read_items(terms, shipped, read, self.get_option("sets"))
        result["never_loaded"] = rules.never_loaded(self.get_option("values"), result["files"])
        custom = self.get_option("values").get("customRules") or {}
        result["custom"] = [
            {"file": name, "item": "falco_ebpf_values.customRules", "content": str(text)}
            for name, text in custom.items()
        ]
        noisy = rules.noisy_names(result["files"] + result["custom"], self.get_option("noisy"))
        result["selection"] = rules.selection(self.get_option("disabled"), self.get_option("enabled"), noisy)
        result["custom_rules"] = {each["file"]: each["content"] for each in result["files"]}
        others = self.get_option("depends_on")
        result["fingerprint"] = rules.fingerprint(result["files"], self.get_option("values"), others)
        return [result]
