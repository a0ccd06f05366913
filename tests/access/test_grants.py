"""Which rows grants open."""

from __future__ import annotations

from typing import Any

import pytest
from flowmesh.auth.v1.permission_pb2 import MethodPermission as Kind
from flowmesh.identity.v1 import access_service_pb2 as pb

from mesh.access.acting import acting_user, demand, demand_for_rows, may
from mesh.access.grants import SubjectGrants, covers
from mesh.access.rows import RowGrant
from mesh.call import CallContext
from mesh.errors import Denied
from tests.infrastructure.identity import access

NARROWINGS = (Kind.ROWS_UNSPECIFIED, Kind.ROWS_TENANT, Kind.ROWS_DEFINITION, Kind.ROWS_INVOLVEMENT)


@pytest.mark.parametrize(
    ("patterns", "permission", "covered"),
    [
        (["*"], "history.tasks.list", True),
        (["history.*"], "history.tasks.list", True),
        (["history.tasks.*"], "history.tasks.list", True),
        (["history.tasks.list"], "history.tasks.list", True),
        (["history"], "history.tasks.list", False),
        (["hist*"], "history.tasks.list", False),
        (["historyX.*"], "history.tasks.list", False),
        (["userTasks.*"], "userTasks", False),
        (["*.list"], "userTasks.list", False),
        ([], "userTasks.list", False),
        (["userTasks.get", "userTasks.list"], "userTasks.list", True),
    ],
)
def test_patterns(patterns: list[str], permission: str, covered: bool) -> None:
    assert covers(patterns, permission) is covered


def counted(granted: pb.Access) -> list[bool]:
    """For which methods a grant counts."""
    grants = SubjectGrants(granted)
    return [grants.rows("userTasks.list", narrowing) is not None for narrowing in NARROWINGS]


@pytest.mark.parametrize(
    ("given", "narrowed", "counts"),
    [
        ({}, {}, [True, True, True, True]),
        ({"tenants": ("a",)}, {}, [False, True, True, True]),
        ({}, {"tenant_ids": ["a"]}, [False, True, True, True]),
        ({}, {"process_definition_keys": ["order"]}, [False, False, True, True]),
        ({}, {"involved_only": True}, [False, False, False, True]),
        ({"tenants": ("a",)}, {"process_definition_keys": ["x"], "involved_only": True}, [False, False, False, True]),
        ({"tenants": ()}, {}, [False, False, False, False]),
        ({"tenants": ("a",)}, {"tenant_ids": ["b"]}, [False, False, False, False]),
        ({"active": False}, {}, [False, False, False, False]),
    ],
)
def test_narrow_grants_count_only_where_they_can_be_kept(
    given: dict[str, Any], narrowed: dict[str, Any], counts: list[bool]
) -> None:
    assert counted(access("ann", "userTasks.*", **given, **narrowed)) == counts


def test_rows_of_several_grants() -> None:
    granted = access("ann", tenants=("a", "b"), groups=("g",))
    granted.grants.add(permissions=["userTasks.list"], tenant_ids=["b", "c"])
    granted.grants.add(permissions=["userTasks.*"], process_definition_keys=["order*"])
    granted.grants.add(permissions=["userTasks.*"], process_definition_keys=["order*"])
    granted.grants.add(permissions=["*"], involved_only=True)
    granted.grants.add(permissions=["jobs.*"])
    grants = SubjectGrants(granted)
    both = frozenset({"a", "b"})
    rows = grants.rows("userTasks.list", Kind.ROWS_INVOLVEMENT)
    assert rows is not None
    assert rows.grants == (
        RowGrant(frozenset({"b"})),
        RowGrant(both, ("order*",)),
        RowGrant(both, None, involved_only=True),
    )
    assert (rows.user_id, rows.group_ids) == ("ann", frozenset({"g"}))
    assert grants.rows("userTasks.list", Kind.ROWS_INVOLVEMENT) is rows
    by_definition = grants.rows("userTasks.list", Kind.ROWS_DEFINITION)
    assert by_definition is not None
    assert len(by_definition.grants) == 2
    assert grants.rows("userTasks.list", Kind.ROWS_UNSPECIFIED) is None
    assert grants.has("userTasks.list")
    assert grants.rows("deployments.get", Kind.ROWS_DEFINITION) is None
    assert not SubjectGrants(access("bob", "jobs.*")).has("userTasks.list")


def test_everything_swallows_the_rest() -> None:
    granted = access("ann", "*")
    granted.grants.add(permissions=["*"], involved_only=True)
    rows = SubjectGrants(granted).rows("userTasks.list", Kind.ROWS_INVOLVEMENT)
    assert rows is not None
    assert rows.unrestricted
    assert rows.grants == (RowGrant(),)


def _call(granted: pb.Access | None) -> CallContext:
    call = CallContext("c-1")
    if granted is not None:
        call.user_id, call.grants = granted.subject_id, SubjectGrants(granted)
        call.may_act_as = call.grants.may_act_as
    return call


def test_who_may_speak_for_whom() -> None:
    alone, actor = _call(access("ann")), _call(access("bob", "users.actAs"))
    assert acting_user(alone, "initiator", "") == acting_user(alone, "initiator", "ann") == "ann"
    assert acting_user(actor, "initiator", "ann") == "ann"
    # One who may do so in one tenant could not be kept to it.
    for caller in (alone, _call(access("ann", "users.actAs", tenants=("a",)))):
        with pytest.raises(Denied, match=r"^initiator: ") as refused:
            acting_user(caller, "initiator", "bob")
        assert refused.value.reason == "ACCESS_DENIED"
        assert refused.value.metadata == {"permission": "users.actAs", "field": "initiator"}
    # Nobody has to sign in: whoever is named is believed.
    assert acting_user(_call(None), "initiator", "bob") == acting_user(None, "initiator", "bob") == "bob"
    assert acting_user(_call(None), "initiator", "") == ""


def test_further_permissions() -> None:
    assert may(_call(access("bob", "sessions.*")), "sessions.list")
    assert not may(_call(access("bob", "sessions.*", tenants=("a",))), "sessions.list")
    assert may(_call(access("bob", "sessions.*", tenants=("a",))), "sessions.list", tenant_id="a")
    assert not may(_call(access("bob", "sessions.*", tenants=("a",))), "sessions.list", tenant_id="b")
    assert may(_call(None), "sessions.list")
    with pytest.raises(Denied) as refused:
        demand(_call(access("ann")), "sessions.list")
    assert refused.value.metadata == {"permission": "sessions.list"}


@pytest.mark.parametrize(
    ("first", "further", "allowed"),
    [
        ({}, {}, True),
        ({"tenant_ids": ["a"]}, {}, True),
        ({"tenant_ids": ["a"]}, {"tenant_ids": ["a"]}, True),
        ({}, {"tenant_ids": ["a"]}, False),
        ({"tenant_ids": ["a"]}, {"tenant_ids": ["b"]}, False),
        ({"process_definition_keys": ["order"]}, {"process_definition_keys": ["order"]}, True),
        ({"process_definition_keys": ["order"]}, {"process_definition_keys": ["other"]}, False),
        ({"process_definition_keys": ["order"]}, {"involved_only": True}, False),
        ({}, None, False),
    ],
)
def test_further_permissions_for_the_rows_of_a_call(
    first: dict[str, Any], further: dict[str, Any] | None, allowed: bool
) -> None:
    granted = access("ann", "batches.create", **first)
    if further is not None:
        granted.grants.extend(access("ann", "processInstances.cancel", **further).grants)
    call = _call(granted)
    rows = SubjectGrants(granted).rows("batches.create", Kind.ROWS_DEFINITION)
    assert rows is not None
    call.narrow(rows)
    if allowed:
        demand_for_rows(call, "processInstances.cancel", Kind.ROWS_DEFINITION)
        return
    with pytest.raises(Denied) as refused:
        demand_for_rows(call, "processInstances.cancel", Kind.ROWS_DEFINITION)
    assert refused.value.metadata == {"permission": "processInstances.cancel"}
