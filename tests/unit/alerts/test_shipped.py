# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every shipped rule has to have, and what the inputs do to them."""

from __future__ import annotations

import subprocess

import shipped
import yaml

TEXT = (shipped.TOP / "docs" / "alerts.md").read_text(encoding="utf-8")


def test_every_rule_says_what_is_wrong_and_where_to_read_on():
    for rule in shipped.rules():
        texts = rule["annotations"]
        assert sorted(texts) == ["description", "runbook", "summary"], rule["uid"]
        assert texts["runbook"] == f"docs/alerts.md#{rule['uid']}"
        assert f"\n## {rule['uid']}\n" in TEXT
        assert f"| [{rule['title']}](#{rule['uid']}) | {rule['labels']['severity']} |" in TEXT


def test_the_document_names_no_rule_that_is_not_there():
    headings = [line[3:] for line in TEXT.splitlines() if line.startswith("## ")]
    assert [heading for heading in headings if heading == heading.lower()] == [rule["uid"] for rule in shipped.rules()]


def test_uids_and_titles_are_unlike_each_other():
    rules = shipped.rules()
    for key in ("uid", "title"):
        assert len({rule[key] for rule in rules}) == len(rules)


def test_only_the_two_that_ask_for_an_answer_fire_without_one():
    loud = {rule["uid"] for rule in shipped.rules() if (rule.get("no_data", "ok"), rule["error"]) != ("ok", "ok")}
    assert loud == {"prometheus-unreachable", "loki-unreachable"}


def test_the_priority_is_the_lowest_that_alarms():
    assert '"(?i)(emergency|alert|critical)"' in shipped.expression("runtime-event")
    assert '"(?i)(emergency)"' in shipped.expression("runtime-event", grafana_wiring_alert_priority="emergency")


def test_without_dates_there_is_no_rule_for_them():
    assert "certificate-expiring" not in {rule["uid"] for rule in shipped.rules(certificates={})}


def test_every_certificate_counts(promtool, tmp_path):
    """At the begin of 1970 the one has 10 days left and is told, the other 20 and is not."""
    text = shipped.expression("certificate-expiring", certificates={"a": 86400 * 10, "b": 86400 * 20})
    checks = [{"expr": text, "eval_time": "0s", "exp_samples": [{"labels": '{certificate="a"}', "value": 10}]}]
    path = tmp_path / "dates.yml"
    path.write_text(yaml.safe_dump({"tests": [{"interval": "1m", "input_series": [], "promql_expr_test": checks}]}))
    run = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
