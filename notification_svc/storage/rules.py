"""Rows of who else is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import orjson

from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row, UpsertMany
from notification_svc.storage.layout import EventType, Role

COLUMNS = (
    "id",
    "tenant_id",
    "event_type",
    "process_definition_key",
    "element_id",
    "recipients",
    "offset_micros",
    "replaces_default",
    "disabled",
    "description",
    "revision",
    "created_at",
    "updated_at",
)
REPLAN_BATCH = 500


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom a rule names."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a tenant. Times are microseconds."""

    id: str
    tenant_id: str
    event_type: EventType
    process_definition_key: str = ""
    element_id: str = ""
    recipients: Recipients = Recipients()
    offset_micros: int = 0
    replaces_default: bool = False
    disabled: bool = False
    description: str = ""
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0

    def is_about(self, event_type: EventType, process_definition_key: str, element_id: str) -> bool:
        """Tell whether it holds for an event."""
        return (
            not self.disabled
            and self.event_type == event_type
            and (not self.process_definition_key or key_matches(self.process_definition_key, process_definition_key))
            and (not self.element_id or self.element_id == element_id)
        )


def key_matches(pattern: str, key: str) -> bool:
    """Tell whether a definition's key is meant by a pattern, which may end with `*`."""
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern


def rule_of_row(row: Row) -> Rule:
    """Return the rule of a row of `COLUMNS`."""
    one, tenant_id, event_type, key, element_id, recipients, offset, replaces_default, disabled, *rest = row
    users, groups, roles = orjson.loads(recipients)
    return Rule(
        one,
        tenant_id,
        EventType(event_type),
        key,
        element_id,
        Recipients(tuple(users), tuple(groups), tuple(Role(role) for role in roles)),
        offset,
        bool(replaces_default),
        bool(disabled),
        *rest,
    )


def write_rule(rule: Rule) -> Program[None]:
    """Write a rule."""
    named = rule.recipients
    row = (
        rule.id,
        rule.tenant_id,
        int(rule.event_type),
        rule.process_definition_key,
        rule.element_id,
        orjson.dumps([named.users, named.groups, [int(role) for role in named.roles]]),
        rule.offset_micros,
        int(rule.replaces_default),
        int(rule.disabled),
        rule.description,
        rule.revision,
        rule.created_at,
        rule.updated_at,
    )
    yield UpsertMany("notification_rule", COLUMNS, ("id",), COLUMNS[1:], [row])


def find_rule(rule_id: str) -> Program[Rule | None]:
    """Return a rule, None where there is none."""
    rows: list[Row] = yield FetchKeys("notification_rule", COLUMNS, ("id",), [(rule_id,)])
    return rule_of_row(rows[0]) if rows else None


def delete_rule(rule_id: str) -> Program[None]:
    """Delete a rule."""
    yield DeleteMany("notification_rule", ("id",), [(rule_id,)])


def count_rules(tenant_id: str) -> Program[int]:
    """Return how many rules a tenant has."""
    rows: list[Row] = yield Fetch("SELECT COUNT(*) FROM notification_rule WHERE tenant_id=?", (tenant_id,))
    return int(rows[0][0])


def rules_of(tenant_ids: Collection[str]) -> Program[dict[str, list[Rule]]]:
    """Return the rules of some tenants that hold; each has a bounded number."""
    if not tenant_ids:
        return {}
    query = Select("notification_rule", COLUMNS).one_of("tenant_id", sorted(tenant_ids)).where("disabled=0")
    rows: list[Row] = yield query.fetch()
    found: dict[str, list[Rule]] = {}
    for rule in map(rule_of_row, sorted(rows)):
        found.setdefault(rule.tenant_id, []).append(rule)
    return found


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A tenant whose rules were changed, and up to which task its reminders follow. `number` rises with each change."""

    tenant_id: str
    number: int
    after_task_id: str


def note_rule_change(tenant_id: str) -> Program[None]:
    """Let the reminders of a tenant's open tasks follow its rules."""
    key = ("tenant_id",)
    yield UpsertMany("rule_change", ("tenant_id", "number", "after_task_id"), key, (), [(tenant_id, 0, "")])
    yield Execute("UPDATE rule_change SET number=number+1, after_task_id='' WHERE tenant_id=?", (tenant_id,))


def next_rule_change() -> Program[RuleChange | None]:
    """Return a tenant whose reminders have to follow, None where there is none."""
    rows: list[Row] = yield Fetch(
        "SELECT tenant_id, number, after_task_id FROM rule_change ORDER BY tenant_id LIMIT 1",
        lock=True,
        skip_locked=True,
    )
    return RuleChange(*rows[0]) if rows else None


def advance_rule_change(change: RuleChange, after_task_id: str | None) -> Program[None]:
    """Note how far the reminders follow, None: all do."""
    if after_task_id is None:
        yield Execute("DELETE FROM rule_change WHERE tenant_id=? AND number=?", (change.tenant_id, change.number))
    else:
        yield Execute(
            "UPDATE rule_change SET after_task_id=? WHERE tenant_id=? AND number=?",
            (after_task_id, change.tenant_id, change.number),
        )
