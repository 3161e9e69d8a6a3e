# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server that keeps objects and nothing else, and a Helm that keeps releases: roles run without a cluster."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from objects_double import KINDS, WITHOUT_NAMESPACE, release

NOT_FOUND = (1, "", "Error: release: not found")
INSTANCE = "app.kubernetes.io/instance"
PATH = re.compile(r"/(?:api/(v1)|apis/([^/]+/[^/]+))(?:/namespaces/([^/]+)(?=/))?(?:/([^/]+)(?:/([^/]+))?)?")


def plural(kind: str) -> str:
    return (kind[:-1] + "ie" if kind.endswith("y") else kind + "e" if kind.endswith("s") else kind).lower() + "s"


def resources(version: str) -> list[dict]:
    verbs = ["create", "delete", "get", "list", "patch", "update"]
    return [
        {"name": plural(kind), "kind": kind, "namespaced": kind not in WITHOUT_NAMESPACE, "verbs": verbs}
        for kind in KINDS[version]
    ]


def discovery(path: str) -> dict | None:
    groups = [version.split("/") for version in KINDS if "/" in version]
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        named: dict[str, list] = {}
        for group, version in groups:
            named.setdefault(group, []).append({"groupVersion": f"{group}/{version}", "version": version})
        listed = [{"name": group, "versions": found, "preferredVersion": found[0]} for group, found in named.items()]
        return {"kind": "APIGroupList", "groups": listed}
    if path == "/version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.1"}
    return None


def chosen(labels: dict, selector: str) -> bool:
    """Whether labels fit the requirements, each NAME=VALUE, NAME!=VALUE or NAME in (VALUES)."""
    for name, sign, one, several in re.findall(r"([^,\s=!]+)(?:(!?=)([^,]*)| in \(([^)]*)\))", selector):
        fits = labels.get(name) in (several.split(",") if several else [one])
        if fits is (sign == "!="):
            return False
    return True


def labels_of(found: dict) -> dict:
    return found["metadata"].get("labels", {})


class Cluster:
    """Objects by what is in their address, and what was asked to change them."""

    def __init__(self, *objects: dict):
        self.objects: dict[tuple, dict] = {}
        # Without those of Leases: a run that is refused had the lock.
        self.changes: list[str] = []
        self.leases: list[str] = []
        self._versions = itertools.count(1)
        # What Helm makes of each chart.
        self.rendered = ""
        for found in objects:
            metadata = found["metadata"]
            place = (found["apiVersion"], metadata.get("namespace"), plural(found["kind"]), metadata["name"])
            self.objects[place] = found

    def names(self) -> set[str]:
        return {f"{found['kind']}/{found['metadata']['name']}" for found in self.objects.values()}

    def revisions(self, release: str) -> list[dict]:
        """Helm's Secrets of a release, the newest last."""
        labels = {"owner": "helm", "name": release}
        found = [one for one in self.objects.values() if labels.items() <= labels_of(one).items()]
        return sorted(found, key=lambda one: int(labels_of(one)["version"]))

    def helm(self, words: list[str], values: dict | None = None) -> tuple[int, str, str]:
        """Exit code, output and errors of the program; it makes no objects, and removes what is labelled as a release's own."""
        namespace, verb, *rest = words[1:]
        release, *chart = rest[rest.index("-") + 1 :] if verb in ("install", "upgrade") else rest[-1:]
        if verb in ("rollback", "template"):
            release = rest[0]
        found = self.revisions(release)
        if verb in ("install", "upgrade", "rollback", "uninstall"):
            self.changes.append(f"HELM {verb} {release}")
        if verb == "install" and found:
            return 1, "", "Error: INSTALLATION FAILED: cannot re-use a name that is still in use"
        if verb in ("install", "upgrade"):
            version = dict(zip(chart, chart[1:])).get("--version", "1.0.0")
            made = {
                "config": values,
                "chart": chart[0].rpartition("/")[2],
                "version": version,
                "manifest": self.rendered,
            }
            self.record(release, len(found) + 1, "deployed", namespace, **made)
            return 0, "", ""
        if verb == "template":
            return 0, self.rendered, ""
        if not found:
            return NOT_FOUND
        newest = labels_of(found[-1])
        if verb == "status":
            return 0, json.dumps({"info": {"status": newest["status"]}, "version": int(newest["version"])}), ""
        if verb == "rollback":
            self.record(release, int(newest["version"]) + 1, "deployed", namespace)
            return 0, "", ""
        gone = {id(one) for one in found} | {
            id(one) for one in self.objects.values() if labels_of(one).get(INSTANCE) == release
        }
        self.objects = {key: one for key, one in self.objects.items() if id(one) not in gone}
        return 0, "", ""

    def record(self, name: str, revision: int, status: str, namespace: str, **content: object) -> None:
        secret = release(name, status=status, revision=revision, **content)
        secret["metadata"]["namespace"] = namespace
        self.objects["v1", namespace, "secrets", secret["metadata"]["name"]] = secret

    def content(self, release: str) -> dict:
        """What the newest record of a release says."""
        packed = base64.b64decode(base64.b64decode(self.revisions(release)[-1]["data"]["release"]))
        return json.loads(gzip.decompress(packed))

    def reply(self, method: str, path: str, words: dict, body: dict, known: dict | None) -> tuple[int, dict]:
        """What is answered; known is the API server's list of groups, or nothing."""
        return (200, known) if known else self.answer(method, path, words, body)

    def answer(self, method: str, path: str, words: dict, body: dict) -> tuple[int, dict]:
        version, group, namespace, kinds, name = PATH.fullmatch(path).groups()
        version = version or group
        if version not in KINDS:
            return 404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
        if kinds is None:
            return 200, {"kind": "APIResourceList", "groupVersion": version, "resources": resources(version)}
        if method == "POST":
            name = body["metadata"]["name"]
            body["metadata"].setdefault("uid", f"{body['kind']}-{name}")
        place = (version, namespace, kinds, name)
        dry = "dryRun" in words
        if method != "GET" and not dry:
            (self.leases if kinds == "leases" else self.changes).append(f"{method} {kinds}/{name}")
        if name is None:
            return 200, self.listed(version, namespace, kinds, words)
        if method == "POST" and place not in self.objects:
            found = body
        elif method == "POST" or (method in ("PATCH", "PUT") and self.outdated(place, body)):
            reason = "AlreadyExists" if method == "POST" else "Conflict"
            return 409, {"kind": "Status", "status": "Failure", "reason": reason, "code": 409}
        elif place not in self.objects:
            return 404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
        else:
            found = self.objects[place]
        if method == "PATCH":
            found = merged(found, body)
        if method == "PUT":
            found = body
        if method == "DELETE" and not dry:
            del self.objects[place]
        elif method in ("PATCH", "POST", "PUT") and not dry:
            found = merged(found, {"metadata": {"resourceVersion": str(next(self._versions))}})
            self.objects[place] = found
        return 200, found

    def outdated(self, place: tuple, body: dict) -> bool:
        """Whether a replacement was made from what is no longer there."""
        there = self.objects.get(place, {}).get("metadata", {}).get("resourceVersion")
        return body.get("metadata", {}).get("resourceVersion") not in (None, there)

    def listed(self, version: str, namespace: str | None, kinds: str, words: dict) -> dict:
        wanted_name = words.get("fieldSelector", "").partition("metadata.name=")[2]
        items = [
            found
            for place, found in self.objects.items()
            if place[0] == version
            and place[2] == kinds
            and namespace in (None, place[1])
            and wanted_name in ("", place[3])
            and chosen(labels_of(found), words.get("labelSelector", ""))
        ]
        kind = next(kind for kind in KINDS[version] if plural(kind) == kinds)
        return {"kind": f"{kind}List", "apiVersion": version, "metadata": {}, "items": items}


def merged(old: dict, new: dict) -> dict:
    both = {key: merged(old[key], new[key]) for key in new if isinstance(new[key], dict) and key in old}
    return {key: value for key, value in {**old, **new, **both}.items() if value is not None}


class Server(ThreadingHTTPServer):
    """Serves a cluster on a port of this machine."""

    def __init__(self, cluster: Cluster):
        super().__init__(("127.0.0.1", 0), Handler)
        self.cluster = cluster
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def kubeconfig(self) -> dict:
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "double", "cluster": {"server": f"http://127.0.0.1:{self.server_port}"}}],
            "users": [{"name": "double", "user": {}}],
            "contexts": [{"name": "double", "context": {"cluster": "double", "user": "double"}}],
            "current-context": "double",
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self) -> None:
        path, _mark, query = self.path.partition("?")
        if path.endswith("/exec"):
            import exec_double

            exec_double.serve(self, query)
            return
        words = dict(parse_qsl(query))
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "{}") if length else {}
        known = discovery(path)
        cluster = self.server.cluster
        if path == "/helm":
            status, found = 200, cluster.helm(**body)
        else:
            status, found = cluster.reply(self.command, path, words, body, known)
        # What is no JSON is sent as it is.
        content = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = reply

    def log_message(self, format: str, *arguments: object) -> None:
        pass
