# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""grafana_requirements_info: a port that is taken, and a certificate that Grafana could not start with."""

from __future__ import annotations

import base64
import datetime

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_requirements
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.certificates import x509
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import WorkError
from api_double import Cluster
from objects_double import made

NAMESPACE = made("Namespace", "monitoring")
NOTHING = {"certificate_version": "", "certificate_not_after": ""}


@pytest.fixture
def task(work_on):
    return lambda cluster, **options: work_on(grafana_requirements, cluster, **options)


def service(name, port, namespace="monitoring"):
    return made("Service", name, namespace=namespace, spec={"ports": [{"port": 80, "nodePort": port}, {"port": 81}]})


def test_a_port_that_another_service_has_is_refused(task):
    cluster = Cluster(service("web", 30300, "shop"), service("grafana", 30301))
    with pytest.raises(WorkError) as refused:
        task(cluster, node_port=30300, variables={"node_port": "THE_PORT"})
    assert str(refused.value) == (
        "THE_PORT: Service shop/web has that port on the nodes already (30300). Expected a free one. Nothing was changed. Fix: "
        "set it to another one, or to 0 to let the cluster choose."
    )
    assert task(cluster, node_port=30302) == NOTHING


def test_grafanas_own_port_is_free_and_no_other_service_is_asked_for(task):
    class Own(Cluster):
        def listed(self, *place):
            raise AssertionError(place)

    assert task(Own(service("grafana", 30300)), node_port=30300) == NOTHING


class Limited(Cluster):
    """An API server that lets no Services be listed."""

    def answer(self, method, path, words, body):
        if path.endswith("/services"):
            return 403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}
        return super().answer(method, path, words, body)


def test_an_account_that_may_not_list_services_leaves_it_to_the_api_server(task):
    assert task(Limited(service("web", 30300, "shop")), node_port=30300) == NOTHING


def pair(days=30):
    key = x509.new_key()
    subject = x509.Subject("grafana", datetime.timedelta(days=days))
    return x509.certificate_pem(x509.issue(subject, key)), x509.key_pem(key)


def tls(certificate, key):
    entries = {"tls.crt": certificate, "tls.key": key}
    data = {name: base64.b64encode(value).decode() for name, value in entries.items() if value is not None}
    found = made("Secret", "grafana-tls", data=data)
    found["metadata"]["resourceVersion"] = "17"
    return found


def test_a_certificate_that_fits(task):
    result = task(Cluster(NAMESPACE, tls(*pair())), tls_secret="grafana-tls")
    assert result["certificate_version"] == "17"
    end = datetime.datetime.strptime(result["certificate_not_after"], "%Y-%m-%dT%H:%M:%SZ")
    assert 29 <= (end - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)).days <= 30
    assert not result["warnings"]


def test_a_certificate_that_has_ended_is_a_warning(task, monkeypatch):
    now = x509.now()
    monkeypatch.setattr(x509, "now", lambda: now - datetime.timedelta(days=60))
    certificate, key = pair()
    monkeypatch.undo()
    (warning,) = task(Cluster(NAMESPACE, tls(certificate, key)), tls_secret="grafana-tls")["warnings"]
    assert "Secret monitoring/grafana-tls ended at" in warning


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        (None, pair()[1], "the Secret lacks tls.crt"),
        (None, None, "the Secret lacks tls.crt and tls.key"),
        (b"nonsense", pair()[1], "its tls.crt is not a certificate in PEM"),
        (pair()[0], b"nonsense", "its tls.key is not a private key in PEM without a passphrase"),
        (pair()[0], pair()[1], "its tls.key is the key of another certificate"),
    ],
)
def test_what_grafana_could_not_start_with_is_refused(task, certificate, key, words):
    with pytest.raises(WorkError, match=f"^THE_SECRET: {words} .'grafana-tls'.") as refused:
        task(
            Cluster(NAMESPACE, tls(certificate, key)), tls_secret="grafana-tls", variables={"tls_secret": "THE_SECRET"}
        )
    assert "BEGIN" not in str(refused.value) and "nonsense" not in str(refused.value)


def test_without_the_library_it_has_to_be_complete(task, monkeypatch):
    monkeypatch.setattr(x509, "MISSING", ImportError())
    assert task(Cluster(NAMESPACE, tls(b"a", b"b")), tls_secret="grafana-tls")["certificate_version"] == "17"
    with pytest.raises(WorkError, match="lacks tls.key"):
        task(Cluster(NAMESPACE, tls(b"a", None)), tls_secret="grafana-tls")


def test_a_secret_that_is_missing_is_refused_where_a_run_would(task):
    with pytest.raises(WorkError, match=r"no such Secret \('mistyped'\)"):
        task(Cluster(), tls_secret="mistyped")
    with pytest.raises(WorkError, match="no such Secret"):
        task(Cluster(NAMESPACE), tls_secret="mistyped", check=True)
    assert task(Cluster(), tls_secret="mistyped", check=True)["certificate_version"] == ""
