"""The lookup dashboard, with files and with a server on the loopback address."""

from __future__ import annotations

import hashlib
import http.server
import json
import ssl
import subprocess
import threading

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader

PAGE = {"title": "Shop", "uid": "shop", "panels": []}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers what the test has put under a path; a number is a status."""

    def do_GET(self):
        answer = self.server.answers.get(self.path, 404)
        self.server.asked.append(self.path)
        self.send_response(answer if isinstance(answer, int) else 200)
        self.end_headers()
        self.wfile.write(b"" if isinstance(answer, int) else answer)

    def log_message(self, *_arguments):
        """Says nothing."""


@pytest.fixture(autouse=True)
def run_folder(tmp_path_factory, monkeypatch):
    """Each test is a run of its own."""
    folder = tmp_path_factory.mktemp("run")
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder))
    return folder


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.answers, httpd.asked = {}, []
        httpd.url = f"http://127.0.0.1:{httpd.server_port}"
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield httpd
        httpd.shutdown()


@pytest.fixture
def secure(server, tmp_path, monkeypatch):
    """The same server with a certificate that this process trusts."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = server.url.replace("http:", "https:")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return server


def read(*terms, folder=None, **options):
    lookup = lookup_loader.get("runtime_security.kubernetes.dashboard", loader=DataLoader())
    return lookup.run(list(terms), {"ansible_search_path": [str(folder)] if folder else []}, **options)


def refusal(*terms, **options):
    with pytest.raises(AnsibleError) as caught:
        read(*terms, variable="my_dashboards", **options)
    said = str(caught.value)
    assert said.startswith(f"my_dashboards has the dashboard {terms[0]!r}, which cannot be used: ")
    return said


def as_bytes(page):
    return json.dumps(page).encode()


def digest(page):
    return hashlib.sha256(as_bytes(page)).hexdigest()


def test_a_file_is_found_among_the_files_of_a_role(tmp_path):
    file = tmp_path / "files" / "shop.json"
    file.parent.mkdir()
    file.write_bytes(as_bytes(PAGE))
    assert read("shop.json", folder=tmp_path) == [PAGE]
    assert read({"path": str(file), "uid": "other"}) == [PAGE | {"uid": "other"}]


def test_an_https_address_is_asked(secure):
    secure.answers["/shop.json"] = as_bytes(PAGE)
    assert read(f"{secure.url}/shop.json", {"url": f"{secure.url}/shop.json", "checksum": digest(PAGE)}) == [PAGE, PAGE]


def test_a_certificate_nobody_trusts_is_refused(secure, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "was not answered" in refusal(f"{secure.url}/shop.json")
    assert secure.asked == []


def test_plain_http_needs_a_checksum(server):
    server.answers["/shop.json"] = as_bytes(PAGE)
    url = f"{server.url}/shop.json"
    assert f"{url} is not an https address. Use https, or http with a checksum." in refusal(url)
    assert server.asked == []
    assert read({"url": url, "checksum": digest(PAGE).upper()}) == [PAGE]


def test_an_id_of_grafana_com_is_asked_for_by_the_sites_pattern(server):
    page = {"title": "Falco", "uid": None}
    server.answers["/api/11914/2"] = as_bytes(page)
    term = {"id": 11914, "revision": 2, "checksum": digest(page)}
    pattern = f"{server.url}/api/{{id}}/{{revision}}"
    assert read(term, revision_url=pattern) == [page | {"uid": "grafana-com-11914"}]
    assert read(term | {"uid": "falco"}, revision_url=pattern)[0]["uid"] == "falco"


def test_an_address_is_asked_once_in_a_run(server, run_folder):
    server.answers["/shop.json"] = 500
    term = {"url": f"{server.url}/shop.json", "checksum": digest(PAGE)}
    refusal(term)
    server.answers["/shop.json"] = as_bytes(PAGE)
    assert read(term) == read(term) == [PAGE]
    assert server.asked == ["/shop.json"] * 2
    # What is kept is checked as what was asked for.
    assert "its SHA-256 is" in refusal(term | {"checksum": "0" * 64})
    assert server.asked == ["/shop.json"] * 2
    assert len(list(run_folder.iterdir())) == 1


def test_another_text_than_the_pinned_one_is_refused(server):
    server.answers["/shop.json"] = as_bytes(PAGE | {"title": "Other"})
    said = refusal({"url": f"{server.url}/shop.json", "checksum": digest(PAGE)})
    assert f"its SHA-256 is {digest(PAGE | {'title': 'Other'})}" in said


@pytest.mark.parametrize("status", [404, 500])
def test_an_address_that_does_not_answer_is_named(server, status):
    server.answers["/shop.json"] = status
    url = f"{server.url}/shop.json"
    assert f"{url} was not answered: HTTP Error {status}" in refusal({"url": url, "checksum": digest(PAGE)})


def test_a_server_that_is_not_there_is_named():
    assert "https://127.0.0.1:1/a.json was not answered" in refusal("https://127.0.0.1:1/a.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not JSON"),
        ("[]", "its JSON has no title"),
        ('{"dashboard": {"uid": "a"}}', "its JSON has no title"),
        ('{"apiVersion": "v1", "spec": {"title": "A"}}', "has the apiVersion 'v1'"),
        ('{"title": "A"}', "it has no uid, so each run would make a new dashboard. Give one by the key uid."),
        ('{"title": "A", "uid": "a b"}', "its uid is 'a b'. Expected 1 to 40 letters"),
    ],
)
def test_a_text_that_is_no_dashboard_is_refused(tmp_path, text, reason):
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf-8")
    assert reason in refusal(str(file))


@pytest.mark.parametrize(
    ("term", "reason"),
    [
        (7, "it is neither a path, nor an address, nor a dictionary"),
        ({}, "exactly one of path, url and id"),
        ({"path": "a.json", "url": "https://a"}, "exactly one of path, url and id"),
        ({"path": "a.json", "revision": 1}, "revision does not go with path. Allowed beside it: checksum, uid."),
        ({"id": 11914}, "id and revision are whole numbers above 0"),
        ({"id": "x", "revision": 1}, "id and revision are whole numbers above 0"),
        ({"path": 5}, "path is 5, and no string"),
        ({"url": ["https://a"]}, "url is ['https://a'], and no string"),
        ({"path": "a.json", "checksum": 12}, "checksum is 12, and no string"),
        ({"path": "a.json", "checksum": "12"}, "checksum is not 64 hexadecimal digits"),
        ("nowhere.json", "there is no such file on the controller"),
    ],
)
def test_what_says_where_a_dashboard_is_is_validated(term, reason):
    assert reason in refusal(term)


@pytest.mark.parametrize("version", ["v1beta1", "v2"])
def test_a_resource_goes_by_its_name_or_by_the_uid_that_is_given(tmp_path, version):
    file = tmp_path / "a.json"
    spec = {"title": "Shop", "panels": []}
    api = f"dashboard.grafana.app/{version}"
    file.write_bytes(as_bytes({"apiVersion": api, "kind": "Dashboard", "metadata": {"name": "shop"}, "spec": spec}))
    first, second = read(str(file), {"path": str(file), "uid": "other"})
    assert [(one["uid"], one["title"]) for one in (first, second)] == [("shop", "Shop"), ("other", "Shop")]
    assert (first.get("spec"), first.get("panels")) == ((spec, None) if version == "v2" else (None, []))
