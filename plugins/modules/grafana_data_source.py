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
  - Unlike M(community.grafana.grafana_datasource), it notices a changed secret and works where the API by
    numeric id is switched off, as in Grafana 13.
author:
  - runtime_security.kubernetes maintainers (@runtime-security)
extends_documentation_fragment:
  - community.grafana.basic_auth
  - community.grafana.api_key
  - runtime_security.kubernetes.grafana
options:
  uid:
    description:
      - The identity of the data source. Dashboards and alert rules refer to it.
      - A new one is 1 to 40 letters, digits, C(-) and C(_); Grafana 12 and newer take no other.
    type: str
    required: true
  name:
    description:
      - The name people see. Unique in Grafana. The default is the uid.
      - A source of this name that has another uid is left alone, and the module fails.
    type: str
  type:
    description:
      - The type of the data source, which is the id of its plugin. Required with O(state=present).
    type: str
  ds_url:
    description:
      - The address at which Grafana's server reaches the data source. Required with O(state=present).
    type: str
  access:
    description:
      - Who asks the data source, Grafana's server (V(proxy)) or the browser (V(direct)).
    type: str
    choices: [proxy, direct]
    default: proxy
  is_default:
    description:
      - Whether new panels start with this data source. Grafana has one such source at most.
      - When left out, it stays as it is, and a new source is not the default.
    type: bool
  basic_auth_user:
    description:
      - The name Grafana gives the data source by basic authentication. An empty text ends the authentication.
      - When left out, it stays as it is.
    type: str
  basic_auth_password:
    description:
      - The password for O(basic_auth_user), which it requires.
    type: str
  http_headers:
    description:
      - HTTP headers Grafana sends to the data source, all of them, by name, such as C(X-Scope-OrgID) for a tenant of
        Loki, or C(Authorization) with a bearer token. Their values are secrets to Grafana.
      - When left out, they stay as they are. An empty dictionary removes them.
    type: dict
  tls_ca_cert:
    description:
      - The CA certificates, in PEM form, that the data source's certificate is checked against. An empty text ends that.
    type: str
  tls_client_cert:
    description:
      - The certificate, in PEM form, Grafana shows the data source. Requires O(tls_client_key). An empty text for both
        ends that.
    type: str
  tls_client_key:
    description:
      - The key of O(tls_client_cert), in PEM form.
    type: str
  tls_server_name:
    description:
      - The name the data source's certificate has to carry, where it is not the one in O(ds_url).
    type: str
  tls_skip_verify:
    description:
      - Whether Grafana takes any certificate of the data source.
      - When left out, it stays as it is.
    type: bool
  user:
    description:
      - The user of a database, for types that have one.
    type: str
  database:
    description:
      - The name of a database, for types that have one.
    type: str
  json_data:
    description:
      - Settings of the plugin. Keys that are not named here stay as they are; a key with the value null is removed.
    type: dict
    default: {}
  secure_json_data:
    description:
      - Further secret settings of the plugin, such as C(password) of a database.
      - Grafana never gives secrets back, so a salted fingerprint of all of them is kept as C(secureFingerprint) in the
        data source's settings, and decides whether they are sent again.
      - Secrets are declared together. As soon as one is, be it here or in O(basic_auth_password), O(http_headers),
        O(tls_ca_cert) or O(tls_client_key), those that are not declared are removed. When none is, all stay as they
        are. An empty dictionary here removes them.
    type: dict
  owner:
    description:
      - Noted as C(managedBy) in the settings of a data source that the module creates.
      - Only a data source with this note is changed, unless O(overwrite) is true, or removed with O(state=absent). When left out,
        any one is.
    type: str
  overwrite:
    description:
      - Whether to change a data source that has this O(uid) but not the note of O(owner). It gets no note, and outlives a removal.
      - When V(false), the module fails where such a one differs from what is declared.
    type: bool
    default: false
  state:
    description:
      - Whether the data source shall exist.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Returns what has changed, secrets as a fingerprint.
"""

EXAMPLES = r"""
- name: Have Loki in Grafana
  runtime_security.kubernetes.grafana_data_source:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    uid: loki
    name: Loki
    type: loki
    ds_url: http://loki.monitoring.svc:3100

- name: Have one tenant of a Loki behind mutual TLS, and send a renewed key when there is one
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

- name: Have a Prometheus that asks for a bearer token
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
  description: The data source as it is now, or would be in check mode; without secrets. Empty when it is absent.
  returned: success
  type: dict
  contains:
    uid:
      description: The identity.
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
      description: The address Grafana's server uses.
      returned: success and O(state=present)
      type: str
      sample: http://loki.monitoring.svc:3100
    access:
      description: Who asks the data source.
      returned: success and O(state=present)
      type: str
      sample: proxy
    isDefault:
      description: Whether new panels start with it.
      returned: success and O(state=present)
      type: bool
      sample: false
    basicAuthUser:
      description: The name for basic authentication.
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

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_data_sources as sources
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.grafana_client import (
    PATIENCE,
    UID_RULE,
    Grafana,
    GrafanaError,
    connection_spec,
    is_uid,
    path,
)


def _refuse_takeover(grafana: Grafana, uid: str, name: str) -> None:
    namesake = grafana.get_object(path("datasources", "name", name), "uid", "name", absent=(404,))
    other = (namesake or {}).get("uid")
    if other not in (None, uid):
        raise GrafanaError(
            f"Grafana at {grafana.url} already has a data source named {name!r} with the uid {other!r}, not {uid!r}. "
            f"Set uid to {other!r} to manage that one, or choose another name."
        )


def _present(grafana: Grafana, params: dict[str, t.Any], current: dict | None, check_mode: bool) -> tuple[bool, dict]:
    body = sources.desired(params, current)
    if not sources.changes(current, body):
        return False, body
    if current is None and not is_uid(body["uid"]):
        raise GrafanaError(
            f"uid {body['uid']!r} cannot be the identity of a data source: give it {UID_RULE}. Older versions of Grafana "
            "take others, but cannot check the health of such a source, and Grafana 12 and newer refuse it."
        )
    if current is None or current.get("name") != body["name"]:
        _refuse_takeover(grafana, body["uid"], body["name"])
    if current and current.get("readOnly"):
        raise GrafanaError(
            f"data source {body['uid']!r} differs from what is declared, but Grafana at {grafana.url} reads it from a "
            "provisioning file, so the API cannot change it. Change the file (or chart value), or declare what it says."
        )
    if current and not params["overwrite"] and not sources.is_owned(current, params["owner"]):
        raise GrafanaError(
            f"uid: Grafana at {grafana.url} already has a data source {body['uid']!r} ({current['name']!r}, {current.get('url')}) that "
            f"was not made by {params['owner']} and differs from what is declared. It was not changed. Expected one of this owner, or "
            f"none. Fix: give the other one another uid, declare what it says, or set overwrite to true to change it."
        )
    if not check_mode:
        if current is None:
            grafana.request("POST", path("datasources"), body)
        else:
            grafana.request("PUT", path("datasources", "uid", body["uid"]), body)
    return True, body


def _absent(grafana: Grafana, params: dict[str, t.Any], current: dict | None, check_mode: bool) -> tuple[bool, dict]:
    if current is None or not sources.is_owned(current, params["owner"]):
        return False, current or {}
    if current.get("readOnly"):
        raise GrafanaError(
            f"data source {params['uid']!r} cannot be removed, as Grafana at {grafana.url} reads it from a provisioning "
            "file. Remove it there (or from the chart's values)."
        )
    if not check_mode:
        grafana.request("DELETE", path("datasources", "uid", params["uid"]), absent=(404,))
    return True, {}


def main() -> None:
    spec = connection_spec()
    spec.update(
        uid={"type": "str", "required": True},
        name={"type": "str"},
        type={"type": "str"},
        ds_url={"type": "str"},
        access={"type": "str", "choices": ["proxy", "direct"], "default": "proxy"},
        is_default={"type": "bool"},
        basic_auth_user={"type": "str"},
        basic_auth_password={"type": "str", "no_log": True},
        http_headers={"type": "dict", "no_log": True},
        tls_ca_cert={"type": "str"},
        tls_client_cert={"type": "str"},
        tls_client_key={"type": "str", "no_log": True},
        tls_server_name={"type": "str"},
        tls_skip_verify={"type": "bool"},
        user={"type": "str"},
        database={"type": "str"},
        json_data={"type": "dict", "default": {}},
        secure_json_data={"type": "dict", "no_log": True},
        owner={"type": "str"},
        overwrite={"type": "bool", "default": False},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
    )
    module = AnsibleModule(
        argument_spec=spec,
        required_if=[("state", "present", ("type", "ds_url"))],
        required_together=[("tls_client_cert", "tls_client_key")],
        required_by={"basic_auth_password": ("basic_auth_user",)},
        mutually_exclusive=[("url_username", "grafana_api_key")],
        supports_check_mode=True,
    )
    params = dict(module.params)
    params["name"] = params["name"] or params["uid"]
    grafana = Grafana(params, PATIENCE)
    try:
        current = grafana.get_object(path("datasources", "uid", params["uid"]), "uid", "name", "type", absent=(404,))
        if params["state"] == "present":
            changed, wanted = _present(grafana, params, current, module.check_mode)
        else:
            changed, wanted = _absent(grafana, params, current, module.check_mode)
    except GrafanaError as exc:
        module.fail_json(msg=str(exc))
    before, after = sources.view(current), sources.view(wanted)
    module.exit_json(changed=changed, data_source=after, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
