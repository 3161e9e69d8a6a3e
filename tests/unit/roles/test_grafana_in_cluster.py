# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Grafana modules find Grafana and its administrator in the cluster, by both of their doors."""

from __future__ import annotations

import base64
import importlib
import json

import pytest
from api_double import Server
from doors import by_action, by_module, without_patience
from grafana_double import RELEASES, Double
from grafana_double.server import USER
from objects_double import made
from recorder import Recorder, refused

MODULE_UTILS = "ansible_collections.runtime_security.kubernetes.plugins.module_utils"
VARIABLES = {
    "url": "my_url",
    "url_username": "my_user",
    "url_password": "my_password",
    "grafana_api_key": "my_token",
    "namespace": "my_namespace",
    "admin_secret": "my_secret",
}
CALLS = {
    "grafana_dashboards": {"folder_uid": "ours", "dashboards": [{"uid": "a", "title": "A"}]},
    "grafana_data_source": {"uid": "loki", "type": "loki", "ds_url": "http://x"},
    "grafana_alerting": {"folder_uid": "ours", "contact_points": [{"name": "a", "type": "webhook"}]},
    "grafana_health_info": {"wait_timeout": 0},
}
WRITERS = [name for name in CALLS if name != "grafana_health_info"]


def encoded(**words: str) -> dict:
    return {name.replace("_", "-"): base64.b64encode(word.encode()).decode() for name, word in words.items()}


def secret(user: str = USER[0], password: str = USER[1], **more: object) -> dict:
    data = encoded(admin_user=user, admin_password=password)
    return made("Secret", "grafana-admin", **({"data": data} | more))


def service(port: dict | None = None, balancer: dict | None = None) -> dict:
    status = {"loadBalancer": {"ingress": [balancer]} if balancer else {}}
    return made("Service", "grafana", spec={"ports": [port or {"port": 80}]}, status=status)


def node() -> dict:
    return made("Node", "one", status={"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]})


@pytest.fixture
def grafana():
    with Double(RELEASES["13.2.0"]) as double:
        yield double


@pytest.fixture(params=["action", "module"])
def run(request, tmp_path):
    """Runs a module by one of its doors, with a cluster of these objects."""

    def start(module, *objects, check=False, cluster=None, **more):
        with Server(cluster or Recorder(*objects)) as server:
            connection = {"kubeconfig": server.kubeconfig(), "namespace": "monitoring"}
            args = CALLS[module] | {"service": connection, "variables": VARIABLES} | more
            args = json.loads(json.dumps(args))
            try:
                if request.param == "action":
                    return by_action(module, args, str(tmp_path), check)
                return by_module(module, args, check)
            finally:
                server.shutdown()

    return start


def reached(grafana) -> list[dict]:
    """A Service that leads to this Grafana, by its load balancer, and the administrator's Secret."""
    return [service({"port": port(grafana)}, {"ip": "127.0.0.1"}), secret()]


def port(grafana) -> int:
    return int(grafana.url.rpartition(":")[2])


@pytest.mark.parametrize("module", CALLS)
def test_address_and_administrator_are_found(run, grafana, module):
    result = run(module, *reached(grafana))
    assert not result.get("failed"), result
    assert USER[1] not in json.dumps(result)


def test_a_port_of_a_node(run, grafana):
    result = run("grafana_health_info", service({"port": 80, "nodePort": port(grafana)}), node(), secret())
    assert (result["url"], result["url_username"]) == (grafana.url, "admin")


def test_an_ingress(run):
    rule = made("Ingress", "grafana", spec={"rules": [{"host": "grafana.invalid"}]})
    result = run("grafana_health_info", service(), rule, secret())
    assert "http://grafana.invalid" in result["msg"] and not result["answered"]


def test_what_is_set_counts_more_than_what_is_found(run, grafana):
    wrong = secret("nobody", "wrong-word")
    result = run("grafana_health_info", wrong, url=grafana.url, url_username=USER[0], url_password=USER[1])
    assert result["url_username"] == USER[0]
    # A user of one's own goes with a password of one's own; the address alone may be given too.
    assert "refused user 'nobody'" in run("grafana_health_info", wrong, url=grafana.url)["msg"]
    part = run("grafana_health_info", secret("nobody"), url=grafana.url, url_username=USER[0])
    assert part["url_username"] == USER[0]


def test_with_everything_set_the_cluster_is_not_asked(run, grafana):
    given = {"url": grafana.url, "grafana_api_key": "glsa_admin"}
    nowhere = {"kubeconfig": {"clusters": "nonsense"}}
    assert run("grafana_health_info", service=nowhere, **given)["answered"]


def test_with_a_token_the_secret_is_not_read(run, grafana):
    cluster = Recorder(*reached(grafana))
    assert run("grafana_health_info", cluster=cluster, grafana_api_key="glsa_admin")["url_username"] == ""
    assert not [path for _method, path, *_rest in cluster.requests if "/secrets" in path]


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([], "my_namespace: namespace monitoring has no Service grafana. Expected"),
        ([service({"port": 80}, {"ip": "127.0.0.1"})], "my_secret: namespace monitoring has no Secret grafana-admin."),
        (
            [service(), secret()],
            "my_url: Service monitoring/grafana has no port on the nodes, no load balancer's address and no",
        ),
        (
            [service({"port": 80}, {"ip": "127.0.0.1"}), secret(data=encoded(admin_user="a"))],
            "my_secret: Secret monitoring/grafana-admin lacks admin-user or admin-password.",
        ),
        (
            [service({"port": 80}, {"ip": "127.0.0.1"}), secret(data={"admin-user": "YQ==", "admin-password": "/w=="})],
            "is no UTF-8 text",
        ),
    ],
    ids=["no service", "no secret", "no way", "no key", "no text"],
)
def test_what_is_missing_is_named_by_its_variable(run, objects, said):
    result = run("grafana_dashboards", *objects)
    assert result["failed"]
    assert said in result["msg"] and "Fix: " in result["msg"]
    assert "my_user and my_password, or my_token" in result["msg"] or "set my_url" in result["msg"]


@pytest.mark.parametrize("module", CALLS)
def test_check_mode_before_there_is_a_grafana(run, module, monkeypatch):
    importlib.import_module(f"{MODULE_UTILS}.{module.removesuffix('_info')}")
    without_patience(monkeypatch)
    for objects in (
        [],
        [service({"port": 1}, {"ip": "127.0.0.1"})],
        [service({"port": 1}, {"ip": "127.0.0.1"}), secret()],
    ):
        result = run(module, *objects, check=True)
        assert not result.get("failed"), result
        assert result["changed"] is (module != "grafana_health_info")
        assert "failed" in run(module, *objects, timeout=1)


@pytest.mark.parametrize("module", CALLS)
def test_check_mode_before_there_is_a_cluster(run, module):
    nowhere = {"host": "http://127.0.0.1:1"}
    assert not run(module, service=nowhere, check=True).get("failed")
    assert run(module, service=nowhere)["failed"]


@pytest.mark.parametrize("module", WRITERS)
def test_check_mode_announces_nothing_for_a_grafana_that_refuses(run, grafana, module):
    wrong = [service({"port": port(grafana)}, {"ip": "127.0.0.1"}), secret(password="wrong-word")]
    result = run(module, *wrong, check=True)
    assert "refused user 'admin'" in result["msg"]
    assert "wrong-word" not in json.dumps(result)


@pytest.mark.parametrize("module", WRITERS)
def test_where_there_is_no_grafana_nothing_is_to_remove(run, module):
    result = run(module, state="absent")
    assert not result.get("failed") and not result["changed"]
    nowhere = {"host": "http://127.0.0.1:1"}
    assert run(module, state="absent", service=nowhere, check=True)["changed"]
    assert run(module, state="absent", service=nowhere)["failed"]


def test_an_answer_that_is_not_clear_is_an_error_in_check_mode_too(run):
    cluster = Recorder(secret())
    cluster.instead = lambda _method, path, _words: (
        refused(403, "Forbidden", "may not") if path.endswith("/services/grafana") else None
    )
    assert run("grafana_dashboards", cluster=cluster, check=True)["failed"]
    assert run("grafana_dashboards", cluster=cluster, check=True, state="absent")["failed"]


@pytest.mark.parametrize(("given", "said"), [({}, "url, service"), ({"url": "http://x"}, "")])
def test_an_address_or_a_service_is_needed(tmp_path, given, said):
    result = by_action("grafana_dashboards", CALLS["grafana_dashboards"] | given, str(tmp_path), check=True)
    assert result.get("failed", False) is bool(said)
    assert said in result.get("msg", "")
