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
{{kind: ConfigMap, metadata: {{name: falco}}, data: {{falco.yaml: "{{}}"}}}}
"""


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"helm_template": {"failed": True, "msg": "Helm cannot render falco: no such chart"}}, "no such chart"),
        (
            {
                "helm_template": {"manifests": MANIFESTS},
                "objects": {"failed": True, "msg": "jobs is forbidden", "seen": WORD},
            },
            "jobs is forbidden",
        ),
    ],
)
def test_no_pod_judges_them(play, answers, why):
    code, said = play([RULES], "-vvv", answers=answers, **INPUTS)
    assert code == 2
    assert f"the running Falco was not changed. {answers.popitem()[1]['msg']}" in said and why in said
    assert WORD not in said


def test_what_is_rendered_is_not_printed(play, asked):
    answers = {"helm_template": {"manifests": MANIFESTS}, "objects": {"objects": [{"seen": WORD}]}}
    code, said = play([RULES], "-vvv", answers=answers, **INPUTS)
    assert code == 0, said
    assert WORD not in said
    rendered, made = asked()
    assert rendered[1]["values"]["falcosidekick"]["config"]["word"] == WORD
    assert made[1]["definitions"][0]["spec"]["template"]["spec"]["containers"][0]["env"] == [WORD]
