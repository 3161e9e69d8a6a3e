# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Helm does with one release: install, upgrade, uninstall, recover, render. Private to the collection."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

try:
    import yaml
except ImportError:  # connected_client reports it
    yaml = None

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm import (
    immutable_fields,
    program,
    recovery,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.chart_source import ChartError
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.evidence import Found, Owner
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm.request import Request
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

# helm.sh/helm/v3/pkg/storage/driver/driver.go, ErrReleaseNotFound
NOT_THERE = "release: not found"
WAIT_SECONDS = 2


class Outcome(t.NamedTuple):
    """Whether Helm did what it was asked, and else its reason; neither where there was nothing to do."""

    done: bool
    reason: str = ""


class Helm:
    """The program, in one namespace of one cluster."""

    def __init__(
        self,
        binary: str,
        namespace: str,
        environment: dict[str, str],
        cluster: str = "",
        descriptors: tuple[int, ...] = (),
    ) -> None:
        """environment and descriptors are how the program finds the cluster; cluster tells that one from others."""
        self._program = program.path_of(binary)
        self._binary = binary
        self._namespace = namespace
        self._environment = environment
        self.cluster = cluster
        self._descriptors = descriptors

    def run(
        self, arguments: list[str], values: dict | None = None, descriptors: tuple[int, ...] = (), **options: t.Any
    ) -> tuple[int, str, str]:
        """Exit code, output, and what went wrong."""
        return program.run(
            self._program,
            ["--namespace", self._namespace, *arguments],
            values,
            self._environment,
            descriptors=(*self._descriptors, *descriptors),
            **options,
        )

    def ask(self, arguments: list[str]) -> tuple[int, str, str]:
        return self.run(arguments, seconds=program.QUESTION_SECONDS)

    def lock(self, name: str) -> recovery.ReleaseLock:
        return recovery.ReleaseLock(self.cluster, self._namespace, name)

    def install(self, request: Request, found: Found) -> Outcome:
        """Install it, or upgrade what exists."""
        # A name that is in use is Helm's to refuse where none was seen.
        command = ["install"] if found.owner is Owner.NOBODY else ["upgrade", "--install", "--reset-values"]
        values = request.next_values(found)
        with self.lock(request.name) as lock:
            lock.note("upgrade" if found.exists else "install", found.revision + 1)
            command += self._client_side(values)
            code, _printed, said = self.run(
                [*command, "--values", "-", request.name, *request.source.arguments],
                values,
                descriptors=lock.descriptors(),
            )
            ended(lock, code)
        public = (request.name, request.chart, self._namespace, *request.source.arguments)
        return Outcome(code == 0, "" if code == 0 else program.without_values(said, values, public))

    def _client_side(self, values: dict) -> list[str]:
        """The option with which Helm 4 applies as Helm 3 does, where a value overrides what Falco's chart has in its environment.

        On the server, Helm 4's default, two entries of one name are refused ("duplicate entries for key").
        """
        entries = (values.get("extra") or {}).get("env") or []
        if not any(isinstance(entry, dict) and entry.get("name") == "HOST_ROOT" for entry in entries):
            return []
        version, _problem = program.version(self._binary)
        return ["--server-side=false"] if version and int(version.split(".")[0]) >= 4 else []

    def refused_changes(self, request: Request, found: Found) -> list[str]:
        """What Kubernetes would not let an upgrade change, in words; what cannot be rendered is left to the upgrade.

        Raises WorkError where the values that others set cannot be read.
        """
        values = request.next_values(found)
        if found.content is None:
            return []
        command = ["template", request.name, *request.source.arguments, "--is-upgrade", "--values", "-"]
        code, printed, _said = self.run(command, values)
        try:
            before = [*yaml.safe_load_all(found.content.manifest)]
            after = [*yaml.safe_load_all(printed)] if code == 0 else []
        except yaml.YAMLError:
            return []
        changes = immutable_fields.changes(before, after, self._namespace)
        return [immutable_fields.message(one, request.name, self._namespace, request.variables) for one in changes]

    def uninstall(self, found: Found) -> Outcome:
        """Done only where Helm states afterwards that there is no such release."""
        with self.lock(found.name) as lock:
            lock.note("uninstall", found.revision)
            code, _printed, said = self.run(["uninstall", "--wait", found.name], descriptors=lock.descriptors())
            ended(lock, code)
        if code != 0:
            return Outcome(False, "" if NOT_THERE in said else said)
        try:
            left = self.status(found.name)
        except ValueError as error:
            return Outcome(False, "whether it is gone is not clear: %s" % error)
        return Outcome(left is None, "" if left is None else "it still exists, with the status %s" % left.status)

    def status(self, name: str) -> recovery.Record | None:
        """The newest revision, by Helm itself; None where there is no such release."""
        return recovery.parsed_status(*self.ask(["status", "--output", "json", name]))

    def recover(self, found: Found) -> Outcome:
        """End an operation that was interrupted, once there is evidence that it was."""
        with self.lock(found.name) as lock:
            record = recovery.Record(found.status, found.revision)
            since = time.monotonic() - found.idle
            while True:
                now = self.status(found.name)
                if now is None:
                    return Outcome(True)
                if now != record:
                    if now.revision < record.revision:
                        raise ValueError(
                            "Helm says revision %d is the newest, its records say %d" % (now.revision, record.revision)
                        )
                    # Somebody is at work with it, or has just ended.
                    record, since = now, time.monotonic()
                step = recovery.next_step(record.status, lock.began(record), time.monotonic() - since)
                if step != "wait":
                    break
                time.sleep(WAIT_SECONDS)
            if step == "nothing":
                return Outcome(True)
            if step == "rollback" and record.revision != found.revision:
                # The revision to go back to was that of another operation.
                raise ValueError("its revision %d came meanwhile, and is %s" % record[::-1])
            lock.note(step, record.revision + (step == "rollback"))
            inherited = {"descriptors": lock.descriptors()}
            if step == "rollback":
                code, _printed, said = self.run(["rollback", found.name, str(found.last_deployed)], **inherited)
            else:
                code, _printed, said = self.run(["uninstall", "--wait", found.name], **inherited)
            ended(lock, code)
            return Outcome(code == 0, said)


def ended(lock: recovery.ReleaseLock, code: int) -> None:
    """Forget an operation that ended well; of another one the record may tell that it has begun, and it has ended."""
    if code == 0:
        lock.forget()


def clear(work: t.Callable[..., Outcome]) -> t.Callable[..., Outcome]:
    """The same work, with whatever is not clear as its reason."""

    def attempt(*arguments: t.Any) -> Outcome:
        try:
            return work(*arguments)
        except (ChartError, OSError, ValueError, WorkError, recovery.StillRunning) as error:
            return Outcome(False, str(error))

    return attempt


def side_by_side(work: t.Callable[..., t.Any], tasks: dict[str, tuple]) -> dict[str, t.Any]:
    """What the work returned for the arguments of each release, by name."""
    with ThreadPoolExecutor(max_workers=max(1, len(tasks))) as pool:
        return dict(zip(tasks, pool.map(lambda arguments: work(*arguments), tasks.values())))
