# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as ansible-core 2.19 templates them, under 2.16 to 2.18. Goes when 2.18 does, with the two functions' calls.

Older templating makes strings of numbers, or, with jinja2_native, numbers of strings: an image's tag "1.10" becomes 1.1. An action
of ours therefore templates the arguments of its task once more, and the checks the variables, in an environment where a
template that is one expression has the value of this expression, and any other one is a string.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

try:
    from ansible.executor.module_common import get_action_args_with_defaults
    from ansible.executor.task_executor import remove_omit
    from ansible.template import AnsibleNativeEnvironment, Templar, _ansible_finalize
except ImportError:
    # ansible-core 2.19 and newer.
    OLDER = False
else:
    OLDER = True


def typed_arguments(task: t.Any, templar: t.Any, variables: dict) -> dict:
    """The arguments of a task, with those of its module_defaults."""
    if not OLDER:
        return task.args
    typed = _typing(templar, variables)
    defaults = task._parent.module_defaults
    groups = task._parent._play._action_groups
    given = get_action_args_with_defaults(
        task.resolved_action, typed.template(task.untemplated_args), defaults, typed, groups
    )
    given = {name: value for name, value in given.items() if name in task.args}
    return task.args | remove_omit(given, variables["omit"])


def typed_value(value: t.Any, templar: t.Any, variables: dict) -> t.Any:
    """A value of a variable, templated."""
    return _typing(templar, variables).template(value) if OLDER else templar.template(value)


if OLDER:

    def _concatenated(nodes):
        found = list(nodes)
        if len(found) == 1:
            return found[0]
        return "".join("" if node is None else str(node) for node in found) if found else None

    def _final(value):
        """Ansible's own, which unrolls generators and refuses what is undefined, but makes '' of null."""
        return None if value is None else _ansible_finalize(_decrypted(value))

    def _decrypted(value):
        """The text of a !vault, which the filters would take for a list of characters."""
        return str(value) if hasattr(value, "__ENCRYPTED__") else value

    class _Environment(AnsibleNativeEnvironment):
        concat = staticmethod(_concatenated)

    class _Templar(Templar):
        """Also where a lookup asks for an environment of another kind, as that for templates does."""

        def template(self, variable, *args, **kwargs):
            try:
                return super().template(_decrypted(variable), *args, **kwargs)
            except AnsibleError:
                raise
            except Exception as error:
                raise AnsibleError(str(error)) from error

        def copy_with_new_env(self, environment_class=None, **kwargs):
            return super().copy_with_new_env(environment_class=_Environment, **kwargs)

    def _typing(templar, variables):
        typed = _Templar(templar._loader, variables=variables)
        typed.environment = object.__new__(_Environment)
        vars(typed.environment).update(vars(templar.environment))
        typed.environment.finalize = _final
        typed.environment.globals = templar.environment.globals | {
            "lookup": typed._lookup,
            "query": typed._query_lookup,
            "q": typed._query_lookup,
        }
        return typed
