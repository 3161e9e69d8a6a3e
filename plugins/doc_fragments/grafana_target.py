# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import textwrap

from ansible_collections.runtime_security.kubernetes.plugins.doc_fragments.grafana import REQUEST

_URL = r"""
    type: dict
    required: true
    suboptions:
      url:
        description: Address of Grafana, for example V(http://192.0.2.10:30300). By default that of O(grafana.service).
        type: str
        aliases: [grafana_url]
"""
_CONNECTION = (
    textwrap.indent(REQUEST, "    ").replace("O(client_cert)", "O(grafana.client_cert)")
    + r"""      service:
        description:
          - The Grafana in the cluster. What the other options leave open is read there, as by the other Grafana modules. One of
            O(grafana.url) and O(grafana.service) is needed.
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
            description: Secret with the keys C(admin-user) and C(admin-password).
            type: str
            default: grafana-admin
"""
)


def _option(description: str, credentials: str, variables: str) -> str:
    """The option, of parts that each begin with a newline."""
    return f"options:{description}{_URL[1:]}{credentials[1:]}{_CONNECTION[1:]}{variables[1:]}"


class ModuleDocFragment:
    """Grafana as the option C(grafana) of a module that also asks other APIs."""

    # With a type: ansible-test takes what is assigned without one for a plain string.
    DOCUMENTATION: str = _option(
        r"""
  grafana:
    description: Connection to Grafana.
""",
        r"""
      url_username:
        description:
          - Grafana user that may read dashboards and query data sources. By default the one in the Secret of
            O(grafana.service), without it V(admin).
        type: str
        aliases: [grafana_user]
      url_password:
        description: Password of the user. By default the one in the Secret, without O(grafana.service) V(admin).
        type: str
        aliases: [grafana_password]
      grafana_api_key:
        description: Token of a service account, instead of O(grafana.url_username) and O(grafana.url_password).
        type: str
""",
        r"""
      variables:
        description:
          - Names of the variables that error messages name in the place of options, by option, of C(url), C(url_username),
            C(url_password), C(grafana_api_key), C(namespace) and C(admin_secret).
        type: dict
        default: {}
""",
    )
    # For a module that sets the administrator's password.
    ADMINISTRATOR: str = _option(
        r"""
  grafana:
    description: Connection to Grafana, with the credentials to set.
""",
        r"""
      url_username:
        description:
          - Name of the administrator, the user that Grafana created at its first start. By default the one in the Secret of
            O(grafana.service), without it V(admin).
        type: str
        aliases: [grafana_user]
      url_password:
        description:
          - The administrator's password. By default the one in the Secret of O(grafana.service); one of both is needed.
        type: str
        aliases: [grafana_password]
""",
        r"""
      variables:
        description:
          - Names of the variables that error messages name in the place of options, by option, of C(url), C(url_username),
            C(url_password), C(namespace) and C(admin_secret).
        type: dict
        default: {}
""",
    )
