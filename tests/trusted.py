# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files whose strings Ansible takes for templates, under each ansible-core."""

from __future__ import annotations

import inspect
import typing as t

from ansible.parsing.dataloader import DataLoader

# ansible-core 2.18 and older trust every file.
_TRUST = (
    {"trusted_as_template": True}
    if "trusted_as_template" in inspect.signature(DataLoader.load_from_file).parameters
    else {}
)


def load(loader: DataLoader, path: object) -> t.Any:
    return loader.load_from_file(str(path), **_TRUST)
