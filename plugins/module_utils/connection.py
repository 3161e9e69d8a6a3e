# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to an API server, made and ended by one context manager. Private to the collection.

    with connected_client(params) as client:
        found = Reader(client).one("Service", "v1", "loki", "monitoring")

Each connection has a client of its own. It keeps nothing on disk: which kinds there are is asked once per group and connection,
and files with keys, which TLS needs, are gone when the block ends. An Ansible worker never comes to what a process does at
its end, and runs the items of a loop one after the other.
"""

from __future__ import annotations

import contextlib
import copy
import json
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import (
    UnclearAnswer,
    reason,
    stated,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.connection_options import configured, headers
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.key_files import KEY_FILES
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.kinds import Kinds
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Unreachable, WorkError

MISSING = None
try:
    import yaml
    from kubernetes.client.api_client import ApiClient
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config import ConfigException
    from kubernetes.dynamic import DynamicClient
    from kubernetes.dynamic.exceptions import DynamicApiError, ForbiddenError, ResourceNotFoundError
    from urllib3.exceptions import (
        ConnectTimeoutError,
        HTTPError,
        MaxRetryError,
        NewConnectionError,
        ProtocolError,
        ReadTimeoutError,
    )
except ImportError as error:
    MISSING = error

# The options that say where the API server is and who asks; those of kubernetes.core's modules.
ARGUMENTS = copy.deepcopy(AUTH_ARG_SPEC)
# It may hold keys and tokens; newer releases of kubernetes.core look for them in their own modules only.
ARGUMENTS["kubeconfig"]["no_log"] = True
# Seconds to connect, and to wait for the first answer.
SECONDS = (5, 30)


class Client:
    """What asks the API server: resources, objects, and by client whatever else it answers."""

    def __init__(self, api: t.Any, dry_run: bool = False) -> None:
        self.client = DynamicClient(api, discoverer=Kinds)
        self.configuration = api.configuration
        self._dry = {"dry_run": "All"} if dry_run else {}

    @property
    def resources(self) -> Kinds:
        """The kinds of objects; resources.get(api_version=..., kind=...) returns one."""
        return self.client.resources

    def resource(self, kind: str, api_version: str) -> t.Any:
        """A kind of objects by its name, plural, singular or short name."""
        return self.resources.named(kind, api_version)

    def get(self, resource: t.Any, **words: t.Any) -> t.Any:
        return resource.get(**words)

    def create(self, resource: t.Any, definition: dict, **words: t.Any) -> t.Any:
        return resource.create(definition, **self._dry, **words)

    def replace(self, resource: t.Any, definition: dict, **words: t.Any) -> t.Any:
        return resource.replace(definition, **self._dry, **words)

    def patch(self, resource: t.Any, definition: dict, **words: t.Any) -> t.Any:
        return resource.patch(definition, **self._dry, **words)

    def delete(self, resource: t.Any, **words: t.Any) -> t.Any:
        return resource.delete(**self._dry, **words)


@contextlib.contextmanager
def connected_client(params: dict, dry_run: bool = False) -> t.Iterator[Client]:
    """A client of the API server that params name, which has answered once.

    params: values of ARGUMENTS; where one is None the environment's K8S_AUTH_NAME counts, as with kubernetes.core.
    dry_run: whether the API server is to keep no change.
    Raises Unreachable where no API server answers, and WorkError where an answer leaves open what there is, also in the block.
    """
    if MISSING is not None:
        raise WorkError(f"{missing_required_lib('kubernetes')} ({MISSING})")
    with contextlib.ExitStack() as ends:
        folder = ends.enter_context(KEY_FILES)
        configuration = _configuration(params, folder)
        ends.enter_context(_clear_answers())
        api = ends.enter_context(ApiClient(configuration))
        ends.callback(api.rest_client.pool_manager.clear)
        for name, value in headers(params):
            api.set_default_header(name, value)
        client = Client(api, dry_run)
        _ask(client, params)
        yield client


def core_api(configuration: t.Any) -> t.Any:
    """The library's own interface to the core group, with a client of its own: a stream changes its client while it connects.

    All kinds of objects come with it, which takes 0.4 s of CPU time: it is loaded where it is needed, and no sooner.
    """
    from kubernetes.client import CoreV1Api

    return CoreV1Api(ApiClient(configuration))


def _configuration(params: dict, folder: str) -> t.Any:
    try:
        return configured(params, folder)
    except ConfigException as error:
        raise Unreachable(
            f"kubeconfig: it leads to no cluster ({error}). Expected a configuration that 'kubectl get namespaces' works with. "
            "Fix: set both (for the roles runtime_security_kubeconfig and runtime_security_context), or create the cluster first."
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError, OSError, yaml.YAMLError) as error:
        # What the library says of it may quote what is in it.
        raise WorkError(
            f"kubeconfig: it cannot be used ({type(error).__name__}). Expected the path or the content of a kubeconfig. "
            "Fix: try it with 'kubectl config view'."
        ) from error


def _ask(client: Client, params: dict) -> None:
    """Raise unless the API server answers."""
    where = f"API server {client.configuration.host}"
    if params.get("context"):
        where += f" of context {params['context']}"
    try:
        answer = client.client.request("get", "/version", serialize=False, _request_timeout=SECONDS)
        if "gitVersion" not in json.loads(answer.data):
            raise ValueError
    except ForbiddenError as error:
        # It answers, and has no version for this account.
        if stated(error.body) != "Forbidden":
            raise
    except (TypeError, ValueError) as error:
        raise WorkError(
            f"{where}: what answers is no API server. Expected its version. Fix: set kubeconfig, host and proxy to one."
        ) from error
    except (HTTPError, OSError) as error:
        cause = error.reason if isinstance(error, MaxRetryError) else error
        silent = (NewConnectionError, ConnectTimeoutError, ReadTimeoutError, ProtocolError, ConnectionError)
        raise (Unreachable if isinstance(cause, silent) else WorkError)(
            f"{where}: no answer ({cause}). Expected a cluster that 'kubectl get namespaces' reaches. Fix: start it, or set "
            "kubeconfig and context to another one."
        ) from error


@contextlib.contextmanager
def _clear_answers() -> t.Iterator[None]:
    """Errors of the client and of what reads with it as errors of the task."""
    try:
        yield
    except (UnclearAnswer, ResourceNotFoundError) as error:
        raise WorkError(f"API server: the answer leaves open what there is. {error}") from error
    except (ApiException, DynamicApiError) as error:
        raise WorkError(f"API server: {reason(error)}.") from error
    except HTTPError as error:
        raise WorkError(f"API server: no answer ({error}).") from error
