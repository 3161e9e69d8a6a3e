# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written where a value was read from, and what Helm would have read there.

Python's value no longer tells 22:22 from 1342, nor 1e3 from "1e3". Ansible notes file, line and column of each value, but in no
public interface: where it does not, or where there is no file (JSON on the command line), nothing is found here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import yaml
from ansible.errors import AnsibleError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_values import UnreadableValue, scalar
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.yaml_library import LOADER

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

_TAGS = {
    "tag:yaml.org,2002:set": ("a mapping", "write {a: null, b: null} instead of !!set {a, b}"),
    "tag:yaml.org,2002:omap": ("a list of mappings", "write it without !!omap"),
    "tag:yaml.org,2002:pairs": ("a list of mappings", "write it without !!pairs"),
}
# The lowest number of two digits in base 60 (1:00); all other numbers are read alike.
_LEAST_IN_BASE_60 = 60


def reader_of(loader: object) -> Callable[[str], str] | None:
    """How a DataLoader reads a file, decrypted. ansible-core 2.18 and older neither can, nor tell where a value was written."""
    return getattr(loader, "get_text_file_contents", None)


class Sources:
    """The files in which values were written. read returns the text of a path, decrypted, or raises OSError or AnsibleError."""

    def __init__(self, read: Callable[[str], str] | None) -> None:
        self._read = read
        self._events: dict[str, dict] = {}

    def misread(self, value: object, where: str = "") -> Iterator[UnreadableValue]:
        """Each place below a value where Ansible and Helm read different things."""
        yield from self._differs(value, where)
        if isinstance(value, Mapping):
            for key, entry in value.items():
                yield from self._differs(key, where)
                yield from self.misread(entry, f"{where}.{key}")
        elif isinstance(value, (list, tuple)):
            for place, entry in enumerate(value):
                yield from self.misread(entry, f"{where}[{place}]")

    def _differs(self, value, where):
        if not _doubtful(value):
            return
        event = self._event(Origin.get_tag(value)) if Origin else None
        if event is None:
            return
        if event.tag in _TAGS:
            yield UnreadableValue(where, event.tag.replace("tag:yaml.org,2002:", "!!"), *_TAGS[event.tag])
        elif _is_plain(event) and _reads(event.value) == value and not _same(scalar(event.value), value):
            yield UnreadableValue(
                where,
                event.value,
                f"what Ansible and Helm read alike; Ansible reads a {_kind(value)} here, Helm a {_kind(scalar(event.value))}",
                "put it in quotes where a string is meant, or write the number or boolean in the plain way",
            )

    def _event(self, origin):
        if origin is None or not origin.path or not origin.line_num or not origin.col_num:
            return None
        if origin.path not in self._events:
            self._events[origin.path] = self._parsed(origin.path)
        return self._events[origin.path].get((origin.line_num, origin.col_num))

    def _parsed(self, path):
        """The scalars and collections of a file by line and column, from 1; none where it is no YAML file."""
        try:
            # As bytes, since Ansible's strings are of a type of their own.
            events = list(yaml.parse(self._read(path).encode(), Loader=LOADER))
        except (AnsibleError, OSError, UnicodeError, yaml.YAMLError):
            return {}
        return {
            (event.start_mark.line + 1, event.start_mark.column + 1): event
            for event in events
            if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent))
        }


def _doubtful(value):
    """Whether a value may have been written in a way that Helm reads differently."""
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value != "" and scalar(value) != value
    return isinstance(value, (float, list)) or (isinstance(value, int) and abs(value) >= _LEAST_IN_BASE_60)


def _is_plain(event):
    return isinstance(event, yaml.ScalarEvent) and event.tag is None and not event.style


def _reads(text):
    """What YAML 1.1 makes of a plain scalar, as Ansible's loader does."""
    return yaml.load(text, Loader=LOADER)


def _same(one, other):
    return one == other and isinstance(one, str) == isinstance(other, str)


def _kind(value):
    return "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
