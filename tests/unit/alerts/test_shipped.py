# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every shipped rule has to have, and what the inputs do to them."""

from __future__ import annotations

import re
import subprocess

import shipped
import yaml
from ansible_collections.runtime_security.kubernetes.plugins.module_utils import grafana_proof_route as proof_route

TEXT = (shipped.TOP / "docs" / "alerts.md").read_text(encoding="utf-8")


# With the rules of the continuous proof, which is off by default.
PROVEN = {"__grafana_wiring_continuous_proof": True}


def test_every_rule_says_what_is_wrong_and_where_to_read_on():
    for rule in shipped.rules(**PROVEN):
        texts = rule["annotations"]
        assert sorted(texts) == ["description", "runbook", "summary"], rule["uid"]
        # Who is notified has no copy of the collection's pages.
        assert len(texts["runbook"]) > 60
        assert ".md" not in texts["runbook"]
        assert f"\n## {rule['uid']}\n" in TEXT
        severity = {"runtime-event": "critical, or warning below Error"}.get(rule["uid"], rule["labels"]["severity"])
        assert f"| [{rule['title']}](#{rule['uid']}) | {severity} |" in TEXT


def test_an_event_of_each_shipped_rule_is_an_alert():
    """But for the one that the proof causes, and the one of the role's own witness."""
    files = sorted((shipped.TOP / "roles" / "falco_ebpf" / "files" / "rules").glob("*.yaml"))
    rules = [rule for file in files for rule in yaml.safe_load(file.read_text(encoding="utf-8")) if "rule" in rule]
    alarming = re.search(r'priority=~"\(\?i\)\((.*?)\)"', shipped.expression("runtime-event"))[1].split("|")
    quiet = {rule["rule"] for rule in rules if rule["priority"].lower() not in alarming}
    assert len(rules) > 5
    assert quiet == {"Process that ran before Falco"}


def test_the_proof_raises_no_alert_where_it_has_no_route():
    expression = shipped.expression("runtime-event", __grafana_wiring_proof_notification=False)
    words = '| k8s_ns_name!="pipeline-proof" or rule!="Terminal shell in container" or k8s_pod_name!~"pipeline-proof-.+" [5m]'
    assert words in " ".join(expression.split())


def test_the_routes_take_the_events_of_the_proof_that_are_alerts():
    """Names of pods, namespace and rule are the same in the expression, in the routes and in the proof."""
    expression = shipped.expression("runtime-event", grafana_wiring_proof_namespace="proof")
    pods = re.search('k8s_ns_name="proof" and rule="(.*?)" and k8s_pod_name=~"(.*?)"', expression)
    assert pods[1] == proof_route.RULE
    for route, name in zip(proof_route.routes("proof", "ours"), ("pipeline-proof-1", "notification-test-1")):
        matchers = {label: value for label, _operator, value in route["object_matchers"]}
        assert re.fullmatch(pods[2], name) and re.fullmatch(matchers["k8s_pod_name"], name)
        assert (matchers["k8s_ns_name"], matchers["rule"]) == ("proof", pods[1])
    summary = next(rule for rule in shipped.rules() if rule["uid"] == "runtime-event")["annotations"]["summary"]
    assert f'"^{proof_route.TESTED}"' in summary


def test_the_document_names_no_rule_that_is_not_there():
    headings = [line[3:] for line in TEXT.splitlines() if line.startswith("## ")]
    assert [heading for heading in headings if heading == heading.lower()] == [
        rule["uid"] for rule in shipped.rules(**PROVEN)
    ]


def test_the_continuous_proof_has_rules_where_it_is_on():
    uids = [{rule["uid"] for rule in shipped.rules(__grafana_wiring_continuous_proof=on)} for on in (True, False)]
    assert uids[0] - uids[1] == {"detection-unproven", "proof-stopped"}
    assert uids[1] - uids[0] == set()
    namespace = shipped.constants()["__grafana_wiring_prover"]
    for uid in ("runtime-event", "events-without-pod", "events-without-process"):
        assert f'!="{namespace}"' in shipped.expression(uid, **PROVEN).replace(" ", "")
        assert namespace not in shipped.expression(uid)


def test_uids_and_titles_are_unlike_each_other():
    rules = shipped.rules()
    for key in ("uid", "title"):
        assert len({rule[key] for rule in rules}) == len(rules)


def test_only_the_two_that_ask_for_an_answer_fire_without_one():
    loud = {rule["uid"] for rule in shipped.rules() if (rule.get("no_data", "ok"), rule["error"]) != ("ok", "ok")}
    assert loud == {"prometheus-unreachable", "loki-unreachable"}


def test_the_priority_is_the_lowest_that_alarms():
    assert '"(?i)(emergency|alert|critical)"' in shipped.expression(
        "runtime-event", grafana_wiring_alert_priority="critical"
    )
    assert '"(?i)(emergency)"' in shipped.expression("runtime-event", grafana_wiring_alert_priority="emergency")


def test_without_dates_there_is_no_rule_for_them():
    assert "certificate-expiring" not in {rule["uid"] for rule in shipped.rules(certificates={})}


def certificates_reported(promtool, folder, series, expected):
    """What the rule reports at the begin of 1970, of a certificate that ended in 10 days at the last run and one that did in 20."""
    text = shipped.expression("certificate-expiring", certificates={"a": 86400 * 10, "b": 86400 * 20})
    samples = [{"labels": f'{{certificate="{name}"}}', "value": days} for name, days in expected.items()]
    checks = [{"expr": text, "eval_time": "0s", "exp_samples": samples}]
    given = [
        {"series": f"runtime_security_certificate_not_after_timestamp_seconds{{{labels}}}", "values": str(days * 86400)}
        for labels, days in series.items()
    ]
    path = folder / "dates.yml"
    path.write_text(yaml.safe_dump({"tests": [{"interval": "1m", "input_series": given, "promql_expr_test": checks}]}))
    run = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_certificate_counts(promtool, tmp_path):
    certificates_reported(promtool, tmp_path, {}, {"a": 10})


def test_what_is_seen_counts_more_than_the_date_of_the_last_run(promtool, tmp_path):
    """a was renewed; of b the server still shows the one before, which ends first."""
    series = {
        'certificate="a", source="secret"': 90,
        'certificate="a", source="served"': 90,
        'certificate="b", source="secret"': 90,
        'certificate="b", source="served"': 5,
    }
    certificates_reported(promtool, tmp_path, series, {"b": 5})
