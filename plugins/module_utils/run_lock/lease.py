# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a cluster: a Lease of coordination.k8s.io/v1, as Kubernetes' own components use it to elect one of them."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lease_object import (
    NAME,
    NAMESPACE,
    lease,
    record_of,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.run_lock.lock import LockError, Record

try:
    from kubernetes.client import ApiException, CoordinationV1Api
    from urllib3 import Retry
    from urllib3.exceptions import HTTPError
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError:  # connection.py reports it
    ApiException, HTTPError = (type("Missing", (Exception,), {}) for _each in range(2))

# Seconds to connect, and to wait for an answer.
TIMEOUT = (5, 10)


class LeaseLock:
    """The Lease of a cluster. client: that of connection.py."""

    def __init__(self, client: t.Any, namespace: str = NAMESPACE, name: str = NAME):
        self.namespace = namespace
        self.name = name
        self._client = client.client.client
        self._api = CoordinationV1Api(self._client)

    def keep_in_memory(self) -> None:
        """Need no file any more: those of a run with certificates go at its end, and the lock is released after that."""
        pool = self._client.rest_client.pool_manager
        words = pool.connection_pool_kw
        context = create_urllib3_context(cert_reqs=words.get("cert_reqs"))
        ca_files = words.pop("ca_certs", None), None, words.pop("ca_cert_data", None)
        if any(ca_files):
            context.load_verify_locations(*ca_files)
        else:
            context.load_default_certs()
        certificate, key = words.pop("cert_file", None), words.pop("key_file", None)
        if certificate:
            context.load_cert_chain(certificate, key)
        # The next renewal comes soon; a run that has ended must not be held by an API server that does not answer.
        words.update(ssl_context=context, retries=Retry(0))
        pool.clear()

    def read(self) -> tuple[Record | None, dict | None]:
        try:
            with _told(self):
                found = self._call(self._api.read_namespaced_lease, self.name, self.namespace)
        except _NotFound:
            return None, None
        return record_of(found), found

    def write(self, record: Record, version: dict | None) -> bool:
        body = lease(record, version or {}, self.name)
        try:
            with _told(self):
                if version is None:
                    self._call(self._api.create_namespaced_lease, self.namespace, body)
                else:
                    self._call(self._api.replace_namespaced_lease, self.name, self.namespace, body)
        except _NotFound as error:
            if version is None:
                raise LockError(
                    "runtime_security_lock_namespace: there is no such namespace (%s). Expected one that exists before the "
                    "roles make theirs. Fix: set it to default." % self.namespace
                ) from error
            return False
        except _Conflict:
            return False
        return True

    def remove(self, version: dict) -> bool:
        metadata = version["metadata"]
        seen = {"preconditions": {"uid": metadata.get("uid"), "resourceVersion": metadata.get("resourceVersion")}}
        try:
            with _told(self):
                self._call(self._api.delete_namespaced_lease, self.name, self.namespace, body=seen)
        except _NotFound:
            pass
        except _Conflict:
            return False
        return True

    @staticmethod
    def _call(function, *arguments, **words) -> dict:
        answer = function(*arguments, _preload_content=False, _request_timeout=TIMEOUT, **words)
        return json.loads(answer.read())


class _NotFound(Exception):
    pass


class _Conflict(Exception):
    pass


@contextlib.contextmanager
def _told(lock: LeaseLock):
    """The client's errors as this file's own."""
    try:
        yield
    except ApiException as error:
        if error.status == 404:
            raise _NotFound from error
        if error.status == 409:
            raise _Conflict from error
        raise LockError(refusal(error.status, error.reason, lock.namespace)) from error
    except (HTTPError, OSError, ValueError) as error:
        raise LockError("The cluster does not answer: %s" % error, "unanswered") from error


def refusal(status: int, reason: str, namespace: str) -> str:
    """What to do about an answer of the API server that is an error."""
    if status != 403:
        return "The API server answered %s (%s) when it was asked for the lock of the cluster." % (status, reason)
    return (
        "run_lock: the account may not use leases of coordination.k8s.io in namespace %(namespace)s (HTTP 403). Expected the "
        "verbs get, create, update and delete: one run at a time works on a cluster. Fix: as an administrator, kubectl "
        "--namespace %(namespace)s create role runtime-security-lock --verb=get,create,update,delete "
        "--resource=leases.coordination.k8s.io, and kubectl --namespace %(namespace)s create rolebinding "
        "runtime-security-lock --role=runtime-security-lock --user=ACCOUNT; or set runtime_security_lock_namespace to a "
        "namespace in which the account may." % {"namespace": namespace}
    )
