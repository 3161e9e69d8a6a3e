"""A rollout that fails says why in one message, with the last lines of the right container."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from live.lab_cluster import INPUTS

BAD_RULE = "- rule: Broken\n  desc: x\n  condition: no_such_macro\n  output: x\n  priority: WARNING\n"
# What is wrong, and the words that must be in the message.
CASES = {
    "image": (
        {"falco_ebpf_receiver_image": {"registry": "registry.invalid", "repository": "receiver", "tag": "absent"}},
        ["Deployment falco-image/falco-falcosidekick", "ImagePullBackOff", "registry.invalid/receiver:absent"],
    ),
    "scheduling": (
        {"falco_ebpf_resources": {"limits": {"cpu": "1000"}, "requests": {"cpu": "1000"}}},
        ["DaemonSet falco", "Insufficient cpu"],
    ),
    "rule": (
        {"falco_ebpf_values": {"customRules": {"broken.yaml": BAD_RULE}}},
        ["falco_ebpf_rules", "no_such_macro", "The running Falco was not changed"],
    ),
    "probe": (
        {"falco_ebpf_values": {"containerSecurityContext": {"privileged": False}}},
        ["DaemonSet falco", "container falco", "operation not permitted"],
    ),
}
# Those that every cluster has.
NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"]


@pytest.fixture(scope="module")
def outcomes(role, kubectl):
    """All of them at once, each in a namespace of its own and with a lock of its own: what takes long is waiting."""

    def fail(case, lock_namespace):
        inputs = {
            "falco_ebpf_namespace": f"falco-{case}",
            "falco_ebpf_timeout": 90,
            "runtime_security_lock_namespace": lock_namespace,
        }
        return role("main", **CASES[case][0], **inputs)

    with ThreadPoolExecutor(len(CASES)) as pool:
        found = dict(zip(CASES, pool.map(fail, CASES, NAMESPACES)))
    yield found
    kubectl("delete", "namespace", "--wait=false", *[f"falco-{case}" for case in CASES])


@pytest.mark.parametrize("case", CASES)
def test_the_message_says_why(outcomes, case):
    code, text = outcomes[case]
    assert code == 2
    message = text[text.index("msg:") :] if "msg:" in text else text
    assert [word for word in CASES[case][1] if word not in message] == [], message[-2500:]


def test_a_driver_that_will_not_run_is_refused_before_anything_changes(role, kubectl):
    code, text = role("main", falco_ebpf_namespace="falco-refused", falco_ebpf_accepted_findings=[])
    if "memlock" not in INPUTS["falco_ebpf_accepted_findings"]:
        pytest.fail("this host needs no finding to be accepted: the case has to be thought over")
    assert code == 2
    assert "Nothing was changed" in text and "CAP_SYS_RESOURCE" in text
    assert "falco-refused" not in kubectl("get", "namespaces")
