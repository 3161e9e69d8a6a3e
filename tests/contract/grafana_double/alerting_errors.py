# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How /api/v1/provisioning refuses, in 10.0.0 and in 12.4.0. Of a messageId only that there is one was recorded."""

from __future__ import annotations

from .answers import Answer, error

SAME_TITLE = "a conflicting alert rule is found: rule title under the same organisation and folder should be unique"
SAME_UID = "UNIQUE constraint failed: alert_rule.org_id, alert_rule.uid"


def no_rule(as_12: bool) -> Answer:
    return Answer(404, {} if as_12 else None)


def no_group(as_12: bool) -> Answer:
    if as_12:
        return error(404, "NotFound", messageId="alerting.alert-rule.notFound", statusCode=404)
    return error(404, "rulegroup not found", traceID="")


def rule_conflict(as_12: bool, uid: str, why: str) -> Answer:
    if not as_12:
        return error(500, SAME_TITLE, traceID="")
    text = f"Failed to save alert rule '{uid}' in organization 1 due to conflict: {why}"
    extra = {"Error": why, "OrgID": 1, "RuleUID": uid}
    return error(409, text, extra=extra, messageId="alerting.alert-rule.conflict", statusCode=409)


def unknown_type(as_12: bool, body: dict) -> Answer:
    if as_12:
        return error(400, f"invalid object specification: unknown integration type: {body['type']}")
    text = f'invalid object specification: failed to validate integration "{body["name"]}" (UID {body["uid"]}) '
    text += f'of type "{body["type"]}": notifier {body["type"]} is not supported'
    return error(400, text, traceID="")


def point_exists(as_12: bool, uid: str, name: str) -> Answer:
    if not as_12:
        text = f"receiver configuration with UID '{uid}' already exist in contact point '{name}'. "
        text += "Please use unique identifiers for receivers across all contact points"
        return error(500, text, traceID="")
    text = f"Receiver configuration with UID '{uid}' already exists in contact point '{name}'. "
    text += "Please use unique identifiers for receivers across all contact points."
    more = {"messageId": "alerting.notifications.receivers.uidConflict", "statusCode": 409}
    return error(409, text, extra={"Name": name, "UID": uid}, **more)


def no_receiver(as_12: bool, name: str) -> Answer:
    why = f"receiver '{name}' does not exist"
    if not as_12:
        return error(400, f"invalid object specification: {why}", traceID="")
    text = f"Invalid format of the submitted route: {why}. Correct the payload and try again."
    more = {"messageId": "alerting.notifications.routes.invalidFormat", "statusCode": 400}
    return error(400, text, extra={"Error": why}, **more)
