"""The action on a role of its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import action_loader
from ansible.template import Templar

SPEC = """
argument_specs:
  main:
    options:
      web_port: {type: int, default: 80}
      web_name: {type: str, default: web}
      web_key: {type: str, default: "", no_log: true}
"""
ROLE = """
web_port: 80
web_name: "{{ 'web-' ~ web_port }}"
web_key: ""
checks:
  - {variable: web_port, ok: "{{ 1 <= web_port | int <= 65535 }}", allowed: a port, example: 80}
  - {variable: web_port, ok: "{{ never_asked_for }}", allowed: a port, example: 80}
  - {variable: web_key, ok: "{{ web_key == '' }}", allowed: nothing, example: ''}
  - {variable: web_name, ok: "{{ web_name.nothing.at_all }}", allowed: "{{ web_port }}", example: web}
  - {variable: web_port, ok: "{{ false }}", allowed: not reached, example: 80}
"""


@pytest.fixture
def said(tmp_path):
    """What the action says to inputs."""

    def _said(checks=1, files=(), **inputs):
        folder = tmp_path / "web"
        (folder / "meta").mkdir(parents=True, exist_ok=True)
        (folder / "meta" / "argument_specs.yml").write_text(SPEC, encoding="utf-8")
        (folder / "role.yml").write_text(ROLE, encoding="utf-8")
        loader = DataLoader()
        known = loader.load_from_file(str(folder / "role.yml"), trusted_as_template=True) | inputs
        known["checks"] = [known["checks"][number] for number in ([0] if checks == 1 else checks)]
        action = action_loader.get(
            "runtime_security.kubernetes.validate_inputs",
            task=SimpleNamespace(
                args={"checks": ["checks"], "files": list(files)},
                _role=SimpleNamespace(_role_path=str(folder)),
                async_val=0,
                check_mode=True,
                diff=False,
            ),
            connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
            play_context=None,
            loader=loader,
            templar=Templar(loader, variables=known),
            shared_loader_obj=None,
        )
        result = action.run(task_vars=known)
        assert bool(result.get("failed")) == ("msg" in result)
        return result.get("msg", "")

    return _said


def test_sound_inputs_are_taken(said):
    assert said() == ""
    assert said(web_port="443") == ""


def test_the_specification_comes_first(said):
    assert said(web_port="many") == (
        "web_port is 'many'; allowed is a whole number. Set it to for example '80'. Nothing was changed."
    )


def test_then_the_checks(said):
    assert said(web_port=0) == ("web_port is '0'; allowed is a port. Set it to for example '80'. Nothing was changed.")


def test_a_refused_input_is_not_checked_again(said):
    assert said(checks=[0, 1], web_port=0).count("web_port is") == 1


def test_a_check_that_cannot_be_computed_ends_the_judging(said):
    message = said(checks=[3, 4])
    assert message.startswith("web_name is 'web-80'; allowed is 80 (")
    assert "not reached" not in message


@pytest.mark.parametrize("value", ["hunter2-hunter2", ["hunter2-hunter2"]])
def test_a_secret_is_not_shown(said, value):
    message = said(checks=[2], web_key=value)
    assert message.startswith("web_key is a value that is not shown;")
    assert "hunter2" not in message


def test_what_depends_on_a_refused_input_is_not_blamed(said):
    assert "web_name" not in said(web_port=float("nan"))


def test_a_text_is_no_template(said):
    assert said(web_name="{{ 1 / 0 }}") == ""


def test_a_file_has_to_be_there(said, tmp_path):
    (tmp_path / "ca.pem").touch()
    assert said(files=["web_ca"], web_ca="") == said(files=["web_ca"], web_ca=str(tmp_path / "ca.pem")) == ""
    assert "web_ca is '/nowhere.pem'; allowed is a file on" in said(files=["web_ca"], web_ca="/nowhere.pem")
    assert "web_ca is" in said(files=["web_ca"], web_ca=str(tmp_path))
