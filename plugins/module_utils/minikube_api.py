# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a profile's cluster is healthy, asked of its API server where minikube cannot ask the node."""

from __future__ import annotations

import os

from ansible_collections.runtime_security.kubernetes.plugins.module_utils.minikube import profile_folder

_SECONDS = 10
_LABEL = "minikube.k8s.io/name"


def health(home, kubeconfig, profile, names):
    """Whether all nodes of these names are Ready, and words for it: a tuple (boolean, string).

    The API server has to show a certificate of the CA of this folder of minikube's, and its nodes have to carry the profile's
    name: another cluster under the same context is not taken for this one. Whatever fails means that it cannot be determined.
    """
    try:
        from kubernetes import client, config
    except ImportError as error:
        return False, "its API server was not asked: %s" % error
    try:
        settings = client.Configuration()
        config.load_kube_config(kubeconfig, context=profile, client_configuration=settings)
        settings.ssl_ca_cert = os.path.join(profile_folder(home), "ca.crt")
        settings.retries = 0
        with client.ApiClient(settings) as connection:
            found = client.CoreV1Api(connection).list_node(_request_timeout=_SECONDS).items
        ready = {
            node.metadata.name
            for node in found
            if (node.metadata.labels or {}).get(_LABEL) == profile
            and any(one.type == "Ready" and one.status == "True" for one in node.status.conditions or [])
        }
    # The client, its transport and what it parses fail in many ways, and each means the same here.
    except Exception as error:
        return False, "its API server: %s" % " ".join(str(error).split())[:200]
    if ready != set(names):
        return False, "its API server reports as Ready: %s" % (", ".join(sorted(ready)) or "no node")
    return True, "its API server reports all nodes as Ready"
