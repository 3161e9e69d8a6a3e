# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Helm does with one release: install, upgrade, uninstall, recover. Private to the collection."""

from __future__ import annotations

import json
import time
import typing as t

try:
    import yaml
except ImportError:  # the module reports it
    yaml = None

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import (
    helm_program,
    helm_recovery,
    immutable_fields,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.chart_source import ChartError, Source
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.helm_release import merged

# helm.sh/helm/v3/pkg/storage/driver/driver.go, ErrReleaseNotFound
NOT_THERE = "release: not found"
WAIT_SECONDS = 2


class Helm:
    """The program, in one namespace of one cluster. What changes a release returns whether it did, and else Helm's reason."""

    def __init__(self, program: str, namespace: str, environment: dict[str, str], cluster: str = "") -> None:
        """environment is how the program finds the cluster; cluster tells that one from others."""
        self._program = program
        self._namespace = namespace
        self._environment = environment
        self._cluster = cluster

    def run(self, arguments: list[str], values: dict | None = None, **options: t.Any) -> tuple[int, str, str]:
        """Exit code, output, and what went wrong."""
        return helm_program.run(
            self._program, ["--namespace", self._namespace, *arguments], values, self._environment, **options
        )

    def ask(self, arguments: list[str]) -> tuple[int, str, str]:
        return self.run(arguments, seconds=helm_program.QUESTION_SECONDS)

    def lock(self, release: dict) -> helm_recovery.ReleaseLock:
        return helm_recovery.ReleaseLock(self._cluster, self._namespace, release["name"])

    def install(self, release: dict) -> tuple[bool, str]:
        source = Source(release["chart"] or "", release["repository"], release["version"])
        # A name that is in use is Helm's to refuse where none was seen.
        command = ["install"] if release["exists"] is False else ["upgrade", "--install", "--reset-values"]
        try:
            values = self.kept(release, source)
        except ValueError as error:
            return False, str(error)
        with self.lock(release) as lock:
            lock.note("upgrade" if release["newest"] else "install", release["newest"] + 1)
            command += self.client_side(values)
            rc, dummy, said = self.run(
                [*command, "--values", "-", release["name"], *source.arguments], values, descriptors=lock.descriptors()
            )
            ended(lock, rc)
        return rc == 0, said

    def client_side(self, values: dict) -> list[str]:
        """The option with which Helm 4 applies as Helm 3 does, where a value overrides what Falco's chart has in its environment.

        On the server, Helm 4's default, two entries of one name are refused ("duplicate entries for key").
        """
        entries = (values.get("extra") or {}).get("env") or []
        if not any(isinstance(entry, dict) and entry.get("name") == "HOST_ROOT" for entry in entries):
            return []
        dummy, version, dummy = self.ask(["version", "--template", "{{.Version}}"])
        major = version.strip().lstrip("v").split(".")[0]
        return ["--server-side=false"] if major.isdigit() and int(major) >= 4 else []

    def kept(self, release: dict, source: Source) -> dict:
        """The values for Helm: those that are asked for, and what others have set of the same chart."""
        if release["managed"] is None or release["exists"] is not True:
            return release["values"]
        stands = self.stands(release)
        if stands is None or stands["chart"].split(" ")[0] != source.identity()[0]:
            return release["values"]
        return merged(stands["values"], release["managed"], release["values"])

    def validate(self, release: dict) -> tuple[bool, str]:
        """Refuse what Kubernetes would not let an upgrade change; what cannot be rendered is left to the upgrade."""
        if not release["exists"] or not release["newest"]:
            return True, ""
        source = Source(release["chart"] or "", release["repository"], release["version"])
        values = self.kept(release, source)
        command = ["template", release["name"], *source.arguments, "--is-upgrade", "--values", "-"]
        answers = [self.ask(["get", "manifest", release["name"]]), self.run(command, values)]
        try:
            before, after = ([*yaml.safe_load_all(printed)] if code == 0 else [] for code, printed, dummy in answers)
        except yaml.YAMLError:
            return True, ""
        found = immutable_fields.changes(before, after, self._namespace)
        words = [immutable_fields.message(one, release["name"], self._namespace, release["variables"]) for one in found]
        return not words, " ".join(words)

    def uninstall(self, release: dict) -> tuple[bool, str]:
        with self.lock(release) as lock:
            lock.note("uninstall", release["newest"])
            rc, dummy, said = self.run(["uninstall", "--wait", release["name"]], descriptors=lock.descriptors())
            ended(lock, rc)
        if rc != 0:
            return False, "" if NOT_THERE in said else said
        try:
            left = self.status(release)
        except ValueError as error:
            return False, "whether it is gone is not clear: %s" % error
        return left is None, "" if left is None else "it still exists, with the status %s" % left.status

    def is_there(self, release: dict) -> tuple[bool, str]:
        rc, dummy, said = self.ask(["status", release["name"]])
        return rc == 0, "" if NOT_THERE in said else said

    def status(self, release: dict) -> helm_recovery.Record | None:
        """The newest revision, by Helm itself; None where there is no such release."""
        return helm_recovery.parsed_status(*self.ask(["status", "--output", "json", release["name"]]))

    def recover(self, release: dict) -> tuple[bool, str]:
        """End what was interrupted, once there is evidence that it was."""
        with self.lock(release) as lock:
            record, since = (
                helm_recovery.Record(release["status"], release["newest"]),
                time.monotonic() - release["idle"],
            )
            while True:
                now = self.status(release)
                if now is None:
                    return True, ""
                if now != record:
                    if now.revision < record.revision:
                        raise ValueError(
                            "Helm says revision %d is the newest, its records say %d" % (now.revision, record.revision)
                        )
                    # Somebody is at work with it, or has just ended.
                    record, since = now, time.monotonic()
                idle = time.monotonic() - since
                step = helm_recovery.next_step(record.status, lock.began(record), idle)
                if step != "wait":
                    break
                time.sleep(WAIT_SECONDS)
            if step == "nothing":
                return True, ""
            if step == "rollback" and record.revision != release["newest"]:
                # The revision to go back to was that of another operation.
                raise ValueError("its revision %d came meanwhile, and is %s" % record[::-1])
            lock.note(step, record.revision + (step == "rollback"))
            inherited = {"descriptors": lock.descriptors()}
            if step == "rollback":
                rc, dummy, said = self.run(["rollback", release["name"], str(release["revision"])], **inherited)
            else:
                rc, dummy, said = self.run(["uninstall", "--wait", release["name"]], **inherited)
            ended(lock, rc)
            return rc == 0, said

    def stands(self, release: dict) -> dict | None:
        """Chart and values of a release, or nothing; raises ValueError where Helm's answer is none."""
        rc, metadata, said = self.ask(["get", "metadata", release["name"], "--output", "json"])
        if rc != 0:
            if NOT_THERE in said:
                return None
            raise ValueError("what is deployed is not clear: %s" % said.strip())
        rc, values, said = self.ask(["get", "values", release["name"], "--output", "json"])
        try:
            found, given = json.loads(metadata), json.loads(values) or {}
            if rc == 0 and isinstance(given, dict):
                return {"chart": "%s %s" % (found["chart"], found["version"]), "values": given}
        except (KeyError, TypeError, ValueError):
            said = "Helm's answer is no record"
        raise ValueError("what is deployed is not clear: %s" % (said.strip() or "its values are no mapping"))


def ended(lock: helm_recovery.ReleaseLock, code: int) -> None:
    """Forget an operation that ended well; of another one the record may tell that it has begun, and it has ended."""
    if code == 0:
        lock.forget()


def clear(work: t.Callable[[dict], tuple[bool, str]]) -> t.Callable[[dict], tuple[bool, str]]:
    """The same work, with whatever is not clear as its refusal."""

    def attempt(release: dict) -> tuple[bool, str]:
        try:
            return work(release)
        except (ChartError, OSError, ValueError, helm_recovery.StillRunning) as error:
            return False, str(error)

    return attempt
