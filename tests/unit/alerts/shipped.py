# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alert rules of the role grafana_wiring, filled in as the role does it with its defaults."""

from __future__ import annotations

from pathlib import Path

import jinja2
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.filter.certificate_ends import certificate_ends

TOP = Path(__file__).parents[3]
ROLE = TOP / "roles" / "grafana_wiring"
CERTIFICATES = {"falco-ca": 2000000000, "falco-receiver-tls": 1800000000}


def defaults() -> dict:
    return yaml.safe_load((ROLE / "defaults" / "main" / "alerts.yml").read_text(encoding="utf-8"))


def constants() -> dict:
    """What the role sets for the group and for the route of the alerts."""
    return yaml.safe_load((ROLE / "vars" / "main" / "alerts.yml").read_text(encoding="utf-8"))


def rules(certificates: dict[str, int] = CERTIFICATES, **inputs) -> list[dict]:
    """The rules, where certificates say when each ends."""
    templates = ROLE / "templates"
    # The first line tells Ansible how variables are written here.
    _, text = (templates / "alerts.yml.j2").read_text(encoding="utf-8").split("\n", 1)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        variable_start_string="[[",
        variable_end_string="]]",
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    given = {
        **defaults(),
        "grafana_wiring_falco_namespace": "falco",
        "grafana_wiring_proof_namespace": "pipeline-proof",
        "__grafana_wiring_proof_notification": True,
        "__grafana_wiring_continuous_proof": False,
        "__grafana_wiring_prover": constants()["__grafana_wiring_prover"],
        "__grafana_wiring_certificate_ends": certificate_ends(certificates, observed=True),
        **inputs,
    }
    return yaml.safe_load(environment.from_string(text).render(given))


def expression(uid: str, **inputs) -> str:
    """The first query of a rule."""
    return next(rule for rule in rules(**inputs) if rule["uid"] == uid)["queries"][0]["expr"]
