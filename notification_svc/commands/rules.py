"""Changes of who else is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mesh.db.statements import Program
from mesh.errors import WrongState
from mesh.ids import new_id
from notification_svc.commands.refusals import check_etag, field_invalid, rule_missing
from notification_svc.planning.facts import MICROS, NAMES
from notification_svc.queries.caller import Caller
from notification_svc.storage.audit import tell_change
from notification_svc.storage.layout import COMMENTS, REMINDERS, EventType, Role
from notification_svc.storage.rules import Rule, count_rules, delete_rule, find_rule, note_rule_change, write_rule

MAX_RULES = 200
_OF_TASKS = frozenset(
    {
        EventType.TASK_ASSIGNED,
        EventType.TASK_OFFERED,
        EventType.TASK_DUE_SOON,
        EventType.TASK_OVERDUE,
        EventType.TASK_ESCALATED,
        EventType.TASK_COMPLETED,
        *COMMENTS,
    }
)
_ROLES_OF_TASKS = frozenset({Role.ASSIGNEE, Role.CANDIDATES, Role.OWNER, Role.ASSIGNEE_MANAGER})


def create(caller: Caller, wanted: Rule, now: int) -> Program[Rule]:
    """Make a rule. Raises `InvalidField`, `Denied`, `WrongState`."""
    caller.demand(wanted.tenant_id, "notificationRules.create")
    if (yield from count_rules(wanted.tenant_id)) >= MAX_RULES:
        raise WrongState(
            "NOTIFICATION_RULES_TOO_MANY",
            f"a tenant has at most {MAX_RULES} rules; delete one that is not needed",
            metadata={"limit": str(MAX_RULES)},
        )
    _check(wanted)
    rule = replace(wanted, id=new_id(), created_at=now, updated_at=now)
    yield from write_rule(rule)
    yield from _follow(rule)
    yield from _audit(caller, now, rule, {}, _told(rule))
    return rule


def update(caller: Caller, rule_id: str, values: Mapping[str, Any], etag: str, now: int) -> Program[Rule]:
    """Change a rule. Raises `NotFound`, `InvalidField`, `Conflict`."""
    before = yield from _require(caller, rule_id)
    check_etag(etag, before.revision, "notification rule", rule_id)
    changed = replace(before, **values)
    if changed == before:
        return before
    _check(changed)
    changed = replace(changed, revision=before.revision + 1, updated_at=now)
    yield from write_rule(changed)
    yield from _follow(before, changed)
    yield from _audit(caller, now, changed, _told(before), _told(changed))
    return changed


def delete(caller: Caller, rule_id: str, etag: str, now: int) -> Program[None]:
    """Delete a rule. Raises `NotFound`, `Conflict`."""
    rule = yield from _require(caller, rule_id)
    check_etag(etag, rule.revision, "notification rule", rule_id)
    yield from delete_rule(rule_id)
    yield from _follow(rule)
    yield from _audit(caller, now, rule, _told(rule), {})


def _audit(caller: Caller, now: int, rule: Rule, before: Mapping[str, Any], after: Mapping[str, Any]) -> Program[None]:
    yield from tell_change(
        caller.maker,
        now,
        "notificationRule",
        rule.id,
        [rule.tenant_id],
        before,
        after,
        definition_key=rule.process_definition_key,
    )


def _told(rule: Rule) -> dict[str, Any]:
    named = rule.recipients
    return {
        "eventType": NAMES[rule.event_type],
        "processDefinitionKey": rule.process_definition_key,
        "elementId": rule.element_id,
        "users": named.users,
        "groups": named.groups,
        "roles": [role.name for role in named.roles],
        "offsetSeconds": rule.offset_micros // MICROS,
        "replacesDefault": rule.replaces_default,
        "disabled": rule.disabled,
        "description": rule.description,
    }


def _require(caller: Caller, rule_id: str) -> Program[Rule]:
    rule = yield from find_rule(rule_id)
    if rule is None or not caller.sees(rule.tenant_id):
        raise rule_missing(rule_id)
    return rule


def _check(rule: Rule) -> None:
    named = rule.recipients
    if not (named.users or named.groups or named.roles or rule.replaces_default):
        raise field_invalid("details.recipients", "name somebody, or set replaces_default so that nobody is told")
    if rule.event_type not in _OF_TASKS:
        if rule.element_id:
            raise field_invalid("details.element_id", "only events of tasks can be told apart by their element")
        if wrong := _ROLES_OF_TASKS.intersection(named.roles):
            raise field_invalid(
                "details.recipients", f"{min(wrong).name} is somebody of a task, and this event has none"
            )
    if Role.MENTIONED in named.roles and rule.event_type not in COMMENTS:
        raise field_invalid("details.recipients", "MENTIONED is whom a comment names, and this event is about none")
    if rule.offset_micros and rule.event_type not in REMINDERS:
        raise field_invalid("details.offset", "only reminders and escalations are told at another time")


def _follow(*rules: Rule) -> Program[None]:
    if any(rule.event_type in REMINDERS for rule in rules):
        yield from note_rule_change(rules[0].tenant_id)
