from __future__ import annotations

import json

import pytest
from ansible_collections.runtime_security.kubernetes.plugins.module_utils.pod_commands import PodCommands, exit_code


def failure(*causes, message="command terminated"):
    return json.dumps({"status": "Failure", "message": message, "details": {"causes": list(causes)}})


def test_the_end_of_a_command():
    assert exit_code('{"status":"Success"}') == 0
    assert exit_code(failure({"reason": "ExitCode", "message": "3"})) == 3


@pytest.mark.parametrize(
    ("status", "message"),
    [(failure({"message": "exec failed"}, message="no such file"), "no such file"), ("", "the connection broke off")],
)
def test_a_command_that_was_not_started(status, message):
    with pytest.raises(OSError, match=message):
        exit_code(status)


class Session:
    """A command that ends after so many looks."""

    def __init__(self, looks):
        self.written, self.looks, self.closed = [], looks, False

    def write_stdin(self, text):
        self.written.append(text)

    def update(self, timeout):
        pass

    def run_forever(self, timeout):
        self.looks -= 1

    def is_open(self):
        return self.looks > 0

    def read_channel(self, channel):
        return '{"status":"Success"}'

    def read_all(self):
        return "printed"

    def close(self):
        self.closed = True


@pytest.fixture
def pods(monkeypatch):
    commands = PodCommands.__new__(PodCommands)
    commands.session = Session(1)
    monkeypatch.setattr(commands, "_session", lambda *arguments: commands.session, raising=False)
    return commands


def test_a_long_input_goes_in_pieces_and_is_ended(pods):
    assert pods.run("p", "c", ["cat"], "x" * 40000, 5) == (0, "printed")
    assert "".join(pods.session.written) == "x" * 40000 + "\n\x04"
    assert len(pods.session.written) > 1
    assert pods.session.closed


def test_a_secret_is_one_line_of_input(pods):
    pods.run_with_line("p", "c", ["cat"], "secret", 5)
    assert pods.session.written == ["secret\n"]


def test_a_command_that_does_not_end(pods):
    pods.session.looks = 2
    code, printed = pods.run("p", "c", ["cat"], "", 5)
    assert (code, printed) == (-1, "it took more than 5 seconds")
    assert pods.session.closed
