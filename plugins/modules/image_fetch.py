#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_fetch
short_description: Keep an image of a registry as a verified archive
version_added: 0.1.0
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
description:
  - Copies one image into a docker-archive by C(skopeo), without a container engine.
  - The image is fetched by digest. The archive is read again, down to the last byte of each layer, before it gets its name;
    whoever finds the file finds all of it.
  - An archive that is there already is verified the same way, and fetched anew only when something is wrong with it.
options:
  path:
    description: The archive. Folders above it are made. The path cannot have a colon in it.
    type: path
    required: true
  name:
    description: Full name and tag that the archive gives the image.
    type: str
    required: true
  source:
    description: Reference of the image at the registry it is fetched from. A tag in it does not count.
    type: str
    required: true
  manifest:
    description: Digest of the image's manifest.
    type: str
    required: true
  id:
    description: Digest of the image's configuration.
    type: str
    required: true
attributes:
  check_mode:
    description: Can run in check mode and tell what would change.
    support: full
  diff_mode:
    description: Returns what is wrong with an archive that is fetched anew.
    support: full
requirements:
  - skopeo
seealso:
  - module: runtime_security.kubernetes.image_pins_info
  - module: runtime_security.kubernetes.image_archives
"""

EXAMPLES = r"""
- name: Ask what Loki's tag means today
  runtime_security.kubernetes.image_pins_info:
    images:
      loki: docker.io/grafana/loki:3.6.3
  register: pins

- name: Fetch it
  runtime_security.kubernetes.image_fetch:
    path: /srv/bundle/images/loki.tar
    name: docker.io/grafana/loki:3.6.3
    source: docker.io/grafana/loki:3.6.3
    manifest: "{{ pins.pins.loki.manifest }}"
    id: "{{ pins.pins.loki.id }}"
"""

RETURN = r"""
path:
  description: The archive.
  returned: success
  type: str
  sample: /srv/bundle/images/loki.tar
size:
  description: Its size in bytes; 0 in check mode where it is not there yet.
  returned: success
  type: int
  sample: 123834880
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import image_content, registry


def fetch(module, path):
    """Copies the image beside its place, looks at all of it, and moves it there."""
    params = module.params
    # A run that was killed may have left a process that still writes: each has a file of its own.
    partial = "%s.%d.partial" % (path, os.getpid())
    os.makedirs(os.path.dirname(path), exist_ok=True)
    source = registry.at_digest(params["source"], params["manifest"])
    rc, _stdout, stderr = module.run_command(
        [
            module.get_bin_path("skopeo", required=True),
            "copy",
            "--quiet",
            "--retry-times",
            "3",
            "docker://" + source,
            "docker-archive:%s:%s" % (partial, params["name"]),
        ]
    )
    wrong = registry.reason(stderr) if rc != 0 else image_content.fault(partial, params["name"], params["id"])
    if wrong:
        if os.path.exists(partial):
            os.remove(partial)
        module.fail_json(
            msg="Image '%s' cannot be had from '%s': %s. Nothing of it was kept; what was fetched before stays. Run again, "
            "or look at the registry." % (params["name"], source, wrong)
        )
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            path=dict(type="path", required=True),
            name=dict(type="str", required=True),
            source=dict(type="str", required=True),
            manifest=dict(type="str", required=True),
            id=dict(type="str", required=True),
        ),
        supports_check_mode=True,
    )
    params = module.params
    for key in ("manifest", "id"):
        if not registry.DIGEST.match(params[key]):
            module.fail_json(msg="%s is '%s'; allowed is sha256: and 64 hexadecimal digits." % (key, params[key]))
    path = params["path"]
    if ":" in path:
        module.fail_json(msg="path is '%s'; allowed is a path without a colon." % path)
    there = os.path.exists(path)
    wrong = image_content.fault(path, params["name"], params["id"]) if there else "absent"
    if wrong and not module.check_mode:
        fetch(module, path)
    module.exit_json(
        changed=bool(wrong),
        path=path,
        size=os.path.getsize(path) if os.path.exists(path) else 0,
        diff={"before": {params["name"]: wrong or params["id"]}, "after": {params["name"]: params["id"]}},
    )


if __name__ == "__main__":
    main()
