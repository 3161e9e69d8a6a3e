# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of every module that talks to the API server."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - The path of a kubeconfig, or its content as a dictionary or a string. Several paths are separated by a colon.
      - Without it, and without O(host), O(context) and credentials, the service account of Ansible's pod is used, else
        E(KUBECONFIG), else C(~/.kube/config).
      - Also E(K8S_AUTH_KUBECONFIG).
    type: raw
  context:
    description: The context of the kubeconfig; its current one by default. Also E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description: The URL of the API server, in place of the kubeconfig's. Also E(K8S_AUTH_HOST).
    type: str
  api_key:
    description: A bearer token. Also E(K8S_AUTH_API_KEY).
    type: str
  username:
    description: A user name for basic authentication, which few clusters have. Also E(K8S_AUTH_USERNAME).
    type: str
  password:
    description: The password of O(username). Also E(K8S_AUTH_PASSWORD).
    type: str
  client_cert:
    description: The path of a client certificate. Also E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description: The path of the key of O(client_cert). Also E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  ca_cert:
    description:
      - The path of the CA certificates for the API server's certificate, with the whole chain. Also
        E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description: Validate the API server's certificate; true by default. Also E(K8S_AUTH_VERIFY_SSL).
    type: bool
    aliases: [verify_ssl]
  proxy:
    description: The URL of an HTTP proxy for the connection. Also E(K8S_AUTH_PROXY).
    type: str
  no_proxy:
    description:
      - Hosts, domains, addresses and networks that are reached without the proxy, separated by commas. Also
        E(K8S_AUTH_NO_PROXY).
    type: str
  proxy_headers:
    description: Headers for the proxy. Also E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH) and so on.
    type: dict
    suboptions:
      proxy_basic_auth:
        description: User name and password for the proxy, separated by a colon.
        type: str
      basic_auth:
        description: User name and password, separated by a colon.
        type: str
      user_agent:
        description: User agent of the client, such as V(name/1.0).
        type: str
  persist_config:
    description: Write renewed tokens back to the kubeconfig. Also E(K8S_AUTH_PERSIST_CONFIG).
    type: bool
  impersonate_user:
    description: The user to act as. Also E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description: The groups to act as. Also E(K8S_AUTH_IMPERSONATE_GROUPS), separated by commas.
    type: list
    elements: str
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
notes:
  - These options can be set once for all modules of the collection that talk to the API server, by C(module_defaults) of the
    action group C(runtime_security.kubernetes.cluster).
"""
