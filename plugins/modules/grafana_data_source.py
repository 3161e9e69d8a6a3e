#!/usr/bin/python
# Copyright (c) 2026, the runtime_security.kubernetes authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_data_source
short_description: Manage one data source of Grafana by its uid
version_added: 0.1.0
description:
  - Creates, updates in place and removes a data source through the uid-based API, which Grafana 9 to 13 share.
  - Supports check mode and shows differences without secrets.
  - Unlike M(community.grafana.grafana_datasource), it notices a changed secret and works if the API by numeric id is
    disabled, as in Grafana 13.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - runtime_security.kubernetes.grafana
options:
  uid:
    description:
      - The uid of the data source. Dashboards and alert rules refer to it.
      - A new one is 1 to 40 letters, digits, C(-) and C(_); Grafana 12 and newer accept no other.
    type: str
    required: true
  name:
    description:
      - The display name, unique in Grafana. The default is the uid.
      - If another data source has this name, it is not changed, and the module fails.
    type: str
  type:
    description: The type of the data source, which is the id of its plugin. Required with O(state=present).
    type: str
  ds_url:
    description: The address at which Grafana's server reaches the data source. Required with O(state=present).
    type: str
  access:
    description: Who queries the data source, Grafana's server (V(proxy)) or the browser (V(direct)).
    type: str
    choices: [proxy, direct]
    default: proxy
  is_default:
    description:
      - Whether this is the default data source. Grafana has at most one.
      - If not set, it is unchanged, and a new source is not the default.
    type: bool
  basic_auth_user:
    description:
      - The user of basic authentication at the data source. An empty string disables it.
      - If not set, it is unchanged.
    type: str
  basic_auth_password:
    description: The password for O(basic_auth_user), which it requires.
    type: str
  http_headers:
    description:
      - All HTTP headers that Grafana sends to the data source, by name, such as C(X-Scope-OrgID) for a tenant of
        Loki, or C(Authorization) with a bearer token. Their values are secrets to Grafana.
      - If not set, they are unchanged. An empty dictionary removes them.
    type: dict
  tls_ca_cert:
    description: The CA certificates, in PEM form, for the data source's certificate. An empty string removes them.
    type: str
  tls_client_cert:
    description:
      - The client certificate of Grafana, in PEM form. Requires O(tls_client_key). An empty string for both removes it.
    type: str
  tls_client_key:
    description: The key of O(tls_client_cert), in PEM form.
    type: str
  tls_secret:
    description:
      - A Secret with the entries C(ca.crt), C(tls.crt) and C(tls.key), instead of O(tls_ca_cert), O(tls_client_cert) and
        O(tls_client_key). It may have only C(ca.crt).
      - It is read in the cluster of O(service), which it requires. Its content is in no result.
      - Without such a Secret the task fails, in check mode it announces what it would do once there is one.
    type: dict
    suboptions:
      name:
        description: The name of the Secret.
        type: str
        required: true
      namespace:
        description: The namespace of the Secret.
        type: str
        default: monitoring
  tls_server_name:
    description: The name in the data source's certificate, if it is not the one in O(ds_url).
    type: str
  tls_skip_verify:
    description:
      - Accept any certificate of the data source.
      - If not set, it is unchanged.
    type: bool
  user:
    description: The user of a database, for types that have one.
    type: str
  database:
    description: The name of a database, for types that have one.
    type: str
  json_data:
    description: Settings of the plugin. Other keys are unchanged; a key with the value null is removed.
    type: dict
    default: {}
  secure_json_data:
    description:
      - Additional secret settings of the plugin, such as C(password) of a database.
      - Grafana never returns secrets, so a salted fingerprint of all of them is stored as C(secureFingerprint) in the
        data source's settings, and determines whether they are sent again.
      - Secrets are declared together. If one is declared, here or in O(basic_auth_password), O(http_headers),
        O(tls_ca_cert), O(tls_client_key) or O(tls_secret), others are removed. If none is, all are unchanged. An empty dictionary here
        removes them.
    type: dict
  owner:
    description:
      - Stored as C(managedBy) in the settings of a data source that the module creates.
      - Only a data source with this value is changed, unless O(overwrite) is true, or removed with O(state=absent). If
        not set, any data source is.
    type: str
  overwrite:
    description:
      - Change a data source that has this O(uid) but another or no owner. Its owner is not changed, and it survives a removal.
      - If V(false), the module fails if such a data source differs from the declaration.
    type: bool
    default: false
  state:
    description: State of the data source.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Changes nothing, and returns what would change; without a Grafana that answers, what a first run would do.
  diff_mode:
    support: full
    description: Returns what has changed, secrets as a fingerprint.
"""

EXAMPLES = r"""
- name: Create a data source for Loki
  runtime_security.kubernetes.grafana_data_source:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    uid: loki
    name: Loki
    type: loki
    ds_url: http://loki.monitoring.svc:3100

- name: Create a data source for one tenant of a Loki with mutual TLS
  runtime_security.kubernetes.grafana_data_source:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    uid: loki-team-a
    type: loki
    ds_url: https://loki.monitoring.svc:3100
    http_headers:
      X-Scope-OrgID: team-a
    tls_ca_cert: "{{ ca_certificate }}"
    tls_client_cert: "{{ client_certificate }}"
    tls_client_key: "{{ client_key }}"

- name: Create a data source for a Prometheus with a bearer token
  runtime_security.kubernetes.grafana_data_source:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    uid: prometheus
    type: prometheus
    ds_url: https://prometheus.example.org
    http_headers:
      Authorization: "Bearer {{ prometheus_token }}"
    json_data:
      timeInterval: 30s

- name: Remove a data source
  runtime_security.kubernetes.grafana_data_source:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    uid: loki
    state: absent
"""

RETURN = r"""
data_source:
  description: The data source, in check mode as it would be; without secrets. Empty if it is absent.
  returned: success
  type: dict
  contains:
    uid:
      description: The uid.
      returned: success and O(state=present)
      type: str
      sample: loki
    name:
      description: The name.
      returned: success and O(state=present)
      type: str
      sample: Loki
    type:
      description: The plugin's id.
      returned: success and O(state=present)
      type: str
      sample: loki
    url:
      description: The address for Grafana's server.
      returned: success and O(state=present)
      type: str
      sample: http://loki.monitoring.svc:3100
    access:
      description: Who queries the data source.
      returned: success and O(state=present)
      type: str
      sample: proxy
    isDefault:
      description: Whether it is the default data source.
      returned: success and O(state=present)
      type: bool
      sample: false
    basicAuthUser:
      description: The user of basic authentication.
      returned: success and there is one
      type: str
      sample: grafana
    jsonData:
      description: The plugin's settings, with the fingerprint of the secrets if there are any.
      returned: success and O(state=present)
      type: dict
      sample:
        maxLines: 1000
"""

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_data_source
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.module_door import run_module


def main():
    run_module(grafana_data_source)


if __name__ == "__main__":
    main()
