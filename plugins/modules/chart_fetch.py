#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: chart_fetch
short_description: Keep a Helm chart of a repository as a verified archive
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Fetches one version of a chart by C(helm pull) and keeps the archive under the name Helm gives it.
  - Helm does not compare an archive with the digest in the repository's index; this module does. In an OCI registry the chart is
    named by digest, and Helm verifies it.
options:
  chart:
    description: Name of the chart in the repository, an C(oci://) reference, or the path of an archive.
    type: str
    required: true
  repository:
    description: Address of the chart repository. An C(oci://) address is the folder of the charts. Not used for a whole reference or a path.
    type: str
    default: ""
  version:
    description: Version of the chart. Not used for a path.
    type: str
    default: ""
  folder:
    description: Folder that keeps the archive; made when missing.
    type: path
    required: true
  checksum:
    description: SHA-256 that the archive has to have. An archive that is there and has it is not fetched again.
    type: str
    default: ""
  binary:
    description: Helm's program; a path or a name in E(PATH).
    type: path
    default: helm
attributes:
  check_mode:
    description: Can run in check mode; without O(checksum) it then says that it would fetch.
    support: full
  diff_mode:
    description: Returns the archive's checksums.
    support: full
requirements:
  - helm
  - PyYAML
seealso:
  - module: kubernetes.core.helm_pull
"""

EXAMPLES = r"""
- name: Fetch Loki's chart
  runtime_security.kubernetes.chart_fetch:
    chart: loki
    repository: https://grafana-community.github.io/helm-charts
    version: 18.11.0
    folder: /srv/bundle/charts

- name: Fetch it from a registry, and only this content
  runtime_security.kubernetes.chart_fetch:
    chart: loki
    repository: oci://ghcr.io/grafana-community/helm-charts
    version: 18.11.0
    folder: /srv/bundle/charts
    checksum: 5a1f0e1b7c0d2f3a4b5c6d7e8f90112233445566778899aabbccddeeff001122
"""

RETURN = r"""
path:
  description: The archive; an empty string in check mode where it is yet to come.
  returned: success
  type: str
  sample: /srv/bundle/charts/loki-18.11.0.tgz
checksum:
  description: Its SHA-256.
  returned: success
  type: str
  sample: 5a1f0e1b7c0d2f3a4b5c6d7e8f90112233445566778899aabbccddeeff001122
"""

import glob
import os
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import chart_source


def pull(module, source, folder):
    """Path of the archive that Helm puts into an empty folder."""
    if source.path:
        return shutil.copy(source.path, folder)
    command = [module.get_bin_path(module.params["binary"], required=True), "pull", "--destination", folder]
    rc, stdout, stderr = module.run_command(command + source.arguments)
    if rc != 0:
        raise chart_source.ChartError((stderr or stdout).strip())
    return glob.glob(os.path.join(glob.escape(folder), "*.tgz"))[0]


def main():
    module = AnsibleModule(
        argument_spec=dict(
            chart=dict(type="str", required=True),
            repository=dict(type="str", default=""),
            version=dict(type="str", default=""),
            folder=dict(type="path", required=True),
            checksum=dict(type="str", default=""),
            binary=dict(type="path", default="helm"),
        ),
        supports_check_mode=True,
    )
    if chart_source.YAML_ERROR:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=chart_source.YAML_ERROR)
    params = module.params
    source = chart_source.Source(params["chart"], params["repository"], params["version"])
    path = os.path.join(params["folder"], source.file_name)
    before = module.sha256(path) if os.path.exists(path) else ""
    if before and before == params["checksum"]:
        module.exit_json(changed=False, path=path, checksum=before)
    if module.check_mode:
        module.exit_json(changed=True, path="", checksum="")

    os.makedirs(params["folder"], exist_ok=True)
    # Beside its place, so that the last step is a rename.
    work = tempfile.mkdtemp(dir=params["folder"], prefix=".")
    try:
        archive = pull(module, source, work)
        found = module.sha256(archive)
        for who, wanted in (("the repository's index", source.index_checksum()), ("checksum", params["checksum"])):
            if wanted and wanted != found:
                raise chart_source.ChartError("its SHA-256 is %s, %s says %s" % (found, who, wanted))
        path = os.path.join(params["folder"], os.path.basename(archive))
        before = module.sha256(path) if os.path.exists(path) else ""
        if found != before:
            os.replace(archive, path)
    except (OSError, chart_source.ChartError) as error:
        module.fail_json(
            msg="Chart '%s' %s cannot be had from '%s': %s. Nothing of it was kept. Look at the repository's address and at the version."
            % (params["chart"], params["version"], source.address, error)
        )
    finally:
        shutil.rmtree(work)
    module.exit_json(
        changed=found != before,
        path=path,
        checksum=found,
        diff={"before": {path: before or "absent"}, "after": {path: found}},
    )


if __name__ == "__main__":
    main()
