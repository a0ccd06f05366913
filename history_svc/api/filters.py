"""The contract's filters → what is asked of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flowmesh.history.v1.history_filters_pb2 import (
    HistoricActivityFilter,
    HistoricIncidentFilter,
    HistoricJobEventFilter,
    HistoricProcessInstanceFilter,
    HistoricTaskFilter,
    HistoricVariableChangeFilter,
    HistoricVariableFilter,
    VariableCondition,
)
from google.protobuf.message import Message

from history_svc.api.times import micros_in
from history_svc.queries.involvement import OF_TASK, in_instance, own_instances, own_tasks
from history_svc.queries.leads import Lead
from history_svc.queries.narrowing import Narrowing, one_of
from history_svc.queries.variable_values import (
    Comparison,
    WantedVariable,
    in_instance_of,
    in_task_of,
    lead_to,
    of_variable,
)
from history_svc.storage.layout import (
    ACTIVITY_TABLE,
    CANDIDATE_GROUP,
    CANDIDATE_TABLE,
    CANDIDATE_USER,
    INCIDENT_OPEN,
    INCIDENT_STATES,
    INCIDENT_TABLE,
    INSTANCE_COMPLETED,
    INSTANCE_FAILED,
    INSTANCE_PAUSED,
    INSTANCE_RUNNING,
    INSTANCE_TABLE,
    INSTANCE_TERMINATED,
    OPEN,
    STATES,
    TASK_TABLE,
    VARIABLE_TABLE,
)
from history_svc.storage.values import value_to_json
from mesh.access.row_conditions import Condition, beside
from mesh.access.rows import Rows
from mesh.errors import InvalidField, Violation
from mesh.ids import split_member_id

LIVE_INSTANCES: Final = (INSTANCE_RUNNING, INSTANCE_PAUSED)
ENDED_INSTANCES: Final = (INSTANCE_COMPLETED, INSTANCE_FAILED, INSTANCE_TERMINATED)
ENDED: Final = STATES[1:]


def ask_of_instances(asked: HistoricProcessInstanceFilter, rows: Narrowing) -> None:
    """Ask for process instances. Raises `InvalidField`."""
    table = INSTANCE_TABLE
    rows.one_of("id", asked.ids, leads=True, unique=True)
    rows.one_of("process_definition_id", asked.process_definition_ids, leads=True)
    rows.one_of("process_definition_key", asked.process_definition_keys, leads=True)
    rows.none_of("process_definition_key", asked.excluded_process_definition_keys)
    rows.like("process_definition_key", asked.process_definition_key_like, leads=True)
    rows.one_of("process_definition_version", asked.process_definition_versions)
    rows.one_of("business_key", asked.business_keys, leads=True)
    rows.like("business_key", asked.business_key_like, leads=True)
    rows.one_of("tenant_id", asked.tenant_ids, leads=True)
    rows.like("tenant_id", asked.tenant_id_like)
    rows.in_states(asked.statuses)
    rows.finished(_given(asked, "finished"), LIVE_INSTANCES, ENDED_INSTANCES)
    _between(rows, asked, "start_micros", "start_time")
    _between(rows, asked, "end_micros", "end_time", leads_in=ENDED_INSTANCES)
    _lasting(rows, asked, "start_micros")
    rows.one_of("initiator", asked.initiators, leads=True)
    if asked.involved_user:
        user = Rows((), asked.involved_user)
        rows.ask(in_instance(user, f"{table}.id"), Lead(*own_instances(user)))
    rows.one_of("end_reason", asked.end_reasons)
    rows.like("end_reason", asked.end_reason_like)
    rows.one_of("parent_process_instance_id", asked.parent_process_instance_ids, leads=True)
    rows.one_of("root_process_instance_id", asked.root_process_instance_ids, leads=True)
    rows.set("parent_process_instance_id", _given(asked, "called"))
    _at_elements(rows, asked.active_element_ids, OPEN)
    _at_elements(rows, asked.completed_element_ids, STATES[1])
    _with_incidents(rows, asked)
    for variable in asked.variables:
        wanted = wanted_variable(variable)
        lead = lead_to(wanted, "process_instance_id", "id")
        rows.ask(in_instance_of(wanted, rows.dialect, f"{table}.id"), lead)


def ask_of_activities(asked: HistoricActivityFilter, rows: Narrowing) -> None:
    """Ask for activities."""
    table = ACTIVITY_TABLE
    rows.one_of("id", asked.ids, leads=True, unique=True)
    rows.one_of("process_instance_id", asked.process_instance_ids, leads=True)
    rows.one_of("process_definition_id", asked.process_definition_ids)
    rows.one_of("process_definition_key", asked.process_definition_keys, leads=True)
    rows.one_of("element_id", asked.element_ids, leads=True)
    rows.one_of("element_name", asked.element_names)
    rows.like("element_name", asked.element_name_like)
    rows.one_of("element_type", asked.element_types, leads=True)
    rows.in_states(asked.states)
    rows.finished(_given(asked, "finished"), (OPEN,), ENDED)
    _between(rows, asked, "start_micros", "start_time")
    _between(rows, asked, "end_micros", "end_time")
    _lasting(rows, asked, "start_micros")
    rows.one_of("tenant_id", asked.tenant_ids)
    _inside(rows, asked.parent_activity_ids)
    if asked.assignees:
        sql, values = one_of("a.assignee", tuple(asked.assignees))
        plain, _ = one_of("assignee", tuple(asked.assignees))
        rows.ask(
            (f"EXISTS(SELECT 1 FROM {TASK_TABLE} a WHERE a.id={table}.id AND {sql})", values),
            Lead(f"SELECT id AS own_id FROM {TASK_TABLE} WHERE {plain}", values),
        )
    if asked.called_process_instance_ids:
        sql, values = one_of("c.id", tuple(asked.called_process_instance_ids))
        rows.ask(
            (f"EXISTS(SELECT 1 FROM {INSTANCE_TABLE} c WHERE c.parent_activity_id={table}.id AND {sql})", values),
            Lead(
                f"SELECT c.parent_activity_id AS own_id FROM {INSTANCE_TABLE} c WHERE {sql}", values, most=len(values)
            ),
        )
    rows.like("end_reason", asked.end_reason_like)


def ask_of_tasks(asked: HistoricTaskFilter, rows: Narrowing) -> None:
    """Ask for tasks. Raises `InvalidField`."""
    table = TASK_TABLE
    rows.one_of("id", asked.ids, leads=True, unique=True)
    rows.one_of("process_instance_id", asked.process_instance_ids, leads=True)
    rows.one_of("process_definition_id", asked.process_definition_ids)
    rows.one_of("process_definition_key", asked.process_definition_keys, leads=True)
    rows.like("process_definition_key", asked.process_definition_key_like, leads=True)
    if asked.business_keys:
        _of_instances(rows, *one_of("i.business_key", tuple(asked.business_keys)), leads=True)
    if asked.business_key_like:
        _of_instances(rows, *rows.dialect.like("i.business_key", asked.business_key_like))
    rows.one_of("element_id", asked.element_ids, leads=True)
    rows.like("element_id", asked.element_id_like, leads=True)
    rows.one_of("name", asked.names)
    rows.like("name", asked.name_like)
    rows.one_of("description", asked.descriptions)
    rows.like("description", asked.description_like)
    rows.one_of("assignee", asked.assignees, leads=True)
    rows.like("assignee", asked.assignee_like, leads=True)
    rows.set("assignee", _given(asked, "assigned"))
    rows.one_of("owner", asked.owners, leads=True)
    rows.like("owner", asked.owner_like, leads=True)
    rows.one_of("completed_by", asked.completed_by, leads=True)
    if asked.involved_user:
        _involving(rows, asked.involved_user)
    _candidates(rows, CANDIDATE_USER, asked.candidate_users)
    _candidates(rows, CANDIDATE_GROUP, asked.candidate_groups)
    rows.one_of("priority", asked.priorities)
    rows.between("priority", _given(asked, "priority_from"), _given(asked, "priority_to"))
    rows.in_states(asked.states)
    rows.finished(_given(asked, "finished"), (OPEN,), ENDED)
    _between(rows, asked, "create_micros", "create_time")
    _between(rows, asked, "end_micros", "end_time", leads_in=ENDED)
    _between(rows, asked, "due_micros", "due_time", leads_in=STATES)
    rows.known("due_micros", _given(asked, "due"))
    _between(rows, asked, "follow_up_micros", "follow_up_time")
    _lasting(rows, asked, "create_micros")
    rows.one_of("end_reason", asked.end_reasons)
    rows.like("end_reason", asked.end_reason_like)
    rows.one_of("parent_task_id", asked.parent_task_ids, leads=True)
    rows.one_of("category", asked.categories)
    rows.one_of("form_key", asked.form_keys)
    rows.one_of("outcome", asked.outcomes)
    rows.one_of("tenant_id", asked.tenant_ids, leads=True)
    rows.like("tenant_id", asked.tenant_id_like)
    stand_alone: bool | None = _given(asked, "stand_alone")
    rows.set("process_instance_id", None if stand_alone is None else not stand_alone)
    process_finished = _given(asked, "process_finished")
    if process_finished is not None:
        _of_instances(rows, *one_of("i.status", ENDED_INSTANCES if process_finished else LIVE_INSTANCES))
    for variable in asked.task_variables:
        wanted = wanted_variable(variable)
        rows.ask(in_task_of(wanted, rows.dialect, f"{table}.id"), lead_to(wanted, "scope_activity_id", "id"))
    for variable in asked.process_variables:
        wanted = wanted_variable(variable)
        lead = lead_to(wanted, "process_instance_id", "process_instance_id")
        sql, values = in_instance_of(wanted, rows.dialect, f"{table}.process_instance_id")
        # A stand-alone task has no instance that could lack it.
        rows.ask((f"({table}.process_instance_id<>'' AND {sql})", values), lead)


def ask_of_variables(asked: HistoricVariableFilter, rows: Narrowing) -> None:
    """Ask for variables. Raises `InvalidField`."""
    rows.one_of("id", asked.ids, leads=True, unique=True)
    rows.one_of("process_instance_id", asked.process_instance_ids, leads=True)
    rows.one_of("process_definition_key", asked.process_definition_keys)
    rows.one_of("name", asked.names, leads=True)
    rows.like("name", asked.name_like, leads=True)
    _inside_scopes(rows, asked.scope_activity_ids)
    rows.set("scope_activity_id", _given(asked, "local"))
    rows.one_of("tenant_id", asked.tenant_ids)
    rows.one_of("value_type", asked.types)
    _between(rows, asked, "update_micros", "update_time")
    for variable in asked.values:
        wanted = wanted_variable(variable)
        rows.ask(of_variable(wanted, rows.dialect, VARIABLE_TABLE), lead_to(wanted, "id", "id"))


def ask_of_variable_changes(asked: HistoricVariableChangeFilter, rows: Narrowing) -> None:
    """Ask for changes of variables."""
    rows.one_of("process_instance_id", asked.process_instance_ids)
    rows.one_of("process_definition_key", asked.process_definition_keys)
    rows.one_of("variable_id", asked.variable_ids)
    # The ids of variables begin with those of their instances.
    instances = {variable.partition(".")[0] for variable in asked.variable_ids}
    if len(instances) == 1:
        rows.implied("process_instance_id", instances.pop())
    rows.one_of("name", asked.names)
    rows.like("name", asked.name_like)
    rows.one_of("scope_activity_id", asked.scope_activity_ids)
    rows.set("scope_activity_id", _given(asked, "local"))
    rows.one_of("tenant_id", asked.tenant_ids)
    rows.one_of("user_id", asked.user_ids)
    _between(rows, asked, "change_micros", "change_time")
    deleted = _given(asked, "deleted")
    rows.one_of("deleted", () if deleted is None else (int(deleted),))
    rows.one_of("value_type", asked.types)


def ask_of_incidents(asked: HistoricIncidentFilter, rows: Narrowing) -> None:
    """Ask for incidents."""
    rows.one_of("id", asked.ids, leads=True, unique=True)
    rows.one_of("process_instance_id", asked.process_instance_ids, leads=True)
    rows.one_of("process_definition_id", asked.process_definition_ids)
    rows.one_of("process_definition_key", asked.process_definition_keys)
    rows.one_of("type", asked.types)
    rows.one_of("element_id", asked.element_ids)
    rows.one_of("job_id", asked.job_ids)
    rows.like("message", asked.message_like)
    rows.in_states(asked.states)
    rows.one_of("tenant_id", asked.tenant_ids)
    _between(rows, asked, "create_micros", "create_time")
    _between(rows, asked, "end_micros", "end_time")


def ask_of_job_events(asked: HistoricJobEventFilter, rows: Narrowing) -> None:
    """Ask for the log of jobs."""
    rows.one_of("process_instance_id", asked.process_instance_ids)
    rows.one_of("process_definition_id", asked.process_definition_ids)
    rows.one_of("process_definition_key", asked.process_definition_keys)
    rows.one_of("job_id", asked.job_ids)
    # The ids of jobs begin with those of their instances.
    owners = {owner[0] if owner else "" for owner in map(split_member_id, asked.job_ids)}
    if len(owners) == 1 and "" not in owners:
        rows.implied("process_instance_id", owners.pop())
    rows.one_of("job_type", asked.job_types)
    rows.one_of("element_id", asked.element_ids)
    rows.in_states(asked.events)
    rows.like("error_message", asked.error_message_like)
    rows.one_of("error_code", asked.error_codes)
    rows.one_of("tenant_id", asked.tenant_ids)
    _between(rows, asked, "event_micros", "event_time")


def wanted_variable(asked: VariableCondition) -> WantedVariable:
    """Return what a condition asks of a variable. Raises `InvalidField` where no value can be like that."""
    comparison = Comparison(asked.operator or VariableCondition.OPERATOR_EQUAL)
    needs_text = comparison in (Comparison.LIKE, Comparison.NOT_LIKE)
    if needs_text and asked.value.WhichOneof("kind") != "string_value":
        raise _invalid(asked, "Must be a text with a pattern for LIKE and NOT_LIKE.")
    try:
        value_to_json(asked.value)
    except ValueError:
        raise _invalid(asked, "Must be a number that JSON can say.") from None
    return WantedVariable(asked.name, comparison, asked.value, asked.any_scope)


def _invalid(asked: VariableCondition, description: str) -> InvalidField:
    return InvalidField(
        "FIELD_INVALID",
        f"The condition on the variable {asked.name} cannot be met by any value.",
        violations=[Violation("value", description)],
    )


def _given(asked: Message, field: str) -> Any:
    return getattr(asked, field) if asked.HasField(field) else None


def _between(rows: Narrowing, asked: Message, column: str, field: str, leads_in: Sequence[int] | None = None) -> None:
    rows.between(column, micros_in(asked, f"{field}_from"), micros_in(asked, f"{field}_to"), leads_in=leads_in)


def _lasting(rows: Narrowing, asked: Message, start: str) -> None:
    rows.lasting(start, "end_micros", micros_in(asked, "duration_from"), micros_in(asked, "duration_to"))


def _at_elements(rows: Narrowing, elements: Sequence[str], state: int) -> None:
    if not elements:
        return
    sql, values = one_of(beside("a.element_id"), tuple(elements))
    plain, _ = one_of("element_id", tuple(elements))
    condition: Condition = (
        f"EXISTS(SELECT 1 FROM {ACTIVITY_TABLE} a WHERE a.process_instance_id={INSTANCE_TABLE}.id "
        f"AND {beside('a.state')}=? AND {sql})",
        (state, *values),
    )
    query = f"SELECT process_instance_id AS own_id FROM {ACTIVITY_TABLE} WHERE state=? AND {plain}"
    rows.ask(condition, Lead(query, (state, *values), implies=condition))


def _with_incidents(rows: Narrowing, asked: HistoricProcessInstanceFilter) -> None:
    with_open = _given(asked, "with_open_incidents")
    if with_open is not None:
        sql = (
            f"EXISTS(SELECT 1 FROM {INCIDENT_TABLE} n WHERE n.process_instance_id={INSTANCE_TABLE}.id "
            f"AND {beside('n.state')}={INCIDENT_OPEN})"
        )
        lead = _lead_to_incidents((INCIDENT_OPEN,)) if with_open else None
        rows.ask((sql if with_open else f"NOT {sql}", ()), lead)
    conditions: list[Condition] = []
    if asked.incident_type:
        conditions.append(("n.type=?", (asked.incident_type,)))
    if asked.incident_message_like:
        conditions.append(rows.dialect.like("n.message", asked.incident_message_like))
    for sql, values in conditions:
        rows.ask(
            (
                f"EXISTS(SELECT 1 FROM {INCIDENT_TABLE} n WHERE n.process_instance_id={INSTANCE_TABLE}.id AND {sql})",
                values,
            ),
            _lead_to_incidents(INCIDENT_STATES),
        )


def _lead_to_incidents(states: Sequence[int]) -> Lead:
    wanted, values = one_of("state", states)
    return Lead(f"SELECT process_instance_id AS own_id FROM {INCIDENT_TABLE} WHERE {wanted}", values)


def _of_instances(rows: Narrowing, sql: str, values: tuple[Any, ...], *, leads: bool = False) -> None:
    lead = None
    if leads:
        lead = Lead(f"SELECT i.id AS own_id FROM {INSTANCE_TABLE} i WHERE {sql}", values, "process_instance_id")
    table = rows.listing.table
    condition = f"EXISTS(SELECT 1 FROM {INSTANCE_TABLE} i WHERE i.id={table}.process_instance_id AND {sql})"
    rows.ask((condition, values), lead)


def _involving(rows: Narrowing, user_id: str) -> None:
    user = Rows((), user_id)
    taking_part = " OR ".join(f"{beside(column)}=?" for column in OF_TASK)
    own, own_values = own_tasks(user)
    candidate = f"SELECT task_id AS own_id FROM {CANDIDATE_TABLE} WHERE name=? AND kind={CANDIDATE_USER}"
    was_candidate = (
        f"EXISTS(SELECT 1 FROM {CANDIDATE_TABLE} d WHERE d.task_id={TASK_TABLE}.id AND d.kind={CANDIDATE_USER} "
        f"AND {beside('d.name')}=?)"
    )
    rows.ask(
        (f"({taking_part} OR {was_candidate})", (user_id,) * (len(OF_TASK) + 1)),
        Lead(f"{own} UNION {candidate}", (*own_values, user_id)),
    )


def _candidates(rows: Narrowing, kind: int, names: Sequence[str]) -> None:
    if not names:
        return
    sql, values = one_of(beside("d.name"), tuple(names))
    plain, _ = one_of("name", tuple(names))
    condition: Condition = (
        f"EXISTS(SELECT 1 FROM {CANDIDATE_TABLE} d WHERE d.task_id={TASK_TABLE}.id AND d.kind=? AND {sql})",
        (kind, *values),
    )
    query = f"SELECT task_id AS own_id FROM {CANDIDATE_TABLE} WHERE kind=? AND {plain}"
    rows.ask(condition, Lead(query, (kind, *values), implies=condition))


def _inside(rows: Narrowing, parents: Sequence[str]) -> None:
    """Ask for what is inside of runs of sub-processes: an index leads to their instances, none to them."""
    rows.one_of("parent_activity_id", parents)
    _lead_by_owners(rows, parents)


def _inside_scopes(rows: Narrowing, scopes: Sequence[str]) -> None:
    rows.one_of("scope_activity_id", scopes)
    _lead_by_owners(rows, scopes)


def _lead_by_owners(rows: Narrowing, members: Sequence[str]) -> None:
    owners = [split_member_id(member) for member in members]
    if not owners or any(owner is None for owner in owners):
        return
    sql, values = one_of("process_instance_id", tuple(dict.fromkeys(owner[0] for owner in owners if owner is not None)))
    rows.led_by(Lead(f"SELECT id AS own_id FROM {rows.listing.table} WHERE {sql}", values))
