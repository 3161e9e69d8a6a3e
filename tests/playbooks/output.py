"""What a playbook printed."""

from __future__ import annotations


def one_line(text):
    """Without the line breaks that the output adds."""
    return " ".join(text.replace("''", "'").split())
