# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views of /proc, as pods report them."""

from __future__ import annotations

OWN = "pid:[4026532999]"


def view(path, namespace="root", init_root=True, stand_in=True):
    return {"path": path, "namespace": namespace, "init_root": init_root, "stand_in": stand_in}


OWN_VIEW = view("/proc", "own", True, False)
PLAIN = [view("/proc")]
MOUNTED = [OWN_VIEW, view("/procHost")]
SEALED = [OWN_VIEW, view("/procHost", init_root=False)]
BARE = [OWN_VIEW]
