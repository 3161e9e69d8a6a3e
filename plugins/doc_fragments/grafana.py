# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import textwrap

from ansible_collections.runtime_security.kubernetes.plugins.doc_fragments.cluster import ModuleDocFragment as _Cluster

# The options of the connection to the cluster, as suboptions of service.
_SERVICE = re.sub(
    r"O\((\w+)\)",
    r"O(service.\1)",
    _Cluster.DOCUMENTATION.partition("options:\n")[2].partition("requirements:\n")[0],
)

# How Grafana is asked, wherever it is.
REQUEST = r"""
  use_proxy:
    description: Use the proxies of the environment for Grafana.
    type: bool
    default: true
  validate_certs:
    description: If V(false), Grafana's certificate is not validated.
    type: bool
    default: true
  ca_path:
    description:
      - CA file for Grafana's certificate. Without it the system's CAs are trusted, and those that a Service names.
    type: path
  client_cert:
    description: PEM file with a client certificate, if Grafana requires one.
    type: path
  client_key:
    description: PEM file with the key of O(client_cert), if that file does not contain it.
    type: path
  timeout:
    description: Time limit of one request, in seconds.
    type: int
    default: 30
"""


class ModuleDocFragment:
    """Connection options of the Grafana modules: those of community.grafana, and what they lack."""

    # With a type: ansible-test takes what is assigned without one for a plain string.
    DOCUMENTATION: str = (
        r"""
options:
  url:
    description:
      - Address of Grafana, for example V(http://192.0.2.10:30300). Without it, O(service) says where Grafana is; one of both is
        needed.
    type: str
    aliases: [grafana_url]
  url_username:
    description: Name of a Grafana user. By default the one in O(service.admin_secret), without O(service) V(admin).
    type: str
    aliases: [grafana_user]
  url_password:
    description: Password of the user. By default the one in O(service.admin_secret), without O(service) V(admin).
    type: str
    aliases: [grafana_password]
  grafana_api_key:
    description: Token of a service account, instead of O(url_username) and O(url_password).
    type: str
"""
        + REQUEST[1:]
        + r"""  variables:
    description:
      - Names of the variables that error messages name in the place of options, by option, of O(url), O(ca_path),
        O(url_username), O(url_password), O(grafana_api_key), O(service.namespace) as C(namespace) and O(service.admin_secret) as C(admin_secret).
    type: dict
    default: {}
  service:
    description:
      - The Grafana in a cluster. What O(url), O(url_username), O(url_password) and O(grafana_api_key) leave open is read there.
        Passwords stay in memory, they are in no result.
      - The address is the load balancer's of the Service, else its port on a node, else the first host of the Ingress of the same
        name. It is one with HTTPS where the C(appProtocol) of the Service's first port is V(https), or the Ingress has a
        certificate for the host.
      - With the annotation C(runtime-security/certificate-secret) the Service names a Secret of its namespace whose C(ca.crt) is
        trusted in the place of the system's CAs, for a certificate that is valid for C(NAME.NAMESPACE.svc).
      - Without such a Service or Secret the task fails, in check mode it announces what it would do once there is one. With
        C(state=absent) there is nothing to remove then.
    type: dict
    suboptions:
      namespace:
        description: Namespace of Grafana.
        type: str
        default: monitoring
      name:
        description: Name of Grafana's Service, and of its Ingress.
        type: str
        default: grafana
      admin_secret:
        description: Secret with the keys C(admin-user) and C(admin-password). It is not read where the credentials are set.
        type: str
        default: grafana-admin
"""
        + textwrap.indent(_SERVICE, "    ")
        + r"""
requirements:
  - kubernetes >= 24.2.0, with O(service)
notes:
  - These options can be set once for all modules that use Grafana's API, by C(module_defaults) of the action group
    C(runtime_security.kubernetes.grafana).
  - With O(service), the account needs the verb C(get) for the Service, the Secrets and the Ingress, and C(list) for nodes if the
    Service has a node port and no load balancer.
"""
    )
