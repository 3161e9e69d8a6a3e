# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program Helm gets the connection of a task. Private to the collection."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.connection_options import options
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError

# helm.sh/helm/v3/pkg/cli/environment.go
_NAMES = {
    "context": "HELM_KUBECONTEXT",
    "host": "HELM_KUBEAPISERVER",
    "api_key": "HELM_KUBETOKEN",
    "ca_cert": "HELM_KUBECAFILE",
    "impersonate_user": "HELM_KUBEASUSER",
    "proxy": "HTTPS_PROXY",
    "no_proxy": "NO_PROXY",
}
# For these Helm has no name; they are in a kubeconfig only.
_USER = {
    "username": "username",
    "password": "password",
    "client_cert": "client-certificate",
    "client_key": "client-key",
}


@contextlib.contextmanager
def environment(params: dict) -> t.Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """The variables of Helm's environment for the options of a connection, and the descriptors that it inherits."""
    chosen = options(params)
    found = {name: str(chosen[option]) for option, name in _NAMES.items() if chosen.get(option)}
    if chosen.get("impersonate_groups"):
        found["HELM_KUBEASGROUPS"] = ",".join(chosen["impersonate_groups"])
    if chosen.get("validate_certs") is False:
        found["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] = "true"
    with contextlib.ExitStack() as ends:
        descriptors: tuple[int, ...] = ()
        content = _content(chosen)
        if content is None and chosen.get("kubeconfig"):
            found["KUBECONFIG"] = str(chosen["kubeconfig"])
        elif content is not None:
            found["KUBECONFIG"], descriptors = ends.enter_context(_in_memory(content))
        yield found, descriptors


def _content(chosen: dict) -> str | None:
    """A kubeconfig that is in no file; None where it is one, or Helm's own default."""
    kubeconfig = chosen.get("kubeconfig")
    if isinstance(kubeconfig, dict):
        return json.dumps(kubeconfig)
    if isinstance(kubeconfig, str) and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
        return kubeconfig
    user = {name: chosen[option] for option, name in _USER.items() if chosen.get(option)}
    if not user:
        return None
    if kubeconfig or chosen.get("context") or not chosen.get("host"):
        raise WorkError(
            f"{', '.join(sorted(option for option in _USER if chosen.get(option)))}: Helm takes these with host only, not beside a "
            "kubeconfig. Fix: put them into the kubeconfig, or set host and no kubeconfig."
        )
    name = "cluster"
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": chosen["host"]}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )


@contextlib.contextmanager
def _in_memory(content: str) -> t.Iterator[tuple[str, tuple[int, ...]]]:
    """A path for a process that inherits the descriptors; where the system has no files in memory, a file for that time."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="kubeconfig-") as file:
            file.write(content)
            file.flush()
            yield file.name, ()
        return
    descriptor = os.memfd_create("kubeconfig")
    try:
        os.write(descriptor, content.encode())
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)
