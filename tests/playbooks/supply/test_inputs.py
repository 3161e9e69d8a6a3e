"""What playbooks/bundle.yml refuses, before it changes or fetches anything."""

from __future__ import annotations

import pytest

CASES = {
    "no folder": ([], "Fix: add -e bundle_path=/srv/bundle"),
    "folder with a colon": (
        ["-e", "bundle_path=/tmp/a:b"],
        "bundle_path: invalid value ('/tmp/a:b'). Expected an absolute path",
    ),
    "in a bundle": (
        ["-e", "bundle_path=/tmp/b", "-e", "runtime_security_bundle=/tmp/b"],
        "runtime_security_bundle: '/tmp/b'",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_is_named(case, playbook):
    arguments, message = CASES[case]
    done = playbook("playbooks/bundle.yml", *arguments)
    assert done.returncode != 0
    assert message in " ".join(done.stdout.replace("''", "'").split())
    assert "changed=0" in done.stdout


def test_a_folder_of_something_else_stays_as_it_is(tmp_path, playbook):
    mine = tmp_path / "charts" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    done = playbook("playbooks/bundle.yml", "-e", f"bundle_path={tmp_path}")
    assert done.returncode != 0
    assert "Fix: choose another folder." in " ".join(done.stdout.split())
    assert "changed=0" in done.stdout
    assert [path.name for path in tmp_path.rglob("*")] == ["charts", "mine.txt"]


def test_a_dry_run_makes_nothing(tmp_path, playbook):
    done = playbook("playbooks/bundle.yml", "--check", "-e", f"bundle_path={tmp_path}/bundle")
    assert done.returncode == 0, done.stdout
    assert "Would fetch minikube v" in done.stdout
    assert list(tmp_path.iterdir()) == []
