"""What is closed to a call does not exist for it among policies and archives either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest
from flowmesh.history.v1 import archive_service_pb2, audit_service_pb2, retention_service_pb2
from google.protobuf.duration_pb2 import Duration

from history_svc.api.archive_service import ArchiveServicer
from history_svc.api.audit_service import AuditServicer
from history_svc.api.retention_service import RetentionServicer
from history_svc.archiving.process import _record
from history_svc.archiving.running import ArchiveFiles
from history_svc.audit.head import Signer
from history_svc.commands.changing import Changer
from history_svc.consumers.projection import project
from history_svc.storage.archives import Archive, insert_archive
from history_svc.storage.retention import Policy, put_policy
from history_svc.storage.retention_layout import (
    ARCHIVED_ROWS,
    COMPLETE,
    RECORD_COLUMNS,
    RECORD_TABLE,
    RESTORED,
    VARIABLE_CHANGES,
)
from history_svc.storage.schema import HEAD
from history_svc.storage.statistics_layout import INCIDENT_COLUMNS
from mesh.access.rows import RowGrant
from mesh.call import CallContext, as_call
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.db.served_database import ServedDatabase
from mesh.db.statements import Fetch, InsertMany, Program, Row
from mesh.ids import new_id
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from tests.infrastructure.walls import (
    DEFINITION,
    TENANT,
    Caller,
    Case,
    Door,
    Listed,
    Named,
    caller,
    listed,
    methods_of,
    named,
    outcome,
    rows_of,
    without_ids,
)
from tests.unit.history.stored import TABLES
from tests.unit.history.whole_lives import whole_life

METHODS = methods_of((archive_service_pb2, retention_service_pb2))
OWN = frozenset({"acme-inc"})
WALLS = (TENANT, DEFINITION)
OUTSIDE: dict[int, Caller] = {
    TENANT: caller("bob", RowGrant(frozenset({"umbrella"}))),
    DEFINITION: caller("bob", RowGrant(OWN, ("revie", "reviews*")), RowGrant(frozenset({"umbrella"}))),
}
INSIDE = caller("eve", RowGrant(OWN, ("other", "rev*")))
KEEP = Duration(seconds=3600)
OF_ARCHIVE = (
    "ListArchivedActivities",
    "ListArchivedTasks",
    "ListArchivedVariables",
    "ListArchivedVariableChanges",
    "ListArchivedIncidents",
    "ListArchivedJobEvents",
    "ListArchivedComments",
    "ListArchivedAttachments",
    "GetArchivedProcessInstanceTimeline",
)

CASES: dict[str, Case] = {
    "GetArchive": named(lambda x: {"id": x["archive"]}, walls=WALLS),
    "VerifyArchive": named(lambda x: {"id": x["archive"]}, walls=WALLS),
    "RestoreArchive": named(lambda x: {"id": x["archive"]}, walls=WALLS),
    "RemoveRestoredArchive": named(lambda x: {"id": x["archive"]}, walls=WALLS),
    "DeleteArchive": named(lambda x: {"id": x["archive"]}, walls=WALLS),
    "ListArchives": listed(
        lambda _: {},
        lambda x: {"tenant_id": x["tenant"]},
        lambda x: {"process_definition_key": x["key"]},
        lambda _: {"state": "STATE_COMPLETE"},
    ),
    "ListArchivedProcessInstances": named(lambda x: {"archive_id": x["archive"]}, walls=WALLS),
    **{
        name: named(lambda x: {"archive_id": x["archive"], "process_instance_id": x["instance"]}, walls=WALLS)
        for name in OF_ARCHIVE
    },
    "GetArchivedVariableChange": named(lambda x: {"archive_id": x["archive"], "id": x["change"]}, walls=WALLS),
    "SetRetentionPolicy": named(
        lambda x: {"tenant_id": x["tenant"], "process_definition_key": x["key"], "keep": KEEP}, walls=WALLS
    ),
    "DeleteRetentionPolicy": named(
        lambda x: {"tenant_id": x["tenant"], "process_definition_key": x["key"]}, walls=WALLS
    ),
    "ListRetentionPolicies": listed(
        lambda _: {}, lambda x: {"tenant_id": x["tenant"]}, lambda x: {"process_definition_key": x["key"]}
    ),
    "SetInstanceRetention": named(lambda x: {"id": x["instance"]}, walls=WALLS),
    "ClearInstanceRetention": named(lambda x: {"id": x["instance"]}, walls=WALLS),
}
NEVER = {
    "archive": "0190-never",
    "change": "0190-never.0000000000000001",
    "instance": "0190-neverstarted",
    "tenant": "nowhere",
    "key": "neverdeployed",
}


@pytest.fixture
def door() -> Door:
    """Says who calls."""
    return Door()


@pytest.fixture
async def channel(history: Database, door: Door, tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
    """To a service that lets everybody in as the door says."""
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()), authorize=door.authorize)
    served, changer = ServedDatabase(history), Changer(history, SystemClock(), Signer(""))
    files = ArchiveFiles(tmp_path / "archives", "")
    for module, name, servicer in (
        (archive_service_pb2, "ArchiveService", ArchiveServicer(served, changer, files)),
        (retention_service_pb2, "RetentionService", RetentionServicer(served, changer, archives=True)),
    ):
        server.add(module.DESCRIPTOR.services_by_name[name], servicer)
    port = await server.serve("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop()


async def things_there(history: Database) -> dict[str, str]:
    """An instance, a policy, and a restored archive with every row of it."""
    life = whole_life(tenant_id="acme-inc", key="review")
    await history.write(project(life.events))
    await history.write(put_policy(Policy("acme-inc", "review", 86_400, False, 1)))
    archive_id = new_id()
    row = (archive_id, "acme-inc", "review", COMPLETE, RESTORED, 1, 1, 4, 1, 1, 1, HEAD, "", "", 1)
    await history.write(insert_archive(Archive(*row)))

    def records() -> Program[str]:
        changes: list[str] = []
        for kind in ARCHIVED_ROWS:
            columns = TABLES.get(kind.table) or INCIDENT_COLUMNS
            condition, parameters = kind.condition([life.id])
            found: list[Row] = yield Fetch(
                f"SELECT {','.join(columns)} FROM {kind.table} WHERE {condition}", parameters
            )
            assert found, kind.table
            rows = [_record(archive_id, kind, dict(zip(columns, one, strict=True))) for one in found]
            yield InsertMany(RECORD_TABLE, RECORD_COLUMNS, rows)
            changes += [one[-2] for one in rows if kind is VARIABLE_CHANGES]
        return min(changes)

    change = await history.write(records())
    return {"archive": archive_id, "instance": life.id, "tenant": "acme-inc", "key": "review", "change": change}


def test_every_method_has_a_case() -> None:
    assert set(CASES) == set(METHODS)
    assert {rows_of(method) for method in METHODS.values()} == {DEFINITION}


@pytest.mark.parametrize("wall", OUTSIDE, ids=["other tenant", "other definition"])
async def test_what_is_closed_is_as_what_never_was(
    history: Database, channel: grpc.aio.Channel, door: Door, wall: int
) -> None:
    for name, case in CASES.items():
        assert isinstance(case, Named | Listed)
        things = await things_there(history)
        for fields in case.fields:
            door.caller, door.calls = OUTSIDE[wall], []
            found = await outcome(channel, METHODS[name], fields(things))
            assert door.calls[-1].rows_asked, name
            never = {**NEVER, "tenant": "acme-inc"} if wall == DEFINITION else NEVER
            closed = without_ids(found, things)
            assert closed == without_ids(await outcome(channel, METHODS[name], fields(never)), never), name
            if isinstance(case, Listed):
                assert found == {}, name
            door.caller = INSIDE
            opened = without_ids(await outcome(channel, METHODS[name], fields(things)), things)
            assert opened != closed, f"{name} says the same where nothing is closed"
            assert "INTERNAL" not in opened, (name, opened)
            assert "ARCHIVE_NOT_FOUND" not in opened, (name, opened)


async def test_the_default_of_a_tenant_belongs_to_who_sees_all_of_it(
    history: Database, channel: grpc.aio.Channel, door: Door
) -> None:
    await history.write(put_policy(Policy("acme-inc", "", 86_400, False, 1)))
    door.caller = INSIDE
    assert await outcome(channel, METHODS["ListRetentionPolicies"], {}) == {}
    wanted = {"tenant_id": "acme-inc", "keep": KEEP}
    assert (await outcome(channel, METHODS["SetRetentionPolicy"], wanted))["reason"] == "TENANT_NOT_FOUND"
    door.caller = caller("eve", RowGrant(OWN))
    policies = await outcome(channel, METHODS["ListRetentionPolicies"], {})
    assert len(policies["retentionPolicies"]) == 1
    assert "retentionPolicy" in await outcome(channel, METHODS["SetRetentionPolicy"], wanted)


async def test_what_is_changed_is_told_to_the_audit_once(
    history: Database, channel: grpc.aio.Channel, door: Door
) -> None:
    things = await things_there(history)
    door.caller = caller("eve", RowGrant())
    policy = {"tenant_id": "acme-inc", "process_definition_key": "review", "request_id": "r-1"}
    for _ in range(2):
        await outcome(channel, METHODS["SetRetentionPolicy"], {**policy, "keep": KEEP})
    await outcome(channel, METHODS["SetInstanceRetention"], {"id": things["instance"]})
    await outcome(channel, METHODS["DeleteRetentionPolicy"], {"tenant_id": "acme-inc", "process_definition_key": "no"})
    await outcome(channel, METHODS["RemoveRestoredArchive"], {"id": things["archive"]})
    audit = AuditServicer(history, Signer(""))
    with as_call(CallContext("c")):
        listed = await audit.ListAuditRecords(audit_service_pb2.ListAuditRecordsRequest(order_by="sequence"))
    assert [(record.method.rpartition("/")[2], record.resource_type) for record in listed.audit_records] == [
        ("SetRetentionPolicy", "retentionPolicy"),
        ("SetInstanceRetention", "processInstance"),
        ("RemoveRestoredArchive", "historyArchive"),
    ]
    first = listed.audit_records[0]
    assert (first.user_id, first.service, first.resource_id) == ("eve", "history", "review")
    assert list(first.tenant_ids) == ["acme-inc"]
    assert first.process_definition_key == "review"
    assert dict(first.before) == {"keepSeconds": 86_400, "archive": False}
    assert dict(first.after) == {"keepSeconds": KEEP.seconds, "archive": False}
    async for answer in audit.VerifyAuditRecords(audit_service_pb2.VerifyAuditRecordsRequest()):
        assert not answer.problems
    assert answer.checked_entries == 3
