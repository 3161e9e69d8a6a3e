# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.in_worker import load_ahead
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.inputs import (
    Fault,
    carries_secrets,
    faults,
    is_free,
    readable,
    shown,
)
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.yaml_source import Sources

# Each role begins with this action, and Ansible loads it before it forks.
load_ahead()

# A message with more of them helps nobody.
_MOST = 10
# Characters of what others wrote.
_SHORT = 1000
HIDDEN = "a value that is not shown"


class ActionModule(ActionBase):
    """Judges the inputs of the role that the task is in: first by its specification, then by its checks."""

    _requires_connection = False
    _VALID_ARGS = frozenset(["checks", "entry", "files", "texts"])

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        options = self._options()
        # The checks may build on what the specification says.
        messages = self._refused_by_options(options, task_vars) or self._refused_by_checks(options, task_vars)
        messages = messages or self._refused_files(task_vars)
        if messages:
            more = f" And {len(messages) - _MOST} more." if len(messages) > _MOST else ""
            result.update(failed=True, msg=f"{' '.join(messages[:_MOST])}{more} Nothing was changed.")
        return result

    def _options(self):
        """The inputs of the role, or none outside of one."""
        role = self._task._role
        if role is None:
            return {}
        specs = self._loader.load_from_file(str(Path(role._role_path) / "meta" / "argument_specs.yml"))
        return specs["argument_specs"][self._task.args.get("entry", "main")]["options"]

    def _refused_by_options(self, options, task_vars):
        refused, uncomputed, texts = [], [], self._task.args.get("texts", [])
        sources = Sources(self._loader.get_text_file_contents)
        for name, option in options.items():
            try:
                value = self._templar.template(task_vars[name])
            except (AnsibleError, RecursionError) as exc:
                uncomputed.append(message(name, option, reason(exc), "a value that can be computed"))
                continue
            found = faults(value, option, several_lines=name in texts)
            if not found and is_free(option):
                found = [Fault(odd.where, odd.value, odd.expected, odd.fix) for odd in sources.misread(value)]
            for fault in found[:1]:
                refused.append(message(name + fault.where, option, fault.value, fault.allowed, fault.fix))
        # One that is computed from a refused one has no fault of its own.
        return refused or uncomputed

    def _refused_by_checks(self, options, task_vars):
        refused = {}
        for check in (entry for name in self._task.args["checks"] for entry in task_vars[name]):
            # The later checks of an input may build on the earlier ones.
            if check["variable"] in refused:
                continue
            try:
                if not boolean(self._templar.template(check["ok"]), strict=False):
                    refused[check["variable"]] = self._refused_by_check(check, options, task_vars)
            except (AnsibleError, RecursionError) as exc:
                refused[check["variable"]] = self._refused_by_check(check, options, task_vars, f" ({reason(exc)})")
                # So may those of other inputs.
                break
        return list(refused.values())

    def _refused_files(self, task_vars):
        """Files that are not there, on the host that will read them."""
        refused = []
        for name in self._task.args.get("files", []):
            path = str(self._templar.template(task_vars[name]))
            if path and not self._is_file(path, task_vars):
                refused.append(
                    f"{name} is {shown(path)}; allowed is a file on {task_vars.get('inventory_hostname', 'the host')}, or ''. "
                    "Set it to for example '/etc/ssl/certs/ca-certificates.crt'."
                )
        return refused

    def _is_file(self, path, task_vars):
        """Whether a path leads to a file there, which may be a link. This machine needs no module for that."""
        if getattr(self._connection, "transport", "local") == "local":
            return Path(path).expanduser().is_file()
        found = self._execute_remote_stat(
            self._remote_expand_user(path), all_vars=task_vars, follow=True, checksum=False
        )
        return bool(found.get("isreg"))

    def _refused_by_check(self, check, options, task_vars, cause=""):
        name = check["variable"]
        hidden = check.get("secret") or carries_secrets(options.get(name, {}))
        said = HIDDEN if hidden else shown(self._templar.template(task_vars[name]))
        allowed, example = (readable(str(self._templar.template(check[key])), _SHORT) for key in ("allowed", "example"))
        return f"{name} is {said}; allowed is {allowed}{cause}. Set it to for example '{example}'."


def message(name, option, value, allowed, fix=None):
    """Why the specification refuses a value."""
    said = HIDDEN if carries_secrets(option) else shown(value)
    if fix:
        return f"{name}: unusable value ({said}). Expected {allowed}. Fix: {fix}."
    # The default is the example where it is not empty; it is itself a value that works.
    example = option.get("default") or option.get("choices", [""])[0]
    remedy = (
        f"Set it to for example '{readable(str(example), _SHORT)}'." if example else "Correct it, or leave it away."
    )
    return f"{name} is {said}; allowed is {allowed}. {remedy}"


def reason(exc):
    """What an error comes from, without the layers above it."""
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return readable(getattr(exc, "message", None) or str(exc), _SHORT)
