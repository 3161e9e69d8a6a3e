# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks names up in the kernel's type information (BTF). Layout: include/uapi/linux/btf.h.

One pass over the type section, no object for each type: a kernel has more than 100,000 of them.
"""

import struct

KIND_STRUCT = 4
KIND_TYPEDEF = 8

# A type is a name, an info word and a size or type word; some kinds have more words after that.
# KIND: (fixed words, words for each member).
_EXTRA = {
    1: (1, 0),  # int
    3: (3, 0),  # array
    4: (0, 3),  # struct
    5: (0, 3),  # union
    6: (0, 2),  # enum
    13: (0, 2),  # function prototype
    14: (1, 0),  # variable
    15: (0, 3),  # data section
    17: (1, 0),  # declaration tag
    19: (0, 3),  # 64-bit enum
}
_KINDS = 20


class BtfError(Exception):
    pass


def lookup(data, typedefs, structs):
    """Ids of the named typedefs and structs: two dictionaries, without the names that are missing."""
    view, strings = _sections(data)
    wanted = {}
    for kind, names in ((KIND_TYPEDEF, typedefs), (KIND_STRUCT, structs)):
        for name in names:
            # BTF keeps each string once.
            at = data.find(b"\0" + name.encode("ascii") + b"\0", strings[0] - 1, strings[1])
            if at >= 0:
                wanted.setdefault(at + 1 - strings[0], {})[kind] = name
    found = {KIND_TYPEDEF: {}, KIND_STRUCT: {}}
    _walk(view, wanted, found)
    return found[KIND_TYPEDEF], found[KIND_STRUCT]


def _sections(data):
    """The type section as words, and where the strings begin and end."""
    if len(data) < 24:
        raise BtfError("shorter than its header")
    magic, version, _flags, header, type_off, type_len, str_off, str_len = struct.unpack_from("=HBBIIIII", data)
    if magic != 0xEB9F:
        raise BtfError("no BTF magic at the start")
    if version != 1:
        raise BtfError("BTF version {0} is not known".format(version))
    types = header + type_off
    strings = header + str_off
    if types % 4 or type_len % 4 or types + type_len > len(data) or not 0 < strings <= strings + str_len <= len(data):
        raise BtfError("section outside of the {0} bytes there are".format(len(data)))
    return memoryview(data)[types : types + type_len].cast("I"), (strings, strings + str_len)


def _walk(words, wanted, found):
    fixed = [_EXTRA.get(kind, (0, 0))[0] + 3 for kind in range(_KINDS)]
    member = [_EXTRA.get(kind, (0, 0))[1] for kind in range(_KINDS)]
    missing = sum(len(kinds) for kinds in wanted.values())
    end = len(words)
    position = type_id = 0
    try:
        while position < end and missing:
            type_id += 1
            info = words[position + 1]
            kind = info >> 24 & 0x1F
            if words[position] in wanted:
                name = wanted[words[position]].get(kind)
                if name and name not in found[kind]:
                    found[kind][name] = type_id
                    missing -= 1
            per_member = member[kind]
            position += fixed[kind] + (per_member and per_member * (info & 0xFFFF))
    except IndexError:
        raise BtfError("type {0} is truncated or of an unknown kind".format(type_id)) from None
