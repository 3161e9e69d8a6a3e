# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.table import UnknownCheck
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.validation import Validation
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.older_templating import typed_value
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.preload import load_ahead
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.yaml_source import reader_of

# Each role begins with this action, and Ansible loads it before it forks.
load_ahead()

# A message with more of them helps nobody.
_MOST = 10


class ActionModule(ActionBase):
    """Validates the inputs of the role that the task is in."""

    _requires_connection = False
    _VALID_ARGS = frozenset(["checks", "entry"])

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        options, checks = self._declared(task_vars)
        try:
            validation = Validation(
                options,
                checks,
                lambda name: self._compute(name, task_vars),
                lambda path: self._is_file(path, task_vars),
                task_vars.get("inventory_hostname", "the host"),
            )
        except UnknownCheck as error:
            raise AnsibleActionFail(f"checks: {error}") from error
        messages = validation.messages(reader_of(self._loader))
        if messages:
            more = f" And {len(messages) - _MOST} more." if len(messages) > _MOST else ""
            result.update(failed=True, msg=f"{' '.join(messages[:_MOST])}{more} Nothing was changed.")
        return result

    def _declared(self, task_vars):
        """The inputs by the specification, and the checks: those of the task, or all of the entry."""
        options = self._read("argument_specs.yml").get("argument_specs", {})
        options = options.get(self._task.args.get("entry", "main"), {}).get("options", {})
        if "checks" in self._task.args:
            checks = self._task.args["checks"]
            return {name: option for name, option in options.items() if name in checks}, checks
        checks = self._read("checks.yml")
        return options, {name: entry for name, entry in checks.items() if name in options}

    def _read(self, name):
        """A file of the role's folder meta; nothing outside of a role, or where there is none."""
        role = self._task._role
        path = Path(role._role_path) / "meta" / name if role else None
        if path is None or not path.is_file():
            return {}
        # Ansible's own loader notes the origin of each value, which takes ten times as long.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER) or {}

    def _compute(self, name, task_vars):
        return typed_value(task_vars.get(name), self._templar, task_vars)

    def _is_file(self, path, task_vars):
        """Whether a path leads to a file there, which may be a link. This machine needs no module for that."""
        if getattr(self._connection, "transport", "local") == "local":
            return Path(path).expanduser().is_file()
        found = self._execute_remote_stat(
            self._remote_expand_user(path), all_vars=task_vars, follow=True, checksum=False
        )
        return bool(found.get("isreg"))
