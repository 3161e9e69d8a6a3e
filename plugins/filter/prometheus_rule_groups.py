# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml


def prometheus_rule_groups(texts):
    return [group for text in texts for group in yaml.safe_load(text)["groups"]]


class FilterModule:
    """The filter of this file."""

    def filters(self):
        return {"prometheus_rule_groups": prometheus_rule_groups}
