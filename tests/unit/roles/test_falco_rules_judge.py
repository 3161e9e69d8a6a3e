# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What falco_ebpf says when Falco's rules cannot be judged: why, and no value."""

from __future__ import annotations

import pytest

WORD = "planted-word"
RULES = {
    "ansible.builtin.include_role": {"name": "runtime_security.kubernetes.falco_ebpf", "tasks_from": "rules_judge"},
}
INPUTS = {"falco_ebpf_values": {"falcosidekick": {"config": {"word": WORD}}}, "__falco_ebpf_chosen": "modern_ebpf"}
MANIFESTS = f"""
{{kind: DaemonSet, metadata: {{name: falco}}, spec: {{template: {{spec: {{containers: [{{name: falco, env: [{WORD}]}}]}}}}}}}}
---
{{kind: ConfigMap, metadata: {{name: falco}}, data: {{falco.yaml: "rules_files: [/etc/falco/falco_rules.yaml]"}}}}
"""


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"helm_template": {"failed": True, "msg": "Helm cannot render falco: no such chart"}}, "no such chart"),
        (
            {
                "helm_template": {"manifests": MANIFESTS},
                "k8s_objects": {"failed": True, "msg": "jobs is forbidden", "seen": WORD},
            },
            "jobs is forbidden",
        ),
    ],
)
def test_no_pod_judges_them(play, answers, why):
    code, said = play([RULES], "-vvv", answers=answers, **INPUTS)
    assert code == 2
    assert f"the running Falco was not changed. {answers.popitem()[1]['msg']}." in said and why in said
    assert WORD not in said


def test_files_that_cannot_be_had_are_refused_with_the_fix(play):
    answers = {"helm_template": {"manifests": MANIFESTS.replace("[/etc/falco/falco_rules.yaml]", "[]")}}
    code, said = play([RULES], answers=answers, **INPUTS)
    assert code == 2
    assert (
        "the running Falco was not changed. falco.rules_files is empty, so there are no rules. Name the files. Correct"
        in said
    )


def test_what_is_rendered_is_not_printed(play, asked):
    answers = {"helm_template": {"manifests": MANIFESTS}, "k8s_objects": {"objects": [{"seen": WORD}]}}
    code, said = play([RULES], "-vvv", answers=answers, **INPUTS)
    assert code == 0, said
    assert WORD not in said
    rendered, made = asked()
    assert rendered[1]["values"]["falcosidekick"]["config"]["word"] == WORD
    assert made[1]["objects"][0]["spec"]["template"]["spec"]["containers"][0]["env"] == [WORD]


VERDICT = {
    "ansible.builtin.include_role": {"name": "runtime_security.kubernetes.falco_ebpf", "tasks_from": "rules_verdict"},
}
JOB = {"objects": [{"metadata": {"name": "falco-rules-1"}, "spec": WORD}]}
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available."}
REFUSED = {"reason": "FailedCreate", "involvedObject": {"name": "falco-rules-1"}, "message": "exceeded quota: pods"}
PULLING = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}


@pytest.mark.parametrize(
    ("pods", "events", "said_of_it"),
    [
        ([{"phase": "Pending", "conditions": [UNSCHEDULABLE]}], [], "does not start: 0/3 nodes are available."),
        ([], [{"message": "of somebody else"}, REFUSED], "does not start: exceeded quota: pods."),
        ([{"phase": "Pending", "containerStatuses": [PULLING]}], [], "does not start: no such image."),
        ([{"phase": "Running"}], [REFUSED], "does not end: it has run for 1 s (falco_ebpf_timeout)."),
    ],
)
def test_a_pod_that_judges_nothing_is_explained(play, asked, pods, events, said_of_it):
    found = [{"metadata": {"name": "p"}, "spec": {"env": [WORD]}, "status": status} for status in pods]
    answers = {"objects_info": {"objects": [found, events]}, "k8s_objects": {"objects": [{"seen": WORD}]}}
    # No variable of the command line, which would win over what the role notes.
    note = {"ansible.builtin.set_fact": {"__falco_ebpf_rules_job": JOB}, "no_log": True}
    code, said = play([note, VERDICT], "-vvv", answers=answers, **INPUTS, falco_ebpf_timeout=1)
    assert code == 2
    assert f"judges falco_ebpf_rules {said_of_it} The running Falco was not changed." in said
    assert WORD not in said
    removed = asked()[-1]
    assert removed[0] == "k8s_objects" and removed[1]["state"] == "absent"
    assert removed[1]["objects"][0]["metadata"] == {"name": "falco-rules-1", "namespace": "falco"}
