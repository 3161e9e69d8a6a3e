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
  - The runtime_security.kubernetes authors (@runtime-security)
extends_documentation_fragment:
  - community.grafana.basic_auth
  - community.grafana.api_key
  - runtime_security.kubernetes.grafana
options:
  uid:
    description:
      - The identity of the data source. Dashboards and alert rules refer to it.
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
  json_data:
    description:
      - Settings of the plugin. Keys that are not named here stay as they are; a key with the value null is removed.
    type: dict
    default: {}
  secure_json_data:
    description:
      - Secret settings of the plugin, such as passwords and keys, all of them.
      - Grafana never gives them back, so a salted fingerprint of them is kept as C(secureFingerprint) in the
        data source's settings, and decides whether they are sent again.
      - When left out, secrets in Grafana stay as they are. An empty dictionary removes them.
    type: dict
  owner:
    description:
      - Noted as C(managedBy) in the settings of a data source that the module creates.
      - With O(state=absent), only a data source with this note is removed. When left out, any one is.
    type: str
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

- name: Have Loki behind mutual TLS, and send a renewed key when there is one
  runtime_security.kubernetes.grafana_data_source:
    url: http://192.168.49.2:30300
    url_username: admin
    url_password: "{{ grafana_password }}"
    uid: loki
    type: loki
    ds_url: https://loki.monitoring.svc:3100
    json_data:
      tlsAuth: true
      tlsAuthWithCACert: true
    secure_json_data:
      tlsCACert: "{{ ca_certificate }}"
      tlsClientCert: "{{ client_certificate }}"
      tlsClientKey: "{{ client_key }}"

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
    Grafana,
    GrafanaError,
    connection_spec,
    path,
)


def _refuse_takeover(grafana: Grafana, uid: str, name: str) -> None:
    namesake = grafana.request("GET", path("datasources", "name", name), absent=(404,))
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
    if current is None or current.get("name") != body["name"]:
        _refuse_takeover(grafana, body["uid"], body["name"])
    if current and current.get("readOnly"):
        raise GrafanaError(
            f"data source {body['uid']!r} differs from what is declared, but Grafana at {grafana.url} reads it from a "
            "provisioning file, so the API cannot change it. Change the file (or chart value), or declare what it says."
        )
    if not check_mode:
        if current is None:
            grafana.request("POST", path("datasources"), body)
        else:
            grafana.request("PUT", path("datasources", "uid", body["uid"]), body)
    return True, body


def main() -> None:
    spec = connection_spec()
    spec.update(
        uid={"type": "str", "required": True},
        name={"type": "str"},
        type={"type": "str"},
        ds_url={"type": "str"},
        access={"type": "str", "choices": ["proxy", "direct"], "default": "proxy"},
        is_default={"type": "bool"},
        json_data={"type": "dict", "default": {}},
        secure_json_data={"type": "dict", "no_log": True},
        owner={"type": "str"},
        state={"type": "str", "choices": ["present", "absent"], "default": "present"},
    )
    module = AnsibleModule(
        argument_spec=spec,
        required_if=[("state", "present", ("type", "ds_url"))],
        mutually_exclusive=[("url_username", "grafana_api_key")],
        supports_check_mode=True,
    )
    params = dict(module.params)
    params["name"] = params["name"] or params["uid"]
    grafana = Grafana(params)
    try:
        current = grafana.request("GET", path("datasources", "uid", params["uid"]), absent=(404,))
        if params["state"] == "present":
            changed, wanted = _present(grafana, params, current, module.check_mode)
        else:
            changed = current is not None and sources.is_owned(current, params["owner"])
            wanted = current if not changed else {}
            if changed and not module.check_mode:
                grafana.request("DELETE", path("datasources", "uid", params["uid"]))
    except GrafanaError as exc:
        module.fail_json(msg=str(exc))
    before, after = sources.view(current), sources.view(wanted)
    module.exit_json(changed=changed, data_source=after, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
