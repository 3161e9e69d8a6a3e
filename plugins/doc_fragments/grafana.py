# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the Grafana modules take beside community.grafana's connection options."""

    DOCUMENTATION = r"""
options:
  ca_path:
    description:
      - A file with the CA certificates, in PEM form, that Grafana's own certificate is checked against.
    type: path
  timeout:
    description:
      - The time limit of one request, in seconds.
    type: int
    default: 30
"""
