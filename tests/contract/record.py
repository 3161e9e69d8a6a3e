#!/usr/bin/env python3
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what a real Grafana answers: record.py URL USER >recorded/grafana-VERSION.json; GRAFANA_PASSWORD is read."""

from __future__ import annotations

import json
import os
import sys
import urllib.request

import sequence

url, user = sys.argv[1:]
with urllib.request.urlopen(f"{url.rstrip('/')}/api/health", timeout=60) as response:
    version = json.load(response)["version"]
answers = sequence.run(url, (user, os.environ["GRAFANA_PASSWORD"]))
lines = ",\n".join(f"    {json.dumps(answer)}" for answer in answers)
print(f'{{\n  "source": "grafana {version}, built from its Go module by the lab",\n  "answers": [\n{lines}\n  ]\n}}')
