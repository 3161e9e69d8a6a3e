# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of image_pins_info: what registries have under names of images. Private to the collection."""

from __future__ import annotations

import subprocess
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.registry import (
    Registry,
    RegistryError,
    skopeo,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    "images": {"type": "dict", "required": True},
    "architecture": {"type": "str", "default": "amd64"},
}
AT_A_TIME = 4


def run(params: dict, mode: Mode) -> dict:
    """Ask the registries for the digests; raises WorkError where one does not answer."""
    program = skopeo()

    def ask_skopeo(arguments: list) -> tuple:
        # run_command is a method of AnsibleModule, which the work does not know.
        # pylint: disable-next=ansible-bad-function
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")

    registry = Registry(ask_skopeo)

    def ask(item: tuple[str, str]) -> tuple[str, t.Any, str | None]:
        key, reference = item
        try:
            return key, registry.pins(reference, params["architecture"]), None
        except (RegistryError, ValueError) as error:
            return key, None, "%s: %s" % (reference, error)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        answers = list(pool.map(ask, sorted(params["images"].items())))
    faults = [fault for _key, _pins, fault in answers if fault]
    if faults:
        raise WorkError(
            "Nothing was fetched. %s. Look at the registry's address, 'skopeo login', and its CA (SSL_CERT_FILE)."
            % "; ".join(faults)
        )
    return {"pins": {key: pins for key, pins, _fault in answers}}
