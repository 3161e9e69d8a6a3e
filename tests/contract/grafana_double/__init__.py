# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A contract double of Grafana's HTTP API: no Grafana, but one that answers as a release of it is known to answer."""

from .releases import RELEASES, Release
from .server import Double

__all__ = ["RELEASES", "Double", "Release"]
