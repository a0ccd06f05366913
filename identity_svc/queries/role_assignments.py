"""Lists of role assignments."""

from __future__ import annotations

from identity_svc.queries.caller import Caller
from identity_svc.queries.conditions import open_tenants
from identity_svc.storage.layout import TO_GROUP, TO_SUBJECT
from identity_svc.storage.role_assignments import COLUMNS, RoleAssignment, assignment_of_row
from mesh.db.select import Select
from mesh.db.statements import Program, Row


def visible_assignment(caller: Caller, assignment_id: str) -> Program[RoleAssignment | None]:
    """Return an assignment, None where there is none for the caller."""
    query = _within_walls(Select("role_assignment", COLUMNS).where("id=?", assignment_id), caller)
    rows: list[Row] = yield query.fetch()
    return assignment_of_row(rows[0]) if rows else None


def list_assignments(
    caller: Caller, role_id: str, subject_id: str, group_id: str, after: str | None, limit: int
) -> Program[list[RoleAssignment]]:
    """Return the next assignments, the oldest first, that the caller sees."""
    query = Select("role_assignment", COLUMNS).equal("role_id", role_id)
    if subject_id:
        query.where("assignee_kind=? AND assignee_id=?", TO_SUBJECT, subject_id)
    if group_id:
        query.where("assignee_kind=? AND assignee_id=?", TO_GROUP, group_id)
    _within_walls(query, caller)
    rows: list[Row] = yield query.page(("id",), None if after is None else (after,), limit).fetch()
    return [assignment_of_row(row) for row in rows]


def _within_walls(query: Select, caller: Caller) -> Select:
    """Keep only assignments to those whom the caller sees, which hold in no tenant that is closed to it."""
    opened = open_tenants(caller)
    if opened is None:
        return query
    marks, tenants = opened
    query.where(
        "(assignee_kind=? AND EXISTS (SELECT 1 FROM subject_group g WHERE g.id=assignee_id AND g.all_tenants=0 "
        f"AND g.tenant_id IN {marks}) OR assignee_kind=? AND EXISTS (SELECT 1 FROM subject s JOIN subject_tenant t "
        f"ON t.subject_id=s.id WHERE s.id=assignee_id AND s.all_tenants=0 AND t.tenant_id IN {marks}))",
        TO_GROUP,
        *tenants,
        TO_SUBJECT,
        *tenants,
    )
    query.where(
        "NOT EXISTS (SELECT 1 FROM role_assignment_tenant n WHERE n.assignment_id=role_assignment.id "
        f"AND n.tenant_id NOT IN {marks})",
        *tenants,
    )
    # One that names no tenants holds in all of the subject's.
    return query.where(
        "(assignee_kind=? OR EXISTS (SELECT 1 FROM role_assignment_tenant n WHERE "
        "n.assignment_id=role_assignment.id) OR NOT EXISTS (SELECT 1 FROM subject_tenant t "
        f"WHERE t.subject_id=assignee_id AND t.tenant_id NOT IN {marks}))",
        TO_GROUP,
        *tenants,
    )
