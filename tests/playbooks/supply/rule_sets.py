"""A registry with rule sets of a test's own, and the module that fetches them."""

from __future__ import annotations

from . import rule_artifacts

RULES = "- rule: A\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: NOTICE\n"
CHANGED = RULES.replace("NOTICE", "ERROR")


class Sets:
    def __init__(self, address, folder, tmp_path, environment, module):
        self.address, self.registry = address, folder
        self.folder = tmp_path / "sets"
        self._tmp, self._environment, self._module, self._pushed = tmp_path, environment, module, 0

    def push(self, content=RULES, name="falco-incubating-rules", tag="1.0.0", **form):
        """Push one; its digest."""
        self._pushed += 1
        layout = self._tmp / f"layout-{self._pushed}"
        layer = content if isinstance(content, bytes) else rule_artifacts.tar({"rules.yaml": content})
        digest = rule_artifacts.layout(layout, layer, **form)
        rule_artifacts.push(layout, f"{self.address}/mirror/rules/{name}:{tag}", self._environment)
        return digest

    def fetch(self, **arguments):
        defaults = {"repository": f"{self.address}/mirror/rules", "folder": str(self.folder)}
        return self._module("falco_rule_sets", **(defaults | arguments))

    def files(self):
        return sorted(path.name for path in self.folder.glob("*"))
