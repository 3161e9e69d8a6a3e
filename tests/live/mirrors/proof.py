#!/usr/bin/env python3
"""Prints the steps of a proof and fails unless there are some and all of them are ok."""

from __future__ import annotations

import json
import sys
from pathlib import Path

steps = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
for step in steps:
    print("ok  " if step["ok"] else "FAIL", step["name"])
sys.exit(not steps or not all(step["ok"] for step in steps))
