# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.falco_rules_job import job


def falco_rules_job(rendered, release, namespace, labels, seconds):
    """Make the Job in which Falco validates rules, of the rendered chart."""
    manifests = [manifest for manifest in yaml.safe_load_all(rendered) if manifest]
    try:
        return {"definitions": [job(manifests, release, namespace, labels, seconds)], "problem": ""}
    except ValueError as error:
        return {"definitions": [], "problem": str(error)}


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"falco_rules_job": falco_rules_job}
