# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of where a Helm chart comes from."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.addresses import is_url
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.checks.check import (
    Check,
    Problem,
    expect,
    matches,
    named,
)

_VERSION = re.compile(r"[0-9]+[.][0-9]+[.][0-9]+([-+][-+.A-Za-z0-9]+)?")


def is_chart_version(value: t.Any) -> bool:
    """Whether a value is one version, and no range of versions."""
    return isinstance(value, str) and _VERSION.fullmatch(value) is not None


def is_path(chart: str) -> bool:
    """Whether a chart is an archive or a folder."""
    return chart.startswith((".", "/", "~"))


@named
def chart() -> Check:
    """A chart's name, reference or path."""
    return expect(
        matches(r"(?s).*\S.*"),
        "a chart's name, an oci:// reference, or the path of a local archive or folder",
        "loki",
    )


@named
def chart_repository(chart: str) -> Check:
    """The repository of the chart that another input names."""

    def find(value: t.Any, inputs: t.Any) -> Problem | None:
        name = inputs[chart]
        if is_path(name) or name.startswith("oci://") or is_url(value, ("http", "https", "oci")):
            return None
        return Problem(
            "an http, https or oci address, unless %s is local or an oci:// reference" % chart,
            example="https://charts.example.org",
        )

    return Check(find)


@named
def chart_version() -> Check:
    """One version of a chart."""
    return expect(is_chart_version, "one version of the chart, in the form 1.2.3", "1.2.3")
