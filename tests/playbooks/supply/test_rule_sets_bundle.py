"""A bundle has the rule sets, and is all that is asked where it is used."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import TOP
from .rule_sets import CHANGED
from .test_images import flip

BUNDLE = f"""
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Validate the inputs
      ansible.builtin.import_role:
        name: runtime_security.kubernetes.falco_ebpf
        tasks_from: inputs

    - name: Fetch the rule sets
      ansible.builtin.import_tasks: {TOP}/playbooks/tasks/bundle_rules.yml

    - name: Write what the bundle's variables and its lock file have of them
      ansible.builtin.copy:
        content: "{{{{ __falco_ebpf_rule_sets | to_json }}}}"
        dest: "{{{{ bundle_path }}}}/found.json"
        mode: "0644"
"""
USE = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Validate all inputs
      ansible.builtin.import_role:
        name: runtime_security.kubernetes.falco_ebpf
        tasks_from: validate
"""


def test_a_bundle_has_the_sets_and_is_all_that_is_asked_where_it_is_used(sets, playbook, tmp_path):
    """What the templates of the bundle write is in the isolated run."""
    make, use, made = tmp_path / "make.yml", tmp_path / "use.yml", tmp_path / "bundle"
    make.write_text(BUNDLE, encoding="utf-8")
    use.write_text(USE, encoding="utf-8")
    made.mkdir()

    def run(play, **variables):
        done = playbook(play, "-e", json.dumps(variables))
        return done.returncode, " ".join(done.stdout.replace("''", "'").split())

    maker = {
        "bundle_path": str(made),
        "falco_ebpf_incubating_rules": "1.0.0",
        "falco_ebpf_rule_sets_repository": "registry.example/rules",
        "falco_ebpf_image_registries": {"registry.example": f"{sets.address}/mirror"},
    }
    digest = sets.push()
    code, said = run(make, **maker, __bundle_lock={})
    assert code == 0, said
    found = json.loads((made / "found.json").read_text(encoding="utf-8"))
    assert found["versions"] == {"incubating": f"1.0.0@{digest}"}
    # The lock file is stronger than a tag that has moved.
    sets.push(CHANGED)
    code, said = run(make, **maker, __bundle_lock={"rules": found["digests"]})
    assert code == 0, said
    assert [path.name for path in (made / "rules").iterdir()] == [Path(path).name for path in found["paths"]]

    user = {
        "runtime_security_bundle": str(made),
        "falco_ebpf_rule_sets_path": f"{made}/rules",
        "falco_ebpf_incubating_rules": found["versions"]["incubating"],
        "falco_ebpf_rule_sets_repository": "127.0.0.1:1/nothing",
        "falco_ebpf_readiness": "nodes",
    }
    code, said = run(use, **user)
    assert code == 0, said
    code, said = run(use, **{**user, "falco_ebpf_sandbox_rules": "1.0.0"})
    assert code != 0
    assert (
        f"falco_ebpf_sandbox_rules ('1.0.0'): {made}/rules has 0 sets of this version. Expected one. Fix: build the"
        in said
    )
    flip(Path(found["paths"][0]), 700)
    code, said = run(use, **user)
    assert code != 0 and "falco_ebpf_incubating_rules ('1.0.0@sha256:" in said and "cannot be used: it " in said
