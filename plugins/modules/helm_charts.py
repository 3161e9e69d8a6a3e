#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: helm_charts
short_description: Keep Helm charts as verified archives and list the images that they run
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Fetches the chart of each release by C(helm pull) into a folder, renders it with the release's values, and returns the images of
    its containers. That is what a machine without outside addresses needs to install the releases. No cluster is asked.
  - Helm does not compare an archive with the digest in the repository's index; this module does. In an OCI registry the chart is
    named by digest, and Helm verifies it.
  - The values reach Helm by its standard input. They are in no file, in no list of processes, and in no result.
options:
  releases:
    description: The releases, as M(runtime_security.kubernetes.helm_releases) takes them; its other options may be set and do not count.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the release.
        type: str
        required: true
      chart:
        description: Name of the chart in its repository, its C(oci://) address, or a path that begins with C(/), C(.) or C(~).
        type: str
        required: true
      repository:
        description: Address of the repository, also one in a registry (C(oci://)). Not needed for a path.
        type: str
        default: ""
      version:
        description: Version of the chart. Not needed for a path.
        type: str
        default: ""
      values:
        description: Values of the chart, which decide about the images.
        type: dict
        default: {}
      variables:
        description: Not used.
        type: dict
        default: {}
      remedies:
        description: Not used.
        type: list
        elements: dict
        default: []
      one_per_cluster:
        description: Not used.
        type: str
        default: ""
  folder:
    description: Folder that keeps the archives under the names that Helm gives them; created where it is missing.
    type: path
    required: true
  checksums:
    description:
      - The SHA-256 that archives have to have, by name and version of the release, such as V(loki 6.46.0). It is what
        RV(checksums) returned before. An archive that has it is not fetched again.
    type: dict
    default: {}
  binary_path:
    description: The Helm program, a path or a name in E(PATH).
    type: path
    default: helm
attributes:
  check_mode:
    description: Can run in check mode. A chart whose archive is missing, or has no checksum, is then neither fetched nor rendered.
    support: full
  diff_mode:
    description: Returns the archives' checksums.
    support: full
requirements:
  - helm
  - PyYAML
seealso:
  - module: runtime_security.kubernetes.helm_releases
  - module: kubernetes.core.helm_pull
"""

EXAMPLES = r"""
- name: Fetch Loki's chart
  runtime_security.kubernetes.helm_charts:
    folder: /srv/bundle/charts
    releases:
      - name: loki
        chart: loki
        repository: https://grafana.github.io/helm-charts
        version: 6.46.0
        values: {deploymentMode: SingleBinary}
  register: fetched

- name: Fetch it again, and only this content
  runtime_security.kubernetes.helm_charts:
    folder: /srv/bundle/charts
    checksums: "{{ fetched.checksums }}"
    releases:
      - {name: loki, chart: loki, repository: https://grafana.github.io/helm-charts, version: 6.46.0}
"""

RETURN = r"""
charts:
  description: The chart of each release, in the order of O(releases).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the release.
      type: str
    chart:
      description: The chart as it was asked for.
      type: str
    version:
      description: The version as it was asked for.
      type: str
    path:
      description: The archive; empty in check mode where it is yet to be fetched.
      type: str
    checksum:
      description: Its SHA-256; empty as well.
      type: str
    images:
      description: The images of all containers, but those that only C(helm test) would run.
      type: list
      elements: str
  sample:
    - name: loki
      chart: loki
      version: 6.46.0
      path: /srv/bundle/charts/loki-6.46.0.tgz
      checksum: 5a1f0e1b7c0d2f3a4b5c6d7e8f90112233445566778899aabbccddeeff001122
      images: ["docker.io/grafana/loki:3.5.7"]
checksums:
  description: The checksums by name and version of the release, for O(checksums).
  returned: success
  type: dict
  sample: {"loki 6.46.0": "5a1f0e1b7c0d2f3a4b5c6d7e8f90112233445566778899aabbccddeeff001122"}
images:
  description: The images of all charts, each once.
  returned: success
  type: list
  elements: str
  sample: ["docker.io/grafana/loki:3.5.7"]
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import charts
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(charts)


if __name__ == "__main__":
    main()
