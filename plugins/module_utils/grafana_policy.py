# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our routes in somebody's notification policy tree.

Grafana has one tree. Ours is one route in it, with our own routes below, and it matches only alerts that carry our
label. So it can stand first: no other alert changes its way, and no route of others has to be touched.
"""

from __future__ import annotations

import re

from .grafana_alert_rules import OWNER_LABEL, DefinitionError, duration

_MATCHER = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*")
_TIMES = ("group_wait", "group_interval", "repeat_interval")


def _matcher(text: str) -> list[str]:
    match = _MATCHER.fullmatch(text)
    if not match:
        raise DefinitionError(f"matcher {text!r} is not LABEL=VALUE, LABEL!=VALUE, LABEL=~REGEX or LABEL!~REGEX")
    return list(match.groups())


def _route(declared: dict, matchers: list[list[str]]) -> dict:
    route = {"receiver": declared["contact_point"], "object_matchers": matchers}
    if declared["group_by"]:
        route["group_by"] = declared["group_by"]
    for key in _TIMES:
        if declared[key + "_seconds"] is not None:
            route[key] = duration(declared[key + "_seconds"])
    return route


def build(declared: dict, owner: str) -> dict:
    """Our route. Below it the first that matches decides, as in Grafana's own tree."""
    ours = _route(declared, [[OWNER_LABEL, "=", owner]])
    below = [
        {**_route(route, [_matcher(text) for text in route["matchers"]]), "continue": route["continue"]}
        for route in declared["routes"] or []
    ]
    if below:
        ours["routes"] = below
    return ours


def is_ours(route: dict, owner: str) -> bool:
    """True for the route that matches our label and nothing else."""
    return route.get("object_matchers") == [[OWNER_LABEL, "=", owner]]


def ours_in(tree: dict, owner: str) -> dict | None:
    """Our route as it is now."""
    return next((route for route in tree.get("routes") or [] if is_ours(route, owner)), None)


def _plain(route: dict | None) -> dict | None:
    # What is empty or false may be left out in an answer.
    if route is None:
        return None
    plain = {key: value for key, value in route.items() if value and key not in ("routes", "provenance")}
    plain["routes"] = [_plain(below) for below in route.get("routes") or []]
    return plain


def merged(tree: dict, route: dict | None, owner: str) -> dict | None:
    """The whole tree with our route first, or without it for None; None if that is what it is already."""
    routes = tree.get("routes") or []
    others = [other for other in routes if not is_ours(other, owner)]
    wanted = ([route] if route else []) + others
    if [_plain(one) for one in wanted] == [_plain(one) for one in routes]:
        return None
    return {**{key: value for key, value in tree.items() if key != "provenance"}, "routes": wanted}


def contact_points(route: dict | None) -> set[str]:
    """The names a route and those below it send to."""
    if not route:
        return set()
    names = {route["receiver"]} if route.get("receiver") else set()
    return names.union(*(contact_points(below) for below in route.get("routes") or []))
