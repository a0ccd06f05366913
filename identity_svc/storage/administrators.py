"""Whether somebody is left who may do everything everywhere."""

from __future__ import annotations

from identity_svc.storage.layout import ACTIVE, TO_GROUP, TO_SUBJECT, USER
from mesh.db.statements import Fetch, Program, Row

_ALLOWED_EVERYTHING = (
    "FROM role_grant g JOIN role_assignment a ON a.role_id=g.role_id AND a.narrowed=0 AND a.assignee_kind=? "
)
_ACTIVE_USER = "s.kind=? AND s.status=? AND s.all_tenants=1"


def administrator_exists() -> Program[bool]:
    """Tell whether there is an active user of all tenants who may do everything, directly or by a group of all tenants.

    Service accounts do not count: whoever lost its keys could not get in any more.
    """
    rows: list[Row] = yield Fetch(
        f"SELECT 1 {_ALLOWED_EVERYTHING} JOIN subject s ON s.id=a.assignee_id "
        f"WHERE g.everything=1 AND {_ACTIVE_USER} LIMIT 1",
        (TO_SUBJECT, USER, ACTIVE),
    )
    if rows:
        return True
    rows = yield Fetch(
        f"SELECT 1 {_ALLOWED_EVERYTHING} JOIN subject_group p ON p.id=a.assignee_id AND p.all_tenants=1 "
        "JOIN group_member m ON m.group_id=p.id JOIN subject s ON s.id=m.subject_id "
        f"WHERE g.everything=1 AND {_ACTIVE_USER} LIMIT 1",
        (TO_GROUP, USER, ACTIVE),
    )
    return bool(rows)
