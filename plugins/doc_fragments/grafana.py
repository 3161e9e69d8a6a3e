# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of the Grafana modules in addition to community.grafana's connection options."""

    DOCUMENTATION = r"""
options:
  ca_path:
    description:
      - CA file for Grafana's certificate.
    type: path
  timeout:
    description:
      - Time limit of one request, in seconds.
    type: int
    default: 30
"""
