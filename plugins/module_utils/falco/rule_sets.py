# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of falco_rule_sets: the Falco project's rule sets, each by its digest. Private to the collection."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco import rule_signature
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rule_artifact import (
    ArtifactError,
    rules_of,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.falco.rules import SETS
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.registry import (
    DIGEST,
    Registry,
    RegistryError,
    reason,
    skopeo,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

# In the order in which Falco reads them, with their artifacts (falcosecurity/rules, registry.yaml).
ARTIFACTS = {
    "stable": "falco-rules",
    "incubating": "falco-incubating-rules",
    "sandbox": "falco-sandbox-rules",
}
# A version in full: tags such as 5 and latest move with each release.
VERSION = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?)(?:@(sha256:[0-9a-f]{64}))?\Z")
_SIGNER = {name: {"type": "str"} for name in ("identity", "identity_regexp")}
ARGUMENTS = {
    **{name: {"type": "str", "default": ""} for name in ARTIFACTS},
    "repository": {"type": "str", "required": True},
    "folder": {"type": "path", "required": True},
    "digests": {"type": "dict", "default": {}},
    "offline": {"type": "bool", "default": False},
    "signer": {
        "type": "dict",
        "options": {"issuer": {"type": "str", "required": True}, **_SIGNER},
        "mutually_exclusive": [["identity", "identity_regexp"]],
        "required_one_of": [["identity", "identity_regexp"]],
    },
}
_UNCHANGED = "Nothing of it was used."


class _Refused(Exception):
    """A set that cannot be used: what is wrong, what is expected and the fix."""

    def __init__(self, what: str, expected: str, fix: str) -> None:
        super().__init__(what)
        self.expected, self.fix = expected, fix


def file_name(name: str) -> str:
    """The name of a set's file in Falco's folder, before those of the role; the same for each version.

    >>> file_name("stable")
    '000-falco-1-stable.yaml'
    """
    return f"000-falco-{list(ARTIFACTS).index(name) + 1}-{name}.yaml"


def run(params: dict, mode: Mode) -> dict:
    """Have each set in the folder, and return its rules; raises WorkError for the first that cannot be used."""
    sets = [_Set(name, params) for name in ARTIFACTS if params[name]]
    if not mode.check and sets and not params["offline"]:
        os.makedirs(params["folder"], exist_ok=True)
    for one in sets:
        try:
            one.have(mode)
        except _Refused as why:
            raise WorkError(
                f"{one.item} ('{params[one.name]}'): {why}. Expected {why.expected}. Fix: {why.fix}. {_UNCHANGED}"
            ) from why
    return {
        "changed": any(one.fetched for one in sets),
        "files": [{"file": file_name(one.name), "item": one.item, "content": one.content} for one in sets],
        "versions": {one.name: one.pinned for one in sets},
        "digests": {one.key: one.digest for one in sets},
        "paths": [str(one.path) for one in sets],
        "unpinned": [f"{one.item}: {one.pinned}" for one in sets if one.pinned != params[one.name]],
    }


class _Set:
    """One set of a task."""

    def __init__(self, name: str, params: dict) -> None:
        self.name, self._params = name, params
        self.item = SETS[name]
        self._version, self._given = _parts(self.item, params[name])
        self._artifact = ARTIFACTS[name]
        self.key = f"{self._artifact}:{self._version}"
        self._source = f"{params['repository'].rstrip('/')}/{self._artifact}"
        self._signer = {key: text for key, text in (params["signer"] or {}).items() if text}
        self._folder = Path(params["folder"])
        self.digest, self.content, self.fetched = "", "", False

    @property
    def pinned(self) -> str:
        """The version with its digest."""
        return f"{self._version}@{self.digest}"

    @property
    def path(self) -> Path:
        """The set's file, which has its name once it was verified."""
        return self._folder / self._file(self.digest)

    def have(self, mode: Mode) -> None:
        """Read the file, which is fetched where it is not there or not whole."""
        self.digest = self._given or self._params["digests"].get(self.key) or self._named()
        wrong = "it is not there"
        if self.path.exists():
            try:
                self.content = rules_of(str(self.path), self.digest)
                return
            except ArtifactError as error:
                wrong = str(error)
        if self._params["offline"]:
            signed = " signed by falco_ebpf_rule_sets_signer" if self._signer else ""
            raise _Refused(
                f"{self.path} cannot be used: {wrong}",
                f"this set{signed} in the bundle",
                "build the bundle with the same variables, or copy it again",
            )
        if mode.check:
            with tempfile.TemporaryDirectory() as folder:
                self._fetch(Path(folder) / self._file(self.digest))
        else:
            self._fetch(self.path)
        self.fetched = True

    def _file(self, digest: str) -> str:
        mark = rule_signature.mark(self._signer)
        return f"{self._artifact}-{self._version}-{digest.partition(':')[2]}{mark and '-signed-' + mark}.tar"

    def _remembered(self) -> list[str]:
        """The digests that the version had in earlier runs, by the folder's files."""
        start = f"{self._artifact}-{self._version}-"
        found = {path.name[len(start) :][:64] for path in self._folder.glob(start + "*.tar")}
        return sorted(digest for digest in ("sha256:" + text for text in found) if DIGEST.match(digest))

    def _named(self) -> str:
        """The digest that the version has in the registry: the one that it had before, if it had one."""
        before = self._remembered()
        if self._params["offline"]:
            if len(before) != 1:
                raise _Refused(
                    f"{self._folder} has {len(before)} sets of this version",
                    "one",
                    "build the bundle with this version, or add the digest (VERSION@sha256:...)",
                )
            return before[0]
        try:
            digest, _manifest = Registry(_ask_skopeo).raw_manifest(f"{self._source}:{self._version}")
        except (RegistryError, ValueError) as error:
            raise self._absent(f"{self._source}:{self._version}", str(error)) from error
        if before and digest not in before:
            raise _Refused(
                f"the tag has moved. The registry has {digest} now, and had {', '.join(before)}",
                "a version that stays what it is",
                f"find out why, and set the one that you want: {self._version}@{before[-1]} or {self._version}@{digest}",
            )
        return digest

    def _fetch(self, path: Path) -> None:
        """Copy the artifact beside its place, verify all of it and its signature, and give it its name."""
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        reference = f"{self._source}@{self.digest}"
        try:
            rc, _stdout, stderr = _ask_skopeo(
                ["copy", "--quiet", "--retry-times", "3", f"docker://{reference}", f"oci-archive:{partial}"]
            )
            if rc != 0:
                raise self._absent(reference, reason(stderr))
            try:
                self.content = rules_of(str(partial), self.digest)
            except ArtifactError as error:
                raise self._absent(reference, str(error)) from error
            wrong = rule_signature.fault(reference, self._signer) if self._signer else ""
            if wrong:
                raise _Refused(
                    f"the signature of {reference} by falco_ebpf_rule_sets_signer cannot be confirmed: {wrong}",
                    "a signature of that identity in the registry, and a way for cosign to its keys",
                    "correct the identity, copy the signature to the mirror too, or use another version",
                )
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _absent(self, reference: str, why: str) -> _Refused:
        return _Refused(
            f"{reference} cannot be had: {why}",
            "a rule set of the Falco project in this registry",
            "correct the version, falco_ebpf_rule_sets_repository or falco_ebpf_image_registries, or look at the registry, "
            "'skopeo login' and its CA (SSL_CERT_FILE)",
        )


def _parts(item: str, text: str) -> tuple[str, str]:
    """Version and digest ("" for none) of a variable's value."""
    match = VERSION.match(text)
    if not match:
        raise WorkError(
            f"{item}: invalid value ('{text}'). Expected a version of three numbers, best with the digest: 5.1.0@sha256:... . "
            f"Fix: set one. {_UNCHANGED}"
        )
    return match.group(1), match.group(2) or ""


def _ask_skopeo(arguments: list[str]) -> tuple[int, bytes, str]:
    command = [skopeo(), *arguments]
    # run_command is a method of AnsibleModule, which the work does not know.
    # pylint: disable-next=ansible-bad-function
    done: t.Any = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")
