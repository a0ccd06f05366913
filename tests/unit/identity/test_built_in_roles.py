"""The roles that Flowmesh brings, and the catalogue of permissions."""

from __future__ import annotations

import pytest

from identity_svc.access.built_in_roles import BuiltInRole, built_in_roles
from identity_svc.access.grants import matches
from identity_svc.queries.permissions import METHODS, method_names, unknown_permissions

ROLES = {role.id: role for role in built_in_roles(method_names())}


def _allowed(role: BuiltInRole) -> set[str]:
    patterns = [pattern for grant in role.grants for pattern in grant.permissions]
    return {name for name in METHODS if any(matches(pattern, name) for pattern in patterns)}


@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES.keys())
def test_each_grant_stands_for_permissions_that_there_are(role: BuiltInRole) -> None:
    for grant in role.grants:
        assert unknown_permissions(grant.permissions) == []
        assert not grant.tenants


def test_what_roles_allow() -> None:
    assert _allowed(ROLES["administrator"]) == set(METHODS)
    operator = _allowed(ROLES["operator"])
    assert "processInstances.cancel" in operator
    assert "deadLetters.replay" in operator
    assert not any(name.startswith(("users.", "roles.", "roleAssignments.", "groups.")) for name in operator)
    assert all(
        name.endswith((".get", ".list", "auditRecords.verify", "history.search")) for name in _allowed(ROLES["auditor"])
    )
    assert {"auditRecords.verify", "history.search"} <= set(_allowed(ROLES["auditor"]))
    assert "users.list" in _allowed(ROLES["auditor"])
    assert "jobs.work" in _allowed(ROLES["worker"])
    assert "users.actAs" not in _allowed(ROLES["user"])


def test_users_see_what_they_are_involved_in() -> None:
    involved, free = ROLES["user"].grants
    assert involved.involved_only
    assert "userTasks.complete" in involved.permissions
    # Nobody is involved in a definition.
    assert not free.involved_only
    assert "processDefinitions.list" in free.permissions
