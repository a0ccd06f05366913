"""Retention and archives, by gRPC, with the process that writes the files, on both databases."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from flowmesh.history.v1 import archive_service_pb2 as archives_pb
from flowmesh.history.v1 import audit_service_pb2 as audit_pb
from flowmesh.history.v1 import history_query_service_pb2 as query_pb
from flowmesh.history.v1 import history_service_pb2 as history_pb
from flowmesh.history.v1 import retention_service_pb2 as retention_pb
from flowmesh.history.v1.archive_service_pb2_grpc import ArchiveServiceStub
from flowmesh.history.v1.audit_service_pb2_grpc import AuditServiceStub
from flowmesh.history.v1.history_query_service_pb2_grpc import HistoryQueryServiceStub
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from flowmesh.history.v1.retention_service_pb2_grpc import RetentionServiceStub
from google.protobuf.duration_pb2 import Duration

from history_svc.api import archive_service
from history_svc.consumers.projection import project
from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.projection_tables import INSTANCE_ID_LENGTH, PROJECTION_TABLES
from history_svc.storage.purging import Decision, claim
from history_svc.storage.retention import EVERY_KEY, Policy, clear_kept, delete_policy, keep_instance, put_policy
from mesh.bus.local import LocalBus
from mesh.bus.topics import all_topics
from mesh.clock import ControlledClock
from mesh.db.database import Database
from mesh.db.statements import Fetch, Program, fetch
from mesh.lease import Leases
from mesh.metrics import Metrics
from mesh.status import error_info_of
from tests.unit.history.counted import HOUR_MICROS, read
from tests.unit.history.event_histories import START_MICROS, Life, timestamp
from tests.unit.history.stored import stored
from tests.unit.history.whole_lives import LONG_TEXT, whole_life

Archive = archives_pb.Archive
DAY = 86_400
PATIENCE_SECONDS = 40.0
FIRST = START_MICROS // HOUR_MICROS - 1


class Served:
    """A history service with all its stubs."""

    def __init__(self, service: HistoryService, channel: grpc.aio.Channel, clock: ControlledClock) -> None:
        self.service = service
        self.clock = clock
        self.history: Any = HistoryServiceStub(channel)
        self.retention: Any = RetentionServiceStub(channel)
        self.archives: Any = ArchiveServiceStub(channel)
        self.audit: Any = AuditServiceStub(channel)
        self.queries: Any = HistoryQueryServiceStub(channel)

    async def keep(self, seconds: int, *, archive: bool = False, key: str = "order", request_id: str = "") -> None:
        request = retention_pb.SetRetentionPolicyRequest(
            process_definition_key=key, keep=Duration(seconds=seconds), archive=archive, request_id=request_id
        )
        await self.retention.SetRetentionPolicy(request)

    async def archive(self, archive_id: str) -> Any:
        return (await self.archives.GetArchive(archives_pb.GetArchiveRequest(id=archive_id))).archive


@pytest.fixture
async def served(history: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    bus = await LocalBus.open(tmp_path / "bus.db")
    await bus.ensure_topics(all_topics())
    clock = ControlledClock()
    clock.turn_to(START_MICROS + 3_600_000_000)
    settings = HistorySettings(
        port=0,
        database_url=database_url,
        data_dir=tmp_path,
        archive_dir=tmp_path / "archives",
        retention_interval_seconds=0.1,
        archive_instances=10,
    )
    service = HistoryService(settings, history, bus, Metrics(), clock=clock)
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Served(service, channel, clock)
    await service.stop()
    await bus.close()


async def until(what: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await what()):
            await asyncio.sleep(0.05)
        return found


a_life = whole_life
ROWS = 37
"""Of each instance in an archive: itself, an activity, a task with a candidate, 5 variables with 6 changes and a long
value, an incident with its count, 3 entries of jobs, 2 comments, an attachment, 12 events, how far its events came."""


async def take_in(history: Database, *lives: Life) -> None:
    for life in lives:
        await history.write(project(life.events))


async def ids(history: Database) -> dict[str, set[str]]:
    """Instances that have rows, by table."""
    tables = await stored(history)
    owner = {table.name: table.owner for table in PROJECTION_TABLES}

    def instance_of(table: str, row: dict[str, Any]) -> str:
        return str(row.get("process_instance_id") or row[owner[table]][:INSTANCE_ID_LENGTH])

    return {table: {instance_of(table, row) for row in rows} for table, rows in tables.items()}


async def test_ended_instances_go_with_all_their_rows_and_stay_counted(served: Served, history: Database) -> None:
    old, other = [a_life() for _ in range(7)], a_life(key="other")
    running = Life()
    running.start("ann")
    await take_in(history, *old, other, running)
    counted = await read(history, FIRST, FIRST + 4)
    await served.keep(0)

    async def gone() -> bool:
        found = await ids(history)
        return all(life.id not in of for of in found.values() for life in old)

    await until(gone)
    for of in (await ids(history)).values():
        assert of <= {other.id, running.id}
    assert (await read(history, FIRST, FIRST + 4)) == counted
    # What comes late for them is passed over, in rows and in statistics.
    await take_in(history, *old)
    late = old[0]
    late.events.clear()
    late.commit()
    late.tell("process_instance_failed", start_time=timestamp(START_MICROS), reason="rejected")
    await take_in(history, late)
    assert await gone()
    assert (await read(history, FIRST, FIRST + 4)) == counted
    assert served.service.retention.counters.purged == 7


async def test_what_ended_later_stays(served: Served, history: Database) -> None:
    life = a_life()
    await take_in(history, life)
    await served.keep(2 * DAY)
    await asyncio.sleep(0.5)
    request = history_pb.GetHistoricProcessInstanceRequest(id=life.id)
    await served.history.GetHistoricProcessInstance(request)
    served.clock.turn_to(START_MICROS + 4 * DAY * 1_000_000)

    async def gone() -> bool:
        return life.id not in (await ids(history))["history_process_instance"]

    await until(gone)


async def test_an_instance_with_a_time_of_its_own(served: Served, history: Database) -> None:
    held, early, plain = a_life(), a_life(key="kept-for-ever"), a_life()
    await take_in(history, held, early, plain)
    set_it = served.retention.SetInstanceRetention
    await set_it(retention_pb.SetInstanceRetentionRequest(id=held.id))
    await set_it(retention_pb.SetInstanceRetentionRequest(id=early.id, keep_until=timestamp(START_MICROS)))
    await served.keep(0)

    async def left() -> bool:
        return (await ids(history))["history_process_instance"] == {held.id}

    await until(left)
    await served.retention.ClearInstanceRetention(retention_pb.ClearInstanceRetentionRequest(id=held.id))

    async def nothing_left() -> bool:
        return not (await ids(history))["history_process_instance"]

    await until(nothing_left)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await set_it(retention_pb.SetInstanceRetentionRequest(id=held.id))
    info = error_info_of(refused.value)
    assert info is not None
    assert info.reason == "HISTORY_RECORD_NOT_FOUND"


async def test_what_was_changed_before_the_claim_holds_for_it(history: Database) -> None:
    """Policies and times of instances are read, and then changed, before the instances that may go are claimed."""
    leases = Leases(history, "claims of a test", 1, seconds=60)
    await leases.renew()
    assert leases.holder is not None
    life = a_life()
    await take_in(history, life)
    for_all, own = Policy("", EVERY_KEY, 0, False, 1), Policy("", "order", 0, False, 1)
    later = START_MICROS + 3_600_000_000

    async def claimed(*changed: Program[Any], policy: Policy | None = None, before: int = later, now: int = 10) -> int:
        for change in changed:
            await history.write(change)
        decision = None if policy is None else Decision(policy, "order", before)
        by_policy = policy is not None
        return await history.write(
            claim(leases.holder or "", [life.id], None, now, by_policy=by_policy, decision=decision)
        )

    assert not await claimed(keep_instance(life.id, None, archive=False))
    assert not await claimed(keep_instance(life.id, 11, archive=False))
    assert not await claimed(keep_instance(life.id, 5, archive=True))
    await history.write(put_policy(own))
    assert not await claimed(policy=own)
    await history.write(clear_kept(life.id))
    assert not await claimed(put_policy(Policy("", "order", 60, False, 2)), policy=own)
    assert not await claimed(put_policy(Policy("", "order", 0, True, 3)), policy=own)
    assert not await claimed(put_policy(for_all), policy=for_all)
    assert not await claimed(delete_policy("", "order"), policy=own)
    assert not await claimed(policy=for_all, before=START_MICROS)
    assert await claimed(policy=for_all) == 1


async def test_policies_are_idempotent_by_request_id(served: Served) -> None:
    await asyncio.gather(*(served.keep(30 * DAY, request_id="r-1") for _ in range(8)))
    await served.keep(10 * DAY, key="")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.keep(31 * DAY, request_id="r-1")
    info = error_info_of(refused.value)
    assert info is not None
    assert info.reason == "REQUEST_ID_REUSED"
    found = await served.retention.ListRetentionPolicies(retention_pb.ListRetentionPoliciesRequest())
    policies = [(one.process_definition_key, one.keep.seconds) for one in found.retention_policies]
    assert policies == [("", 10 * DAY), ("order", 30 * DAY)]
    page = await served.retention.ListRetentionPolicies(retention_pb.ListRetentionPoliciesRequest(page_size=1))
    rest = await served.retention.ListRetentionPolicies(
        retention_pb.ListRetentionPoliciesRequest(page_size=1, page_token=page.next_page_token)
    )
    assert [one.process_definition_key for one in rest.retention_policies] == ["order"]
    delete = retention_pb.DeleteRetentionPolicyRequest(process_definition_key="order", request_id="d-1")
    for _ in range(2):
        await served.retention.DeleteRetentionPolicy(delete)
    delete.request_id = "d-2"
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await served.retention.DeleteRetentionPolicy(delete)
    info = error_info_of(missing.value)
    assert info is not None
    assert info.reason == "RETENTION_POLICY_NOT_FOUND"


async def test_operations_are_told_to_the_audit_once(served: Served, history: Database) -> None:
    life = a_life(tenant_id="acme")
    await take_in(history, life)
    for _ in range(2):
        await served.keep(30 * DAY, request_id="r-1")
    await served.keep(10 * DAY)
    await served.retention.SetInstanceRetention(retention_pb.SetInstanceRetentionRequest(id=life.id))
    await served.retention.DeleteRetentionPolicy(
        retention_pb.DeleteRetentionPolicyRequest(process_definition_key="order")
    )
    with pytest.raises(grpc.aio.AioRpcError):
        await served.archives.DeleteArchive(archives_pb.DeleteArchiveRequest(id="never"))
    request = audit_pb.ListAuditRecordsRequest(service="history", order_by="sequence")
    records = (await served.audit.ListAuditRecords(request)).audit_records
    assert {one.outcome for one in records} == {audit_pb.AuditRecord.OUTCOME_SUCCEEDED}
    done = [(one.method.rpartition("/")[2], one.resource_type, dict(one.before), dict(one.after)) for one in records]
    first, second = ({"keepSeconds": days * DAY, "archive": False} for days in (30, 10))
    assert done == [
        ("SetRetentionPolicy", "retentionPolicy", {}, first),
        ("SetRetentionPolicy", "retentionPolicy", first, second),
        ("SetInstanceRetention", "processInstance", {}, {"keepUntil": "for ever", "archive": False}),
        ("DeleteRetentionPolicy", "retentionPolicy", second, {}),
    ]
    assert (list(records[2].tenant_ids), records[2].process_definition_key) == (["acme"], "order")


async def test_a_task_of_an_instance_that_went_is_overdue_no_longer(served: Served, history: Database) -> None:
    """Its end comes after the instance is claimed, and is passed over."""
    life = a_life()
    (late,) = [event for event in life.events if event.HasField("user_task_completed")]
    life.events.remove(late)
    await take_in(history, life)
    due = Fetch("SELECT task_id FROM statistics_due_task")
    assert await history.read(fetch(due))
    await served.keep(0)

    async def gone() -> bool:
        return not (await ids(history))["history_process_instance"]

    await until(gone)
    assert not await history.read(fetch(due))
    life.events.append(late)
    await take_in(history, life)
    assert not await history.read(fetch(due))
    assert await gone()


async def test_the_default_of_a_tenant_holds_where_a_process_has_no_policy(served: Served, history: Database) -> None:
    lives = [a_life(), a_life(key="other"), a_life(key="other", tenant_id="acme")]
    await take_in(history, *lives)
    await served.keep(1000 * DAY)
    await served.keep(0, key="")

    async def left() -> bool:
        return (await ids(history))["history_process_instance"] == {lives[0].id, lives[2].id}

    await until(left)


async def test_an_archive_is_written_restored_read_and_deleted(
    served: Served, history: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = a_life(business_key="B-0")
    await take_in(history, life)
    before = (
        await served.history.GetHistoricProcessInstance(history_pb.GetHistoricProcessInstanceRequest(id=life.id))
    ).historic_process_instance
    tasks = (
        await served.history.ListHistoricTasks(history_pb.ListHistoricTasksRequest(process_instance_id=life.id))
    ).historic_tasks
    variables = (
        await served.history.ListHistoricVariables(history_pb.ListHistoricVariablesRequest(process_instance_id=life.id))
    ).historic_variables
    told = await _told_of(served, life)
    more, complete = await _archived_with(served, history, life, 24)
    assert sorted(one.instance_count for one in complete) == [5, 10, 10]
    found: dict[str, tuple[str, Any]] = {}
    for archive in complete:
        folder = tmp_path / "archives" / archive.id
        assert {path.suffix for path in folder.iterdir()} == {".parquet", ".json"}
        answer = await served.archives.VerifyArchive(archives_pb.VerifyArchiveRequest(id=archive.id))
        assert answer.intact, answer
        assert answer.row_count == archive.row_count == archive.instance_count * ROWS
        listing = archives_pb.ListArchivedProcessInstancesRequest(archive_id=archive.id)
        with pytest.raises(grpc.aio.AioRpcError) as unreadable:
            await served.archives.ListArchivedProcessInstances(listing)
        info = error_info_of(unreadable.value)
        assert info is not None
        assert info.reason == "ARCHIVE_STATE"
        await served.archives.RestoreArchive(archives_pb.RestoreArchiveRequest(id=archive.id, request_id=archive.id))
        await until(partial(_is, served, archive.id, Archive.RESTORING_DONE))
        listing.page_size = 3
        while True:
            page = await served.archives.ListArchivedProcessInstances(listing)
            found |= {one.id: (archive.id, one) for one in page.historic_process_instances}
            listing.page_token = page.next_page_token
            if not listing.page_token:
                break
    assert set(found) == {one.id for one in (life, *more)}
    archive_id, restored = found[life.id]
    assert restored == before
    of_life = {"archive_id": archive_id, "process_instance_id": life.id}
    page = await served.archives.ListArchivedTasks(archives_pb.ListArchivedTasksRequest(**of_life))
    assert list(page.historic_tasks) == list(tasks)
    page = await served.archives.ListArchivedVariables(archives_pb.ListArchivedVariablesRequest(**of_life))
    assert list(page.historic_variables) == list(variables)
    page = await served.archives.ListArchivedActivities(archives_pb.ListArchivedActivitiesRequest(**of_life))
    assert [one.element_id for one in page.historic_activities] == ["approve"]
    await _same_in_archive(served, archive_id, life, told)
    by_key = archives_pb.ListArchivedProcessInstancesRequest(archive_id=archive_id, business_key="B-0")
    page = await served.archives.ListArchivedProcessInstances(by_key)
    assert [one.id for one in page.historic_process_instances] == [life.id]
    # Also where one call does not look through all of them.
    monkeypatch.setattr(archive_service, "MAX_SCANNED", 1)
    by_key.page_size, looked = 1, 0
    by_key_found: list[str] = []
    while not looked or by_key.page_token:
        page = await served.archives.ListArchivedProcessInstances(by_key)
        by_key_found += [one.id for one in page.historic_process_instances]
        by_key.page_token = page.next_page_token
        looked += 1
    assert by_key_found == [life.id]
    assert looked > 1

    await served.archives.RemoveRestoredArchive(archives_pb.RemoveRestoredArchiveRequest(id=archive_id))
    await until(lambda: _is(served, archive_id, Archive.RESTORING_UNSPECIFIED))
    for archive in complete:
        await served.archives.DeleteArchive(archives_pb.DeleteArchiveRequest(id=archive.id))

    async def deleted() -> bool:
        return not (await served.archives.ListArchives(archives_pb.ListArchivesRequest())).archives

    await until(deleted)
    assert list((tmp_path / "archives").iterdir()) == []


KINDS = (
    ("VariableChanges", "historic_variable_changes"),
    ("Incidents", "historic_incidents"),
    ("JobEvents", "historic_job_events"),
)
REMARKS = (("Comments", "historic_comments"), ("Attachments", "historic_attachments"))


async def _told_of(served: Served, life: Life) -> dict[str, list[Any]]:
    """What the queries of history tell of an instance, by kind."""
    told: dict[str, list[Any]] = {}
    for kind, field in KINDS:
        request = getattr(query_pb, f"QueryHistoric{kind}Request")(filter={"process_instance_ids": [life.id]})
        told[kind] = list(getattr(await getattr(served.queries, f"QueryHistoric{kind}")(request), field))
    for kind, field in REMARKS:
        request = getattr(query_pb, f"ListHistoric{kind}Request")(process_instance_id=life.id)
        told[kind] = list(getattr(await getattr(served.queries, f"ListHistoric{kind}")(request), field))
    timeline = await served.queries.GetProcessInstanceTimeline(query_pb.GetProcessInstanceTimelineRequest(id=life.id))
    told["timeline"] = list(timeline.timeline_entries)
    assert all(told.values())
    return told


async def _same_in_archive(served: Served, archive_id: str, life: Life, told: dict[str, list[Any]]) -> None:
    """Compare with what a restored archive tells, page by page."""
    of_life = {"archive_id": archive_id, "process_instance_id": life.id, "page_size": 2}
    for kind, field in (*KINDS, *REMARKS):
        request = getattr(archives_pb, f"ListArchived{kind}Request")(**of_life)
        found = await _pages(getattr(served.archives, f"ListArchived{kind}"), request, field)
        assert found == told[kind], kind
    request = archives_pb.GetArchivedProcessInstanceTimelineRequest(**of_life)
    for size in (1, 2, 3, 1000):
        request.page_size, request.page_token = size, ""
        found = await _pages(served.archives.GetArchivedProcessInstanceTimeline, request, "timeline_entries")
        assert found == told["timeline"], size
    (long,) = [one for one in told["VariableChanges"] if one.name == "report"]
    assert not long.HasField("value")
    get = archives_pb.GetArchivedVariableChangeRequest(archive_id=archive_id, id=long.id)
    change = (await served.archives.GetArchivedVariableChange(get)).historic_variable_change
    assert change.value.string_value == LONG_TEXT
    get.id = f"{life.id}.00000000000fffff"
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await served.archives.GetArchivedVariableChange(get)
    info = error_info_of(missing.value)
    assert info is not None
    assert info.reason == "HISTORY_RECORD_NOT_FOUND"


async def _pages(method: Any, request: Any, field: str) -> list[Any]:
    found: list[Any] = []
    while True:
        page = await method(request)
        found += getattr(page, field)
        assert len(getattr(page, field)) <= request.page_size
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


async def _archived_with(served: Served, history: Database, life: Life, count: int) -> tuple[list[Life], list[Any]]:
    more = [a_life(business_key=f"B-{number + 1}") for number in range(count)]
    await take_in(history, *more)
    complete = await _archived_count(served, history, count + 1)
    return more, complete


async def _archived_count(served: Served, history: Database, count: int) -> list[Any]:
    await served.keep(0, archive=True)

    async def done() -> Any:
        found = (await served.archives.ListArchives(archives_pb.ListArchivesRequest())).archives
        complete = [one for one in found if one.state == Archive.STATE_COMPLETE]
        left = (await ids(history))["history_process_instance"]
        return complete if sum(one.instance_count for one in complete) == count and not left else None

    found: list[Any] = await until(done)
    return found


async def _is(served: Served, archive_id: str, restoring: int) -> bool:
    return bool((await served.archive(archive_id)).restoring == restoring)


async def test_what_is_changed_in_an_archive_is_found(served: Served, history: Database, tmp_path: Path) -> None:
    await take_in(history, *(a_life() for _ in range(3)))
    (archive,) = await _archived_count(served, history, 3)
    folder, copy = tmp_path / "archives" / archive.id, tmp_path / "copy"
    shutil.copytree(folder, copy)
    file = folder / "history_task.parquet"

    def flip() -> None:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

    def forge() -> None:
        manifest = folder / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b'"instances": 3', b'"instances": 2'))

    for harm, expected in (
        (flip, ("history_task.parquet", "has other content than was written")),
        (file.unlink, ("history_task.parquet", "is not there")),
        (lambda: file.write_bytes(file.read_bytes() + b"x"), ("history_task.parquet", "has ")),
        (forge, ("manifest.json", "is not the one that was written")),
        (lambda: (folder / "manifest.json").write_bytes(b"{"), ("manifest.json", "is not the one")),
        (lambda: (folder / "more.parquet").write_bytes(b""), ("more.parquet", "does not belong there")),
        (lambda: shutil.rmtree(folder), ("", "the folder is not there")),
    ):
        harm()
        answer = await served.archives.VerifyArchive(archives_pb.VerifyArchiveRequest(id=archive.id))
        assert not answer.intact
        assert answer.faults[0].file == expected[0]
        assert answer.faults[0].description.startswith(expected[1])
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(copy, folder)
    answer = await served.archives.VerifyArchive(archives_pb.VerifyArchiveRequest(id=archive.id))
    assert answer.intact


async def test_an_archive_that_is_not_whole_is_not_restored_until_it_is(
    served: Served, history: Database, tmp_path: Path
) -> None:
    await take_in(history, a_life())
    (archive,) = await _archived_count(served, history, 1)
    folder, away = tmp_path / "archives" / archive.id, tmp_path / "away"
    folder.rename(away)
    await served.archives.RestoreArchive(archives_pb.RestoreArchiveRequest(id=archive.id))

    async def told() -> bool:
        return "folder is not there" in (await served.archive(archive.id)).error

    await until(told)
    away.rename(folder)
    await until(lambda: _is(served, archive.id, Archive.RESTORING_DONE))
    assert (await served.archive(archive.id)).error == ""


async def test_nothing_is_deleted_where_no_archive_can_be_written(
    served: Served, history: Database, tmp_path: Path
) -> None:
    life = a_life()
    await take_in(history, life)
    (tmp_path / "archives").write_text("no folder")
    await served.keep(0, archive=True)

    async def told() -> Any:
        found = (await served.archives.ListArchives(archives_pb.ListArchivesRequest())).archives
        return found and found[0].error

    await until(told)
    request = history_pb.GetHistoricProcessInstanceRequest(id=life.id)
    await served.history.GetHistoricProcessInstance(request)
    (tmp_path / "archives").unlink()

    async def gone() -> bool:
        return not (await ids(history))["history_process_instance"]

    await until(gone)


async def test_without_a_folder_that_stays_nothing_is_archived(history: Database, tmp_path: Path) -> None:
    assert HistorySettings(data_dir=tmp_path).own_archive_dir == tmp_path / "archives"
    settings = HistorySettings(port=0, database_url="mariadb://user@127.0.0.1:1/history", data_dir=tmp_path)
    assert settings.own_archive_dir is None
    bus = await LocalBus.open(tmp_path / "bus.db")
    service = HistoryService(settings, history, bus, Metrics())
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        served = Served(service, channel, ControlledClock())
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.keep(0, archive=True)
        info = error_info_of(refused.value)
        assert info is not None
        assert info.reason == "ARCHIVE_FOLDER_MISSING"
        await served.keep(DAY)
    await service.stop()
    await bus.close()
