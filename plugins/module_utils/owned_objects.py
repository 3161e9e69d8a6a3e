# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that are changed and removed only by their owner. Private to the collection."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    Reader,
    UnclearAnswer,
    is_not_found,
    reason,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

try:
    from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    DynamicApiError, NotFoundError, HTTPError = (type("Missing", (Exception,), {}) for _each in range(3))

# What this collection makes carries these labels.
OWNER = {"app.kubernetes.io/managed-by": "runtime_security.kubernetes"}
EVERY_SECONDS = 0.5
# Seconds for one deletion: admission webhooks may take 30 of them.
SECONDS = 60


class NotOurs(WorkError):
    """An object is not managed by this collection, or is in use; the text says which, and what to do."""


def is_owned(found: dict, owner: dict[str, str]) -> bool:
    """Whether an object carries all labels of its owner; without labels to look for everything does.

    >>> is_owned({"metadata": {"labels": {"app": "a"}}}, {"app": "a"})
    True
    """
    labels = (found.get("metadata") or {}).get("labels") or {}
    return owner.items() <= labels.items()


def place(definition: dict) -> str:
    """An object in words: kind, namespace and name, or how its name will begin."""
    metadata = definition["metadata"]
    name = metadata.get("name") or f"{metadata['generateName']}*"
    return f"{definition['kind']} " + "/".join(filter(None, (metadata.get("namespace"), name)))


def existing(reader: Reader, definition: dict) -> dict | None:
    """The object of a definition, as it is now; of one that gets a name of its own from the API server there is none."""
    metadata = definition["metadata"]
    if not metadata.get("name") and metadata.get("generateName"):
        return None
    return reader.one(definition["kind"], definition["apiVersion"], metadata["name"], metadata.get("namespace"))


def is_ending(found: dict | None) -> bool:
    """Whether there is an object that is being deleted: what is written to it now is lost."""
    return bool(found and found["metadata"].get("deletionTimestamp"))


def settled(reader: Reader, definition: dict, seconds: float) -> dict | None:
    """The object of a definition, once it is not being deleted any more: a removal that was interrupted ends first.

    seconds limits the wait; with 0 it may be one that is being deleted.
    """
    found = existing(reader, definition)
    end = time.monotonic() + seconds
    while seconds and is_ending(found):
        if time.monotonic() > end:
            raise WorkError(_still(definition, seconds))
        time.sleep(EVERY_SECONDS)
        found = existing(reader, definition)
    return found


def _still(definition: dict, seconds: float) -> str:
    return (
        f"{place(definition)}: it is still being deleted after {seconds:g} s. Expected that it is gone. Fix: look at its "
        "finalizers and conditions (kubectl describe), then run again."
    )


def refuse_foreign(found: list[tuple[dict, dict | None]], owner: dict[str, str], new: bool) -> None:
    """Raise NotOurs for definitions whose object is not the owner's, or, with new, for those that exist at all."""
    labels = ", ".join(f"{key}={value}" for key, value in owner.items())
    others = [place(definition) for definition, now in found if now is not None and not is_owned(now, owner)]
    if others:
        raise NotOurs(
            f"{' and '.join(others)}: not managed by this collection (no label {labels}). Expected none of that name, or one of this "
            "collection. Nothing was changed. Fix: rename or delete it, or choose another namespace."
        )
    known = [place(definition) for definition, now in found if now is not None]
    if new and known:
        raise NotOurs(
            f"{' and '.join(known)}: exists. Expected none of that name, since none was listed before. Nothing was changed. "
            "Fix: see who created it and whether the API server is healthy, then run again."
        )


def selected(reader: Reader, definition: dict, owner: dict[str, str]) -> list[dict]:
    """The objects that a definition removes: the one of its name, or all with its labels; none of another owner.

    The labels are compared here too, whatever the API server made of the selector.
    """
    metadata = definition["metadata"]
    wanted = {**(metadata.get("labels") or {}), **owner}
    if metadata.get("name"):
        found = existing(reader, definition)
        return [found] if found is not None and is_owned(found, owner) else []
    if not wanted:
        raise UnclearAnswer(f"{definition['kind']}: neither a name nor labels say which to remove.")
    selector = ",".join(f"{key}={value}" for key, value in wanted.items())
    namespace = metadata.get("namespace")
    listed = reader.all(definition["kind"], definition["apiVersion"], namespace, selector, metadata_only=True)
    return [
        {**one, "apiVersion": definition["apiVersion"], "kind": definition["kind"]}
        for one in listed
        if is_owned(one, wanted) and namespace in (None, one["metadata"].get("namespace"))
    ]


def mounted_by(reader: Reader, namespace: str, claim: str) -> list[str]:
    """Names of the pods that have a volume claim mounted and are not being deleted."""
    return [
        pod["metadata"]["name"]
        for pod in reader.all("Pod", "v1", namespace)
        if not pod["metadata"].get("deletionTimestamp")
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        and any(
            (volume.get("persistentVolumeClaim") or {}).get("claimName") == claim
            for volume in (pod.get("spec") or {}).get("volumes") or []
        )
    ]


class Remover:
    """Removes objects, each by its uid: one that was created again in the meantime stays."""

    def __init__(self, reader: Reader, seconds: float, wait: bool) -> None:
        """seconds limits each wait; with wait, objects are gone with all that belongs to them when remove returns."""
        self._reader = reader
        self._seconds = seconds
        self._wait = wait

    def remove(self, found: list[dict]) -> None:
        """Remove objects in their order; a volume claim once no pod has it mounted."""
        for one in found:
            self.refuse_used(one)
            self._delete(one)
        for one in found if self._wait else []:
            if not self._until(lambda one=one: self._gone(one)):
                raise WorkError(_still(one, self._seconds))

    def refuse_used(self, found: dict) -> None:
        """Raise NotOurs for a volume claim that stays mounted: what is written there would be lost later."""
        if found["kind"] != "PersistentVolumeClaim":
            return
        metadata, pods = found["metadata"], []

        def unused() -> bool:
            pods[:] = mounted_by(self._reader, metadata["namespace"], metadata["name"])
            return not pods

        if not self._until(unused):
            raise NotOurs(
                f"{place(found)}: pod {' and '.join(pods)} has it mounted. Expected that nobody uses it any more. It was not "
                f"deleted. Fix: see who runs the pod (kubectl describe pod --namespace {metadata['namespace']} {pods[0]})."
            )

    def _delete(self, found: dict) -> None:
        metadata = found["metadata"]
        resource = self._reader.resource(found["kind"], found["apiVersion"])
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            # Of a Job the API server would leave the pods.
            "propagationPolicy": "Foreground" if self._wait else "Background",
            **({"preconditions": {"uid": metadata["uid"]}} if metadata.get("uid") else {}),
        }
        words = {"name": metadata["name"], "namespace": metadata.get("namespace"), "body": body}
        try:
            resource.delete(serialize=False, _request_timeout=SECONDS, **words)
        except NotFoundError as error:
            if not is_not_found(error.status, error.body):
                raise UnclearAnswer(f"{place(found)}: it was not deleted: {reason(error)}.") from error
        except DynamicApiError as error:
            raise UnclearAnswer(f"{place(found)}: it was not deleted: {reason(error)}.") from error
        except (HTTPError, OSError) as error:
            raise UnclearAnswer(f"{place(found)}: no answer ({error}); whether it was deleted is not known.") from error

    def _gone(self, found: dict) -> bool:
        now = existing(self._reader, found)
        return now is None or now["metadata"].get("uid") != found["metadata"].get("uid")

    def _until(self, true: t.Callable[[], bool]) -> bool:
        end = time.monotonic() + self._seconds
        while not true():
            if time.monotonic() > end:
                return False
            time.sleep(EVERY_SECONDS)
        return True
