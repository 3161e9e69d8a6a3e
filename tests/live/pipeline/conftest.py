"""The playbooks on the pipeline that molecule made."""

from __future__ import annotations

import json
import os

import pytest


@pytest.fixture
def arguments(bundle, tmp_path):
    """What leads ansible-playbook to the pipeline; the proof goes where nobody looks for it."""
    inputs = json.loads(os.environ["PIPELINE_INPUTS"]) | {"pipeline_proof_path": f"{tmp_path}/proof.json"}
    return ["-e", f"@{bundle}/bundle.yml", "-e", json.dumps(inputs)]
