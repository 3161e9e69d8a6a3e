# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection against an API server that keeps objects, against none, and against something else."""

from __future__ import annotations

import base64
import json
import socket
import sys
import tempfile
from pathlib import Path

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import key_files
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.connection import connected_client
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.connection_options import (
    configured,
    headers,
    options,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Unreachable, WorkError
from kubernetes.dynamic.exceptions import ResourceNotFoundError

sys.path.insert(0, str(Path(__file__).parents[2] / "roles"))
import api_double
import objects_double

TEXT = base64.b64encode(b"a key that is none").decode()


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No kubeconfig but the test's own, and temporary files where they can be counted."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/nonexistent")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


@pytest.fixture
def serve():
    """Starts API servers; each returns its kubeconfig."""
    servers = []

    def start(cluster: api_double.Cluster) -> dict:
        servers.append(api_double.Server(cluster))
        return servers[-1].kubeconfig()

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def kubeconfig(server: str, **user: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize("form", ["dictionary", "text", "path", "environment"])
def test_objects_are_read_and_written(serve, form, monkeypatch, tmp_path):
    cluster = api_double.Cluster(objects_double.made("Service", "loki"))
    found = serve(cluster)
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(found), encoding="utf-8")
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", str(path) if form == "environment" else "/nonexistent")
    given = {"dictionary": found, "text": json.dumps(found), "path": str(path), "environment": None}[form]
    with connected_client({"kubeconfig": given}) as client:
        assert Reader(client).one("Service", "v1", "loki", "monitoring")["metadata"]["name"] == "loki"
        client.create(client.resource("ConfigMap", "v1"), objects_double.made("ConfigMap", "a"))
    assert cluster.changes == ["POST configmaps/a"]


def test_a_dry_run_writes_nothing(serve):
    cluster = api_double.Cluster()
    with connected_client({"kubeconfig": serve(cluster)}, dry_run=True) as client:
        client.create(client.resource("ConfigMap", "v1"), objects_double.made("ConfigMap", "a"))
    assert not cluster.changes and not cluster.objects


def test_kinds_have_several_names_and_unknown_ones_are_told(serve):
    with connected_client({"kubeconfig": serve(api_double.Cluster())}) as client:
        assert client.resource("daemonsets", "apps/v1").kind == "DaemonSet"
        assert client.resources.get(api_version="apps/v1", kind="DaemonSet").name == "daemonsets"
        assert Reader(client).resource("Gateway", "gateway.networking.k8s.io/v1") is None
        with pytest.raises(ResourceNotFoundError):
            client.resource("Nothing", "apps/v1")


def test_each_connection_is_a_new_one(serve, alone):
    """Another cluster at the same address has other kinds, and nothing remembers those of the first."""
    found = serve(api_double.Cluster())
    with connected_client({"kubeconfig": found}) as first, connected_client({"kubeconfig": found}) as second:
        assert first.client is not second.client
        assert first.resource("Pod", "v1") is not second.resource("Pod", "v1")
    assert not list(alone.iterdir())


@pytest.mark.parametrize(
    "params",
    [
        {"kubeconfig": "/nonexistent"},
        {},
        {"kubeconfig": kubeconfig("http://127.0.0.1:1"), "context": "other"},
        {"kubeconfig": kubeconfig("http://127.0.0.1:1")},
        {"kubeconfig": kubeconfig("http://nowhere.invalid")},
        {"host": "http://127.0.0.1:1", "api_key": "a"},
    ],
    ids=["no kubeconfig", "nothing set", "no such context", "refused", "no such host", "no kubeconfig needed"],
)
def test_no_cluster_is_unreachable(params, alone):
    with pytest.raises(Unreachable, match="Expected"), connected_client(params):
        pass
    assert not list(alone.iterdir())


@pytest.mark.parametrize(
    "given",
    ["a: [", "[1]\n", 7, kubeconfig("x\ny"), {"contexts": 1}],
    ids=["yaml", "list", "number", "address", "half"],
)
def test_a_kubeconfig_that_is_none_is_no_dry_run(given):
    given = given + "\n" if isinstance(given, str) else given
    with pytest.raises(WorkError) as caught, connected_client({"kubeconfig": given}):
        pass
    if given != {"contexts": 1}:
        assert not isinstance(caught.value, Unreachable)


class Odd(api_double.Cluster):
    def __init__(self, status: int, body: object) -> None:
        super().__init__()
        self.said = status, body

    def reply(self, method, path, words, body, known):
        return self.said


REFUSED = {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>log in</html>"), (200, {}), (502, b"bad gateway"), (401, REFUSED), (403, b"the proxy refuses")],
)
def test_an_unclear_answer_is_no_dry_run(serve, status, body):
    with pytest.raises(WorkError) as caught, connected_client({"kubeconfig": serve(Odd(status, body))}):
        pass
    assert not isinstance(caught.value, Unreachable)
    assert "API server" in str(caught.value)


def test_an_account_without_the_version_may_work(serve):
    with connected_client({"kubeconfig": serve(Odd(403, REFUSED))}) as client:
        assert client.configuration.host


def test_errors_of_the_block_are_errors_of_the_task(serve):
    cluster = api_double.Cluster()
    with (
        pytest.raises(WorkError, match="HTTP status 404"),
        connected_client({"kubeconfig": serve(cluster)}) as client,
    ):
        client.resource("Pod", "v1").get(name="a", namespace="b")
    with pytest.raises(ZeroDivisionError), connected_client({"kubeconfig": serve(cluster)}):
        raise ZeroDivisionError


def test_no_key_stays_in_a_file(alone):
    """One process connects twice, as a worker does for a loop; the library remembers the files of the first time."""
    given = kubeconfig("https://127.0.0.1:1", **{"client-certificate-data": TEXT, "client-key-data": TEXT})
    for _item in range(2):
        with pytest.raises(WorkError, match="no answer"), connected_client({"kubeconfig": given}):
            pass
        assert not list(alone.iterdir())


def test_key_files_come_again_and_are_the_owners_alone(alone):
    files = key_files.KeyFiles()
    with files as folder:
        Path(folder, "key").write_bytes(b"secret")
    assert not Path(folder).exists()
    with files as again:
        assert again == folder and Path(folder, "key").read_bytes() == b"secret"
        assert [Path(folder).stat().st_mode & 0o777, Path(folder, "key").stat().st_mode & 0o777] == [0o700, 0o600]
        with files:
            pass
        assert Path(folder, "key").exists()
    assert not list(alone.iterdir())


def test_options_of_the_task_come_before_the_environment(monkeypatch):
    for name, value in {
        "CONTEXT": "of the environment",
        "API_KEY": "token",
        "VERIFY_SSL": "no",
        "HOST": "",
        "IMPERSONATE_GROUPS": "a,b",
        "PROXY_HEADERS_USER_AGENT": "me",
    }.items():
        monkeypatch.setenv(f"K8S_AUTH_{name}", value)
    assert options({"context": "of the task", "host": None}) == {
        "context": "of the task",
        "api_key": "token",
        "validate_certs": False,
        "impersonate_groups": ["a", "b"],
        "proxy_headers": {"user_agent": "me"},
    }
    assert [value for _name, value in headers({})] == ["a", "b"]
    assert len(dict(headers({"impersonate_user": "u"}))) == 3


def test_options_reach_the_configuration(tmp_path):
    found = configured(
        {
            "kubeconfig": kubeconfig("https://a:1"),
            "host": "https://b:2/",
            "api_key": "token",
            "validate_certs": False,
            "ca_cert": "/ca",
            "proxy": "http://p:3",
            "no_proxy": "b",
            "proxy_headers": {"proxy_basic_auth": "u:p", "basic_auth": None, "user_agent": None},
        },
        str(tmp_path),
    )
    assert (found.host, found.verify_ssl, found.ssl_ca_cert) == ("https://b:2", False, "/ca")
    assert (found.proxy, found.no_proxy, list(found.proxy_headers)) == ("http://p:3", "b", ["proxy-authorization"])
    assert found.auth_settings()["BearerToken"]["value"] == "Bearer token"
