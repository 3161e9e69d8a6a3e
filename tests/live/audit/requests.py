# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For every detection a request that has to raise it, and a harmless twin that must not.

An entry does its own preparation as the user setup, whose requests raise nothing. What raises something is done by mallory, what
does not by alice or by an account that may do it; so an alert about anybody but mallory is a false one.
"""

from __future__ import annotations

import typing as t

import yaml

from .apiserver import ADMIN, MASTERS, Api
from .objects import CORE, NAMESPACES, PODS, RBAC, binding, pod, role, signing_request, workload

BAD, GOOD, POOR = "mallory", "alice", "trudy"
ACCOUNT, CONTROLLER, NODE = (
    "system:serviceaccount:shop:web",
    "system:serviceaccount:kube-system:daemon-set-controller",
    "system:node:n1",
)
# Trudy has no rights; anonymous requests have no token.
USERS = {
    BAD: [MASTERS],
    GOOD: [MASTERS],
    POOR: ["people"],
    ACCOUNT: [MASTERS, "system:serviceaccounts"],
    CONTROLLER: [MASTERS, "system:serviceaccounts", "system:serviceaccounts:kube-system"],
    NODE: [MASTERS, "system:nodes"],
    # For the twins of the counts.
    "patient": [MASTERS],
    "clumsy": ["people"],
}
SWEEP, DENIED = 12, 6


def prepare(api: Api, kubelet: tuple[str, int]) -> None:
    """A node, namespaces, and what the requests are about."""
    node = {"metadata": {"name": "n1"}}
    api.ok("POST", f"{CORE}/nodes", node)
    addresses, port = [{"type": "InternalIP", "address": kubelet[0]}], kubelet[1]
    state = {"addresses": addresses, "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}}
    api.ok("PATCH", f"{CORE}/nodes/n1/status", {"status": state})
    for name in NAMESPACES:
        api.ok("POST", f"{CORE}/namespaces", {"metadata": {"name": name}})
        api.ok("POST", f"{CORE}/namespaces/{name}/pods", pod("target", {"nodeName": "n1"}))
        for account in ("default", "web", "other"):
            api.ok("POST", f"{CORE}/namespaces/{name}/serviceaccounts", {"metadata": {"name": account}})
        api.ok("POST", f"{CORE}/namespaces/{name}/configmaps", {"metadata": {"name": "settings"}, "data": {"a": "b"}})
        api.ok("POST", f"{CORE}/namespaces/{name}/secrets", {"metadata": {"name": "s"}, "data": {}})
    for name in ("kubeadm-config", "coredns"):
        api.ok("POST", f"{CORE}/namespaces/kube-system/configmaps", {"metadata": {"name": name}, "data": {}})
    for name in ("good", "bad"):
        about = {"kind": "Pod", "namespace": "shop", "name": "target"}
        event = {"metadata": {"name": name}, "involvedObject": about, "reason": "Test"}
        api.ok("POST", f"{CORE}/namespaces/shop/events", event)
        api.ok("POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests", signing_request(name))
    api.ok("POST", f"{RBAC}/clusterroles", role("reader", "get", "list"))
    api.ok("POST", f"{RBAC}/clusterrolebindings", binding("readers", "reader", "system:anonymous"))
    api.ok("POST", f"{RBAC}/clusterrolebindings", binding("cluster-admins", "cluster-admin"))


def _session(kind: str, user: str, namespace: str = "shop", query: str = "?command=id&stdout=true") -> t.Callable:
    def act(api: Api) -> None:
        path = f"{CORE}/namespaces/{namespace}/pods/target/{kind}{query}"
        status = api.session("POST", path, user)
        assert status == 101, (path, status)

    return act


def _sent(method: str, path: str, body: t.Any = None, user: str | None = BAD, **more: t.Any) -> t.Callable:
    return lambda api: api.ok(method, path, body, user=user, **more)


def _refused(path: str, user: str, times: int) -> t.Callable:
    def act(api: Api) -> None:
        for _ in range(times):
            assert api.request("GET", path, user=user)[0] in (401, 403)

    return act


def _many(path: str, user: str, times: int) -> t.Callable:
    return lambda api: [api.ok("GET", path, user=user) for _ in range(times)]


def _approval(name: str, user: str) -> t.Callable:
    def act(api: Api) -> None:
        path = f"/apis/certificates.k8s.io/v1/certificatesigningrequests/{name}"
        found = api.ok("GET", path)
        condition = {"type": "Approved", "status": "True", "reason": "Test", "message": ""}
        api.ok("PUT", f"{path}/approval", {**found, "status": {"conditions": [condition]}}, user=user)

    return act


def _ephemeral(api: Api) -> None:
    body = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "none.invalid/none"}]}}
    api.ok("PATCH", f"{PODS}/target/ephemeralcontainers", body, user=BAD, patch="strategic-merge")


def _applied(path: str, kind: str, body: dict, user: str = BAD, as_yaml: bool = False) -> t.Callable:
    """A server-side apply, which sends JSON unless it is made not to."""
    whole = {"apiVersion": "v1" if kind == "Pod" else "rbac.authorization.k8s.io/v1", "kind": kind, **body}
    sent = yaml.safe_dump(whole) if as_yaml else whole
    return _sent("PATCH", f"{path}/{body['metadata']['name']}?fieldManager=test", sent, user, patch="apply")


_POLICY = {"spec": {"podSelector": {}}, "metadata": {"name": "open"}}
_POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
_HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
_PRIVILEGED = {"securityContext": {"privileged": True}}
_MOUNTED = {"volumes": [{"name": "v", "hostPath": {"path": "/etc"}}]}
_NET_ADMIN = {"securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE", "NET_ADMIN"], "drop": ["ALL"]}}}
_DROPPED = {"securityContext": {"privileged": False, "capabilities": {"add": ["CHOWN"], "drop": ["ALL", "NET_RAW"]}}}
_NODE = f"{CORE}/nodes/n1/proxy"
_DAEMONS, _CRONS = "/apis/apps/v1/namespaces/shop/daemonsets", "/apis/batch/v1/namespaces/shop/cronjobs"
_PATCH = {"data": {"a": "c"}}
_TOKEN = {"spec": {"audiences": ["test"]}}

# By detection: what raises it, and the twin that does not.
REQUESTS: dict[str, tuple[t.Callable[[Api], t.Any], t.Callable[[Api], t.Any]]] = {
    "pod-exec": (_session("exec", BAD), _session("exec", GOOD, "pipeline-proof")),
    "pod-attach": (
        _session("attach", BAD, query="?stdout=true"),
        _session("attach", GOOD, "pipeline-proof", "?stdout=true"),
    ),
    "pod-port-forward": (_session("portforward", BAD, query=""), _sent("GET", f"{PODS}?limit=5", user=GOOD)),
    "ephemeral-container": (_ephemeral, _sent("PATCH", f"{PODS}/target", {"metadata": {"labels": {"a": "b"}}}, GOOD)),
    "node-proxy": (_sent("GET", f"{_NODE}/pods"), _sent("GET", f"{_NODE}/metrics/cadvisor", user=GOOD)),
    "pod-privileged": (
        _sent("POST", PODS, pod("privileged", container=_PRIVILEGED)),
        _sent("POST", PODS, pod("plain", container=_DROPPED), GOOD),
    ),
    "pod-host-namespaces": (
        _sent("POST", PODS, pod("host-pid", {"hostPID": True})),
        _sent("POST", PODS, pod("shared", {"shareProcessNamespace": True, "hostPID": False}), GOOD),
    ),
    "pod-host-path": (
        _applied(PODS, "Pod", pod("host-path", _MOUNTED)),
        # What a DaemonSet of the pipeline mounts.
        _sent("POST", f"{CORE}/namespaces/falco/pods", pod("falco-x", _MOUNTED), CONTROLLER),
    ),
    "pod-capabilities": (
        _sent("POST", PODS, pod("net-admin", container=_NET_ADMIN)),
        _sent("POST", PODS, pod("dropped", container=_DROPPED), GOOD),
    ),
    "body-missing": (
        _sent("POST", PODS, pod("large", container={"env": [{"name": "A", "value": "x" * 400_000}], **_PRIVILEGED})),
        _sent("POST", PODS, pod("small", container={"env": [{"name": "A", "value": "x" * 400}]}), GOOD),
    ),
    "line-lost": (
        _applied(f"{RBAC}/clusterrolebindings", "ClusterRoleBinding", binding("lost", "cluster-admin"), as_yaml=True),
        _applied(f"{RBAC}/clusterrolebindings", "ClusterRoleBinding", binding("found", "reader"), GOOD),
    ),
    "cluster-admin-bound": (
        _sent("POST", f"{RBAC}/clusterrolebindings", binding("bad", "cluster-admin")),
        _sent("POST", f"{RBAC}/clusterrolebindings", binding("good", "reader"), GOOD),
    ),
    "admin-binding-patched": (
        _sent(
            "PATCH", f"{RBAC}/clusterrolebindings/cluster-admins", {"subjects": binding("x", "y", "eve")["subjects"]}
        ),
        _sent("PATCH", f"{RBAC}/clusterrolebindings/readers", {"metadata": {"labels": {"a": "b"}}}, GOOD),
    ),
    "role-escalation": (
        _sent("POST", f"{RBAC}/clusterroles", role("escalator", "get", "escalate", resources=["clusterroles"])),
        _sent("POST", f"{RBAC}/clusterroles", role("escalate", "get", "create", resources=["clusterroles"]), GOOD),
    ),
    "role-wildcard": (
        _sent("POST", f"{RBAC}/namespaces/shop/roles", role("wild", "*")),
        _sent("POST", f"{RBAC}/namespaces/shop/roles", role("tame", "get", "list"), GOOD),
    ),
    "token-requested": (
        _sent("POST", f"{CORE}/namespaces/shop/serviceaccounts/other/token", _TOKEN),
        _sent("POST", f"{CORE}/namespaces/shop/serviceaccounts/web/token", _TOKEN, ACCOUNT),
    ),
    "csr-approved": (
        _approval("bad", BAD),
        _sent("POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests", signing_request("more"), GOOD),
    ),
    "anonymous-access": (_sent("GET", PODS, user=None), _sent("GET", "/version", user=None)),
    "impersonation": (
        _sent("GET", PODS, Impersonate_User="bob", Impersonate_Group=MASTERS),
        _sent("GET", PODS, user=GOOD),
    ),
    "webhook-changed": (
        _sent("POST", _HOOKS, {"metadata": {"name": "hook"}, "webhooks": []}),
        _sent("GET", _HOOKS, user=GOOD),
    ),
    "api-server-replaced": (
        _sent("POST", f"{CORE}/namespaces/kube-system/pods", pod("kube-apiserver-n1", {"nodeName": "n1"}), NODE),
        _sent("POST", f"{CORE}/namespaces/kube-system/pods", pod("etcd-n1", {"nodeName": "n1"}), NODE),
    ),
    "control-plane-config": (
        _sent("PATCH", f"{CORE}/namespaces/kube-system/configmaps/kubeadm-config", _PATCH),
        _sent("PATCH", f"{CORE}/namespaces/kube-system/configmaps/coredns", _PATCH, GOOD),
    ),
    "pipeline-changed": (
        _sent("PATCH", f"{CORE}/namespaces/falco/configmaps/settings", _PATCH),
        _sent("PATCH", f"{CORE}/namespaces/shop/configmaps/settings", _PATCH, GOOD),
    ),
    "network-policy-changed": (_sent("POST", _POLICIES, _POLICY), _sent("GET", _POLICIES, user=GOOD)),
    "events-deleted": (
        _sent("DELETE", f"{CORE}/namespaces/shop/events/bad"),
        _sent("DELETE", f"{CORE}/namespaces/shop/events/good", user="system:kube-controller-manager"),
    ),
    "daemonset-by-person": (
        _sent("POST", _DAEMONS, workload("daemonsets", "bad")),
        _sent("POST", _DAEMONS, workload("daemonsets", "good"), ACCOUNT),
    ),
    "cronjob-by-person": (
        _sent("POST", _CRONS, workload("cronjobs", "bad")),
        _sent("POST", _CRONS, workload("cronjobs", "good"), ACCOUNT),
    ),
    "secrets-listed": (
        _sent("GET", f"{CORE}/secrets"),
        _sent("GET", f"{CORE}/namespaces/shop/secrets", user=GOOD),
    ),
    "secrets-sweep": (
        _many(f"{CORE}/namespaces/shop/secrets/s", BAD, SWEEP + 1),
        _many(f"{CORE}/namespaces/shop/secrets/s", "patient", SWEEP),
    ),
    "requests-denied": (_refused(PODS, POOR, DENIED + 1), _refused(PODS, "clumsy", DENIED)),
}
USERS["system:kube-controller-manager"] = [MASTERS]
# A few of each group, for a quick look.
SAMPLE = (
    "pod-exec",
    "pod-privileged",
    "cluster-admin-bound",
    "anonymous-access",
    "pipeline-changed",
    "requests-denied",
)
# Who an alert is about, unless it is mallory.
ABOUT = {"anonymous-access": "system:anonymous", "api-server-replaced": NODE, "requests-denied": POOR}
INPUTS = {
    "grafana_wiring_audit_secret_reads": SWEEP,
    "grafana_wiring_audit_denied_requests": DENIED,
    "grafana_wiring_audit_exceptions": [{"users": [ADMIN]}],
}
