# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What error messages of the Grafana modules name. Private to the collection."""

from __future__ import annotations


class Names:
    """The names of options; a role has its variables named in their place."""

    def __init__(self, variables: dict[str, str] | None) -> None:
        self._variables = variables or {}

    def of(self, option: str) -> str:
        """The name of an option, of service too, and of what else a module has variables for."""
        own = f"service.{option}" if option in ("namespace", "admin_secret") else option
        return self._variables.get(option) or own

    @property
    def credentials(self) -> str:
        """What says who asks."""
        return f"{self.of('url_username')} and {self.of('url_password')}, or {self.of('grafana_api_key')}"
