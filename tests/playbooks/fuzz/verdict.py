"""Whether a refusal is one a user can work with."""

from __future__ import annotations

import os
import re
import resource
import signal
import time

import role_inputs
from ansible_collections.runtime_security.kubernetes.plugins.plugin_utils.inputs import carries_secrets, shown

from .values import MARKER

# What a message has that no one thought of.
FOREIGN = re.compile(
    r"Traceback|has no attribute|is undefined|object of type|TypeError|ValueError|not iterable|NoneType|expected string|unsupported"
    r"|Exception|cannot unpack|argument of type|not supported between|invalid literal|plugin .* failed|codec can't|<[a-z]+ object"
)
MOST_CHARACTERS = 4000
MOST_SECONDS = 15
MOST_BYTES = 2 * 2**30


def bounded():
    """Whatever a case does, it ends, and without the memory of others."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    signal.signal(signal.SIGALRM, lambda *_arguments: (_ for _ in ()).throw(TimeoutError("it did not end")))


def fault(case):
    """What is wrong with how a case is validated, or ''; and whether it is accepted."""
    started = time.process_time()
    signal.alarm(10 * MOST_SECONDS)
    try:
        message = role_inputs.refusal(case.role, {case.name: case.value})
    except Exception as exc:
        return f"{type(exc).__name__}: {str(exc)[:300]}", False
    finally:
        signal.alarm(0)
    if time.process_time() - started > MOST_SECONDS:
        return f"took {time.process_time() - started:.1f} s", False
    if os.path.lexists(MARKER):
        os.unlink(MARKER)
        return "a template in the value was computed", False
    return refused_badly(case, message) if message else ("is taken" if case.must == "refused" else "", True)


def refused_badly(case, message):
    found = ""
    if case.must == "taken":
        found = "is refused"
    elif case.kind != "uncomputed" and FOREIGN.search(message):
        found = "speaks of the inside"
    elif case.name not in message:
        found = "does not name the variable"
    elif len(message) > MOST_CHARACTERS:
        found = f"has {len(message)} characters"
    elif not message.isprintable():
        found = "has characters that cannot be read"
    elif not re.search(r"Expected \S", message) or not message.endswith("Nothing was changed."):
        found = "does not say what is expected"
    elif not re.search(r"Fix: \S", message):
        found = "does not say how to fix it"
    elif carries_secrets(role_inputs.options(case.role)[case.name]):
        found = "shows a secret" if shown(case.value) in message and len(shown(case.value)) > 8 else ""
    elif case.kind == "type" and isinstance(case.value, (str, int)) and "not shown" not in message:
        found = "" if shown(case.value) in message else "does not show the value"
    return f"{found}: {message[:600]}" if found else "", False


def plain(case):
    """The value that a number or a boolean in quotes stands for; None for any other."""
    kind = role_inputs.options(case.role)[case.name].get("type")
    if kind == "bool" and not isinstance(case.value, bool):
        return str(case.value).lower() in ("1", "true", "yes", "on")
    if kind == "int" and isinstance(case.value, str):
        return int(case.value)
    return None
