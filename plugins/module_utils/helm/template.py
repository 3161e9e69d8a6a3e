# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders charts without a cluster and without a trace of their values. Private to the collection."""

from __future__ import annotations

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import program
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.chart_source import Source
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError


def rendered(
    name: str,
    chart: str,
    repository: str = "",
    version: str = "",
    values: dict | None = None,
    namespace: str = "default",
    binary: str = "helm",
) -> str:
    """The manifests of a release, as YAML; they may have secrets.

    chart is a name in the repository, an oci:// address, or a path that begins with /, . or ~; values are such as
    helm_values() returns, and reach Helm by its standard input. Raises WorkError with Helm's reason and no value.
    """
    source = Source(chart, repository, version)
    code, printed, said = program.run(
        program.path_of(binary),
        ["template", name, *source.arguments, "--namespace", namespace, "--values", "-"],
        values or {},
    )
    if code != 0:
        raise WorkError(
            f"Helm cannot render {' '.join(source.arguments)}: {program.without_values(said, values or {}).strip()}"
        )
    return printed
