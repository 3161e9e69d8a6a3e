# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of falco_driver_info. Private to the collection."""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.runtime_security.kubernetes.plugins.module_utils import connection, machine_kernel
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.cluster_reader import Reader
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf import evaluate, observe
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.ebpf.options import (
    DRIVERS,
    argument_spec,
    wrong_option,
)
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.work import Mode, WorkError

ARGUMENTS = {
    **connection.ARGUMENTS,
    "driver": {"type": "str", "choices": ["auto", *DRIVERS], "default": "auto"},
    "drivers": {"type": "list", "elements": "str", "choices": DRIVERS, "default": ["modern_ebpf", "kmod"]},
    "readiness": {"type": "str", "choices": ["auto", "machine", "nodes"], "default": "nodes"},
    "minikube_driver": {"type": "str", "default": ""},
    "name": {"type": "str", "default": "falco"},
    "namespace": {"type": "str", "default": "falco"},
    **{name: argument_spec()[name] for name in ("falco_version", "buffer_preset", "least_privilege")},
    "accepted": {"type": "list", "elements": "str", "default": []},
    "ignored": {"type": "list", "elements": "str", "default": []},
    "checked": {"type": "dict"},
    "previous": {"type": "dict"},
}
# What the answer depends on; connection options are in it too.
_NOT_ASKED = ("checked", "previous")


class Choice(t.NamedTuple):
    """The driver, and what was found against it."""

    driver: str
    findings: list[str]
    unknown: list[str]


def choose(views: list[dict], drivers: list[str], accepted: list[str], ignored: list[str]) -> Choice | None:
    """The first driver against which no check of a view failed but accepted and ignored ones; None where there is none.

    views are results of ebpf_readiness_info.
    """
    for driver in drivers:
        checks = [check for view in views for check in view["drivers"][driver]["checks"]]
        failed = [name for name in _names(checks, "fail") if name not in ignored]
        if set(failed) <= set(accepted):
            return Choice(driver, failed, _names(checks, "unknown"))
    return None


def _names(checks: list[dict], status: str) -> list[str]:
    return list(dict.fromkeys(check["name"] for check in checks if check["status"] == status))


def deployed(daemon_set: dict, params: dict) -> str:
    """The driver with which Falco runs on all nodes, "" unless that is what is asked for."""
    status = daemon_set.get("status") or {}
    template = (daemon_set.get("spec") or {}).get("template") or {}
    found = (template.get("metadata") or {}).get("annotations") or {}
    ready = status.get("numberReady") or 0
    driver = found.get("runtime-security/driver", "")
    same = (
        found.get("runtime-security/falco") == params["falco_version"]
        and (found.get("runtime-security/least-privilege") == "true") == params["least_privilege"]
    )
    runs = ready > 0 and ready == status.get("desiredNumberScheduled")
    return driver if runs and same and driver in wanted(params) else ""


def wanted(params: dict) -> list[str]:
    """The drivers from which to choose."""
    return params["drivers"] if params["driver"] == "auto" else [params["driver"]]


def run(params: dict, mode: Mode) -> dict:
    """The driver with which Falco will run on all nodes; raises WorkError where there is none."""
    question = _question(params)
    previous = params["previous"] or {}
    if previous.get("question") == question and previous.get("driver"):
        return {name: previous[name] for name in _result(Choice("", [], []), "", "")}
    where, certain = _where(params)
    if where == "machine":
        # What an engine says of nodes to come is asked again of the nodes.
        return _chosen(params, [_this_machine(params)], "machine", question if certain else "")
    if params["checked"]:
        refuse_incomplete(params["checked"])
        return _chosen(params, params["checked"]["nodes"], "nodes", question)
    try:
        with connection.connected_client(params) as client:
            found = Reader(client).one("DaemonSet", "apps/v1", params["name"], params["namespace"])
    except connection.Unreachable:
        # A first run validates before there is a cluster.
        if params["readiness"] != "auto" or mode.check:
            raise
        found = None
    driver = deployed(found or {}, params)
    if driver:
        return _result(Choice(driver, [], []), "deployed", question)
    return announce(params) if mode.check else _result(Choice("", [], []), "", "")


def announce(params: dict) -> dict:
    """Nodes that are yet to come, or that check mode does not ask, are expected to run the first driver."""
    return _result(Choice(wanted(params)[0], [], []), "announced", "")


def _question(params: dict) -> str:
    asked = {name: value for name, value in params.items() if name in ARGUMENTS and name not in _NOT_ASKED}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _where(params: dict) -> tuple[str, bool]:
    """Where the readiness is checked, and whether the nodes themselves said so."""
    if params["readiness"] != "auto":
        return params["readiness"], True
    kernel = machine_kernel.decide({**params, "driver": params["minikube_driver"]})
    # An engine that does not answer may be one that has not started yet; the nodes are asked later.
    return "machine" if kernel.same or not kernel.certain else "nodes", kernel.asked == "nodes"


def _this_machine(params: dict) -> dict:
    options = {name: params.get(name, spec.get("default")) for name, spec in argument_spec().items()}
    options["drivers"] = None
    problem = wrong_option(options)
    if problem:
        raise WorkError(problem)
    return evaluate.evaluate(observe.observe(options), options)


def refuse_incomplete(checked: dict) -> None:
    """Raise WorkError where not each node has answered; checked is the result of ebpf_readiness_pods_info."""
    machine = "set falco_ebpf_readiness to 'machine' if the kernel of the host is theirs"
    if checked["not_started"]:
        raise WorkError(
            f"falco_ebpf_readiness: whether Falco will run is not known. No pod started on {_nodes(checked['not_started'])}. Expected "
            f"one on each node. Nothing was installed. Fix: set ebpf_readiness_image to an image with python3 that the nodes can pull, "
            f"or {machine}."
        )
    if checked["unanswered"]:
        raise WorkError(
            f"falco_ebpf_readiness: whether Falco will run is not known for {_nodes(checked['unanswered'])}, as the pod there "
            "gave no answer. Expected one from each node. Nothing was installed. Fix: see that this account may run commands in pods "
            f"(pods/exec) of ebpf_readiness_namespace and that ebpf_readiness_image has python3 >= 3.8, or {machine}."
        )


def _nodes(found: list[dict]) -> str:
    return ", ".join(f"{one['node']} ({one['reason']})" for one in found)


def _chosen(params: dict, views: list[dict], source: str, question: str) -> dict:
    choice = choose(views, wanted(params), params["accepted"], params["ignored"])
    if choice is None:
        raise WorkError(_refusal(params, views))
    words = []
    if choice.findings:
        words.append(f"Failed and accepted by falco_ebpf_accepted_findings: {', '.join(choice.findings)}.")
    if choice.unknown:
        words.append(f"Not known: {', '.join(choice.unknown)}.")
    said = {"warnings": [" ".join([f"Falco's driver is {choice.driver}.", *words])]} if words else {}
    return {**_result(choice, source, question), **said}


def _refusal(params: dict, views: list[dict]) -> str:
    reasons = [
        f"{view.get('node') or 'This machine'} (kernel {view['host']['kernel']}), {name}: {' '.join(driver['reasons'])}"
        for view in views
        for name, driver in view["drivers"].items()
        if name in wanted(params)
    ]
    return (
        f"falco_ebpf_driver: Falco {params['falco_version']} will not run ('{params['driver']}'). Expected a driver that runs on each "
        f"node. Nothing was changed. {' '.join(reasons)} Fix: correct what is named, or name the checks that you accept in "
        "falco_ebpf_accepted_findings."
    )


def _result(choice: Choice, source: str, question: str) -> dict:
    return {**choice._asdict(), "source": source, "question": question}
