"""The action on a role of its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import action_loader
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var
from trusted import load

SPECIFICATION = """
argument_specs:
  main:
    options:
      web_port: {type: int, default: 80}
      web_host: {type: str, default: web}
      web_key: {type: str, default: "", no_log: true}
      web_ca: {type: path, default: ""}
      web_kubeconfig: {type: raw, default: ""}
      web_days: {type: int, default: 5}
  other:
    options:
      web_days: {type: int, default: 5}
"""
CHECKS = """
web_port: port
web_host: [dns_label, {one_of: [web, web-80]}]
web_key: image_tag
web_ca: {optional: file_on_host}
web_kubeconfig: kubeconfig
web_days: {number: [1, web_port, days]}
"""
VARIABLES = """
web_port: 80
web_host: "{{ 'web-' ~ web_port }}"
web_key: secret
web_ca: ""
web_kubeconfig: ""
web_days: 5
"""


@pytest.fixture
def message(tmp_path):
    """What the action says to inputs."""

    def _message(arguments=None, **inputs):
        folder = tmp_path / "web"
        (folder / "meta").mkdir(parents=True, exist_ok=True)
        (folder / "meta" / "argument_specs.yml").write_text(SPECIFICATION, encoding="utf-8")
        (folder / "meta" / "checks.yml").write_text(CHECKS, encoding="utf-8")
        (folder / "role.yml").write_text(VARIABLES, encoding="utf-8")
        loader = DataLoader()
        known = load(loader, folder / "role.yml") | inputs
        action = action_loader.get(
            "runtime_security.kubernetes.validate_inputs",
            task=SimpleNamespace(
                args=arguments or {},
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

    return _message


def test_sound_inputs_are_accepted(message):
    assert message() == ""
    assert message(web_port="443", web_host="web") == ""


def test_the_specification_comes_first(message):
    assert message(web_port="many", web_host="A") == (
        "web_port: invalid value ('many'). Expected a whole number. Fix: set it to, for example, 80. Nothing was changed."
    )


def test_then_the_checks(message):
    assert message(web_port=0, web_host="web") == (
        "web_port: invalid value ('0'). Expected a port from 1 to 65535. Fix: set it to, for example, 80. Nothing was changed."
    )


def test_all_refused_inputs_are_reported_each_once(message):
    text = message(web_port=0, web_host="A")
    assert [text.count(name) for name in ("web_port: ", "web_host: ")] == [1, 1]


def test_a_check_relies_on_the_inputs_above(message):
    assert "web_days" not in message(web_port=0, web_host="web", web_days=100)
    assert "from 1 to web_port (80)" in message(web_days=100)


@pytest.mark.parametrize("value", ["hunter2 hunter2", ["hunter2-hunter2"], ""])
def test_a_secret_is_not_shown(message, value):
    text = message(web_key=value)
    assert text.startswith("web_key: invalid value (not shown). Expected ")
    assert "hunter2" not in text


def test_what_is_computed_from_a_refused_input_is_not_blamed(message):
    assert "web_host" not in message(web_port=float("nan"))


def test_a_value_that_cannot_be_computed_is_named(message, tmp_path):
    (tmp_path / "inputs.yml").write_text("web_host: '{{ {}[0] }}'\nweb_port: 80\n", encoding="utf-8")
    inputs = load(DataLoader(), tmp_path / "inputs.yml")
    text = message(**inputs)
    assert text.startswith("web_host: ") and "Expected a value that can be computed" in text


def test_a_string_is_no_template(message):
    assert "'{{ 1 / 0 }}'" in message(web_host=wrap_var("{{ 1 / 0 }}"))


def test_several_lines_are_for_what_has_them(message):
    assert "kubeconfig" in message(web_kubeconfig="a: b\n") and "one line" not in message(web_kubeconfig="a: b\n")
    assert "one line" in message(web_host="web\n")


def test_a_file_has_to_exist(message, tmp_path):
    (tmp_path / "ca.pem").touch()
    assert message(web_ca=str(tmp_path / "ca.pem")) == ""
    assert "web_ca: no such file ('/nowhere.pem'). Expected a file on the host, or ''." in message(
        web_ca="/nowhere.pem"
    )
    assert "web_ca: no such file" in message(web_ca=str(tmp_path))


def test_checks_of_the_task_are_for_these_inputs_only(message):
    assert message({"checks": {"web_days": "port"}}, web_port="many") == ""
    assert "web_days: " in message({"checks": {"web_days": "port"}}, web_days=0)
    # Also for variables that no specification has, and that are not set.
    assert message({"checks": {"web_else": {"optional": "url"}}}) == ""
    assert "web_else: " in message({"checks": {"web_else": "url"}}, web_else=5)


def test_an_entry_has_its_own_inputs(message):
    assert message({"entry": "other"}, web_host="A") == ""
    assert "web_days: " in message({"entry": "other"}, web_days=0)


def test_a_table_with_a_mistake_is_no_matter_of_the_user(message):
    with pytest.raises(AnsibleActionFail, match="no check 'por'"):
        message({"checks": {"web_port": "por"}})
