"""The index of history on a real search server: it follows the rows, whatever breaks, and searches never depend on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from flowmesh.history.v1 import history_query_service_pb2 as query_pb
from flowmesh.history.v1 import rebuild_service_pb2 as rebuild_pb
from flowmesh.history.v1 import retention_service_pb2 as retention_pb
from flowmesh.history.v1 import search_index_service_pb2 as pb
from flowmesh.history.v1.history_query_service_pb2_grpc import HistoryQueryServiceStub
from flowmesh.history.v1.rebuild_service_pb2_grpc import RebuildServiceStub
from flowmesh.history.v1.retention_service_pb2_grpc import RetentionServiceStub
from flowmesh.history.v1.search_index_service_pb2_grpc import SearchIndexServiceStub
from google.protobuf.duration_pb2 import Duration

from history_svc.consumers.both_generations import project_on_both
from history_svc.consumers.projection import project
from history_svc.indexing.address import parse_search_url
from history_svc.indexing.documents import Document, changed_records, documents_of
from history_svc.indexing.server import IndexMissing
from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.purging import claim, purge_some
from history_svc.storage.record_kinds import INSTANCE, KINDS, VARIABLE
from history_svc.storage.retention_layout import NO_ARCHIVE
from history_svc.storage.search_index import (
    Change,
    IndexState,
    begin_index,
    count_changes,
    new_index,
    read_indexes,
)
from history_svc.workers import search_indexing
from mesh.bus.local import LocalBus
from mesh.bus.port import BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.clock import ControlledClock
from mesh.commit_token import encode_commit_token
from mesh.db.database import Database
from mesh.lease import Leases
from mesh.metrics import Metrics
from mesh.status import error_info_of
from tests.infrastructure.opensearch import ask, documents_at, indexes_at, libraries, running_server, unavailable
from tests.infrastructure.searching import Indexed, Searched, indexed_history, searched_history
from tests.infrastructure.tcp_proxy import TcpProxy
from tests.unit.history.event_histories import START_MICROS, Life

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 90.0
State = pb.SearchIndex.State


def a_life(text: str) -> Life:
    """An instance with a text in each kind of record."""
    life = Life(business_key=f"{text} key", tenant_id="acme")
    life.start("ann", note=f"{text} value", amount=5)
    life.tell("user_task_created", task_id=f"{life.id}.2", element_id="approve", name=f"{text} task")
    life.tell("comment_created", comment_id=f"{life.id}.3", user_id="bob", text=f"{text} comment")
    life.tell("attachment_created", attachment_id=f"{life.id}.4", user_id="bob", name=f"{text} attachment")
    life.tell("incident_raised", incident_id=f"{life.id}.5", type="OUT", message=f"{text} incident")
    return life


RECORDS = len(KINDS)
"""Of `a_life` that have texts."""
CHANGED_ROUNDS = 8


@pytest.fixture
async def searched(history: Database, indexed: Indexed) -> AsyncIterator[Searched]:
    async with searched_history(history, indexed) as one:
        yield one


async def _found(stub: Any, query: str, **fields: Any) -> list[str]:
    request = query_pb.SearchHistoryRequest(query=query, **fields)
    found = []
    while True:
        answer = await stub.SearchHistory(request)
        found += [hit.record_id for hit in answer.search_hits]
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


async def until(what: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await what()):
            await asyncio.sleep(0.1)
        return found


def _at(url: str) -> tuple[str, str]:
    server, _, prefix = url.partition("?index=")
    return server, prefix


async def _documents(url: str) -> int:
    return await asyncio.to_thread(documents_at, *_at(url))


async def _names(url: str) -> list[str]:
    return await asyncio.to_thread(indexes_at, *_at(url))


async def test_what_was_there_before_is_indexed(searched: Searched, indexed: Indexed, search_url: str) -> None:
    lives = [a_life(f"early {number}") for number in range(3)]
    for life in lives:
        await searched.database.write(project(life.events))
    # Until there is an index the database answers.
    assert len(await _found(searched.stub, "early")) == 3 * RECORDS
    assert indexed.places.counters.answered == 0
    await indexed.settle()
    assert len(await _found(searched.stub, "early")) == 3 * RECORDS
    assert indexed.places.counters.answered > 0
    # Numbers have no words, and so no document.
    assert await _documents(search_url) == 3 * RECORDS
    assert (await indexed.serving()).records == 3 * RECORDS


async def test_what_was_just_written_is_found_by_its_commit(searched: Searched, indexed: Indexed) -> None:
    await indexed.settle()
    life = a_life("fresh")
    await searched.database.write(project_on_both(life.events))
    token = encode_commit_token([(life.id, life.revision)])
    assert len(await _found(searched.stub, "fresh", after_commit_token=token)) == RECORDS
    assert indexed.places.counters.answered == 0
    # The index has not been told yet.
    assert await _found(searched.stub, "fresh") == []
    assert indexed.places.counters.answered > 0
    await indexed.settle()
    assert len(await _found(searched.stub, "fresh")) == RECORDS


async def test_pages_go_on_where_the_other_way_was(searched: Searched, indexed: Indexed) -> None:
    lives = [Life(business_key=f"paged {number}") for number in range(6)]
    for life in lives:
        life.start()
    await searched.take([event for life in lives for event in life.events])
    request = query_pb.SearchHistoryRequest(query="paged", page_size=1)
    token = encode_commit_token([(lives[0].id, 1)])
    found: list[str] = []
    for number in range(6):
        # By turns of the index and of the database's words.
        request.after_commit_token = token if number % 2 else ""
        answer = await searched.stub.SearchHistory(request)
        found += [hit.record_id for hit in answer.search_hits]
        request.page_token = answer.next_page_token
    assert found == sorted((life.id for life in lives), reverse=True)
    assert not request.page_token
    assert indexed.places.counters.answered == 3


async def test_the_database_answers_while_the_server_is_away(history: Database, search_url: str) -> None:
    server, prefix = _at(search_url)
    proxy = TcpProxy("127.0.0.1", int(server.rpartition(":")[2]))
    port = await proxy.start()
    async with (
        indexed_history(history, f"http://127.0.0.1:{port}?index={prefix}", search_seconds=5.0) as indexed,
        searched_history(history, indexed) as searched,
    ):
        await searched.take(a_life("before").events)
        proxy.refusing = True
        proxy.break_all()
        await history.write(project_on_both(a_life("meanwhile").events))
        for _ in range(4):
            # After two failures in a row nobody waits for it any more.
            assert len(await _found(searched.stub, "meanwhile")) == RECORDS
        assert indexed.places.counters.answered == 0
        await indexed.indexing.renew()
        assert not await indexed.indexing.round()
        with pytest.raises(Exception, match="ConnectionError"):
            await indexed.indexing.check()
        assert await history.read(count_changes(100)) == RECORDS
        proxy.refusing = False
        await indexed.settle()
        assert await indexed.indexing.check()

        async def answers() -> bool:
            assert len(await _found(searched.stub, "meanwhile")) == RECORDS
            return indexed.places.counters.answered > 0

        await until(answers)
    await proxy.stop()


async def test_a_server_that_hangs_holds_no_search_up(history: Database, search_url: str) -> None:
    server, prefix = _at(search_url)
    proxy = TcpProxy("127.0.0.1", int(server.rpartition(":")[2]))
    port = await proxy.start()
    async with (
        indexed_history(history, f"http://127.0.0.1:{port}?index={prefix}", search_seconds=0.2) as indexed,
        searched_history(history, indexed) as searched,
    ):
        await searched.take(a_life("held").events)
        proxy.hang()
        for _ in range(3):
            assert len(await _found(searched.stub, "held")) == RECORDS
        assert indexed.places.counters.answered == 0
        proxy.flow()
    await proxy.stop()


async def test_an_index_is_built_anew_while_the_present_one_answers(
    searched: Searched, indexed: Indexed, search_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = searched.database
    lives = [a_life(f"steady {number}") for number in range(5)]
    await searched.take([event for life in lives for event in life.events])
    first = await indexed.serving()
    monkeypatch.setattr(search_indexing, "BATCH", 4)
    monkeypatch.setattr(search_indexing, "STEP_SECONDS", 0.0)
    begun = await history.write(begin_index(new_index(_at(search_url)[1], "", "ann", 1)))
    rounds = 0
    while (await indexed.serving()).id != begun.index.id:
        if rounds < CHANGED_ROUNDS:
            # Changes come meanwhile: new records, and others of which the building has read or has not.
            life, changed = a_life("steady new"), lives[rounds % 5]
            lives.append(life)
            changed.commit()
            changed.set(note=f"steady changed{rounds}")
            await history.write(project_on_both([*life.events, *changed.events]))
        await indexed.indexing.renew()
        await indexed.indexing.round()
        if rounds % 10 == 0:
            # What has just changed may be missing, and nothing else.
            assert len(await _found(searched.stub, "steady", page_size=1000)) >= 5 * RECORDS - 5
        rounds += 1
        assert rounds < 1_000
    assert rounds > CHANGED_ROUNDS
    await indexed.settle()
    assert indexed.places.counters.fallbacks == 0
    assert await _names(search_url) == [begun.index.name]
    assert first.name != begun.index.name
    assert await _documents(search_url) == len(lives) * RECORDS
    assert len(await _found(searched.stub, "steady")) == len(lives) * RECORDS
    for number in range(CHANGED_ROUNDS):
        assert len(await _found(searched.stub, f"changed{number}")) == (number >= CHANGED_ROUNDS - 5), number


async def test_an_index_that_the_server_lost_is_built_again(
    searched: Searched, indexed: Indexed, search_url: str
) -> None:
    await searched.take(a_life("lost").events)
    lost = await indexed.serving()
    await asyncio.to_thread(ask, f"{_at(search_url)[0]}/{lost.name}", "DELETE")
    # A search finds another way, and who tells changes finds out.
    assert len(await _found(searched.stub, "lost")) == RECORDS
    with pytest.raises(IndexMissing):
        await indexed.server.refresh(lost.name)
    await searched.take(a_life("new").events)
    # The server made none by itself for what it was sent.
    assert await _names(search_url) == [(await indexed.serving()).name]
    assert (await indexed.serving()).name != lost.name
    assert await _documents(search_url) == 2 * RECORDS


async def test_an_index_that_is_lost_half_built_is_begun_anew(
    history: Database, search_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await history.write(project_on_both(a_life(f"half {number}").events))
    monkeypatch.setattr(search_indexing, "BATCH", 2)
    monkeypatch.setattr(search_indexing, "STEP_SECONDS", 0.0)
    async with indexed_history(history, search_url) as indexed:
        await indexed.indexing.renew()
        while True:
            await indexed.indexing.round()
            building = (await history.read(read_indexes())).in_state(IndexState.BUILDING)
            if building and building[0].cursor_kind:
                break
    await asyncio.to_thread(ask, f"{_at(search_url)[0]}/{building[0].name}", "DELETE")
    # By another process, which has not made the index itself.
    async with indexed_history(history, search_url) as indexed:
        await indexed.settle()
        assert await _names(search_url) == [(await indexed.serving()).name]
        assert (await indexed.serving()).name != building[0].name
        assert await _documents(search_url) == 3 * RECORDS


async def _read(database: Database, changes: Sequence[Change]) -> list[Document]:
    return await documents_of((await database.read(changed_records(changes)))[2])


async def test_what_comes_late_changes_nothing(searched: Searched, indexed: Indexed, search_url: str) -> None:
    """An indexer that slept sends what it had read before others told what came later."""
    history = searched.database
    life = a_life("kept")
    life.set(note="old words")
    await searched.take(life.events)
    index = await indexed.serving()
    variable, instance = Change(f"{life.id}.0.note", VARIABLE, 0), Change(life.id, INSTANCE, 0)
    old = await _read(history, [variable, instance])
    assert [document.words for document in old if document.record.kind == VARIABLE] == [("old", "words")]
    life.commit()
    life.set(note="new words")
    life.end()
    await searched.take(life.events)
    assert await indexed.server.send(index.name, old, time.monotonic()) == 0
    await indexed.server.refresh(index.name)
    assert await _found(searched.stub, "old") == []
    assert await _found(searched.stub, "new") == [f"{life.id}.0.note"]
    await _purge(history, life.id)
    await indexed.settle()
    assert await _documents(search_url) == 0
    assert await indexed.server.send(index.name, old, time.monotonic()) == 0
    assert await _documents(search_url) == 0
    # What was read too long ago is not even sent.
    with pytest.raises(Exception, match="too long ago"):
        await indexed.server.send(index.name, old, time.monotonic() - 3_600)


async def _holder(history: Database) -> str:
    leases = Leases(history, "history retention", 1, seconds=60)
    await leases.renew()
    assert leases.holder is not None
    return leases.holder


async def _purge(history: Database, *instance_ids: str) -> None:
    holder = await _holder(history)
    assert await history.write(claim(holder, instance_ids, None, 1, by_policy=True)) == len(instance_ids)
    while (await history.write(purge_some(holder, NO_ARCHIVE))).more:
        continue


async def test_what_is_purged_leaves_the_index(searched: Searched, indexed: Indexed, search_url: str) -> None:
    gone, there = a_life("purged"), a_life("purged not")
    gone.end()
    await searched.take([*gone.events, *there.events])
    assert await _documents(search_url) == 2 * RECORDS
    await _purge(searched.database, gone.id)
    # At once, although the index has not been told.
    assert len(await _found(searched.stub, "purged")) == RECORDS
    await searched.take(gone.events)
    assert await _documents(search_url) == RECORDS
    assert len(await _found(searched.stub, "purged not")) == RECORDS


async def test_the_second_of_two_indexers_is_fenced_off(
    history: Database, indexed: Indexed, search_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await indexed.settle()
    life = a_life("raced")
    await history.write(project_on_both(life.events))
    sending, go_on = asyncio.Event(), asyncio.Event()
    send = indexed.server.send

    async def held_up(*arguments: Any) -> int:
        sending.set()
        await go_on.wait()
        return await send(*arguments)

    monkeypatch.setattr(indexed.server, "send", held_up)
    await indexed.indexing.renew()
    slow = asyncio.create_task(indexed.indexing.round())
    await sending.wait()
    # It has read, and sleeps; another process takes the work over, with rows that have changed since.
    await indexed.indexing._leases.release()
    async with indexed_history(history, search_url) as other:
        life.commit()
        life.set(note="raced later")
        await history.write(project_on_both(life.events))
        await other.settle()
        assert other.indexing.counters.told > 0
        go_on.set()
        assert await slow is False
        assert indexed.indexing.counters.told == 0
        await other.settle()
        async with searched_history(history, other) as searched:
            assert await _found(searched.stub, "later") == [f"{life.id}.0.note"]
            assert await searched.found("value") == set()
        assert await _documents(search_url) == RECORDS


class _Killed(BaseException):
    """Ends the work wherever it is, as `kill -9` does."""


class _Mortal:
    """Something whose calls end the process at a chosen one, before it is made or after."""

    def __init__(self, target: Any, methods: Sequence[str], kill: Callable[[], bool]) -> None:
        self._target = target
        self._methods = methods
        self._kill = kill

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if name not in self._methods:
            return method

        async def call(*arguments: Any) -> Any:
            if self._kill():
                raise _Killed
            result = await method(*arguments)
            if self._kill():
                raise _Killed
            return result

        return call


async def test_indexing_goes_on_wherever_it_was_killed(
    history: Database, search_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_indexing, "BATCH", 7)
    lives = [a_life(f"mortal {number}") for number in range(4)]
    for life in lives[:2]:
        await history.write(project_on_both(life.events))
    killed = 0
    step = 0
    done = False
    async with indexed_history(history, search_url) as indexed:
        while not done:
            step += 1
            calls = 0

            def kill(at: int = step) -> bool:
                nonlocal calls
                calls += 1
                return calls == at

            if step == 6:
                await history.write(project_on_both([*lives[2].events, *lives[3].events]))
            mortal = search_indexing.SearchIndexing(
                _Mortal(history, ("read", "write"), lambda: False),  # type: ignore[arg-type]
                _Mortal(indexed.server, ("create", "send", "refresh", "remove"), kill),  # type: ignore[arg-type]
                ControlledClock(),
                interval_seconds=60,
            )
            mortal._database = _Mortal(history, ("read", "write"), kill)  # type: ignore[assignment]
            await mortal.renew()
            try:
                while await mortal.round():
                    continue
                done = step > 6
            except _Killed:
                killed += 1
            await mortal.stop()
        await indexed.settle()
        assert killed > 10
        assert await _documents(search_url) == 4 * RECORDS
        async with searched_history(history, indexed) as searched:
            assert len(await _found(searched.stub, "mortal")) == 4 * RECORDS


class Service:
    """A running history service with a bus, and its stubs."""

    def __init__(self, service: HistoryService, channel: grpc.aio.Channel, bus: LocalBus) -> None:
        self.service = service
        self.bus = bus
        self.indexes: Any = SearchIndexServiceStub(channel)
        self.queries: Any = HistoryQueryServiceStub(channel)
        self.rebuilds: Any = RebuildServiceStub(channel)
        self.retention: Any = RetentionServiceStub(channel)

    async def publish(self, *lives: Life) -> None:
        await self.bus.publish(
            [
                BusMessage(WORKFLOW_EXECUTION_EVENTS, event.biz_id, event.SerializeToString())
                for life in lives
                for event in life.events
            ]
        )

    async def index(self, index_id: str) -> pb.SearchIndex:
        found: pb.SearchIndex = (await self.indexes.GetSearchIndex(pb.GetSearchIndexRequest(id=index_id))).search_index
        return found


async def serve(history: Database, tmp_path: Path, url: str) -> AsyncIterator[Service]:
    bus = await LocalBus.open(tmp_path / "bus.db")
    await bus.ensure_topics(all_topics())
    clock = ControlledClock()
    clock.turn_to(START_MICROS + 3_600_000_000)
    settings = HistorySettings(
        port=0, drain_seconds=0.5, search_url=url, search_interval_seconds=0.05, retention_interval_seconds=0.1
    )
    service = HistoryService(settings, history, bus, Metrics(), clock=clock)
    port = await service.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Service(service, channel, bus)
    finally:
        await service.stop()
        await bus.close()


@pytest.fixture
async def service(history: Database, tmp_path: Path, search_url: str) -> AsyncIterator[Service]:
    async for one in serve(history, tmp_path, search_url):
        yield one


async def _refused(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    info = error_info_of(refused.value)
    assert info is not None
    return str(info.reason)


async def _serving(history: Database) -> str:
    """Wait until an index answers and is told everything; return its id."""

    async def settled() -> str:
        indexes = await history.read(read_indexes())
        if [index.state for index in indexes.all] != [IndexState.SERVING]:
            return ""
        if indexes.all[0].generation != indexes.generation or await history.read(count_changes(1)):
            return ""
        return indexes.all[0].id

    return str(await until(settled))


async def test_a_service_indexes_by_itself_and_anew_when_it_is_asked(
    service: Service, history: Database, search_url: str
) -> None:
    await service.publish(a_life("served"))

    async def told() -> bool:
        return await _documents(search_url) == RECORDS

    first = await _serving(history)
    await until(told)
    request = pb.CreateSearchIndexRequest(request_id="r-1")
    second = (await service.indexes.CreateSearchIndex(request)).search_index
    again = (await service.indexes.CreateSearchIndex(request)).search_index
    assert (second.id, State.Name(second.state)) == (again.id, "STATE_BUILDING")

    async def built() -> bool:
        return bool((await service.index(second.id)).state == State.STATE_SERVING)

    await until(built)
    assert await _serving(history) == second.id
    assert (await service.index(first)).state == State.STATE_REMOVED
    # A repeated request is answered by what became of it, and begins nothing.
    assert (await service.indexes.CreateSearchIndex(request)).search_index.state == State.STATE_SERVING
    shown = await service.index(second.id)
    assert (shown.records, shown.HasField("end_time")) == (RECORDS, True)
    listed = await service.indexes.ListSearchIndexes(pb.ListSearchIndexesRequest(page_size=1))
    assert [index.id for index in listed.search_indexes] == [second.id]
    token = listed.next_page_token
    listed = await service.indexes.ListSearchIndexes(pb.ListSearchIndexesRequest(page_size=1, page_token=token))
    assert [index.id for index in listed.search_indexes] == [first]
    assert not listed.next_page_token
    assert await _refused(service.indexes.GetSearchIndex(pb.GetSearchIndexRequest(id="no"))) == "SEARCH_INDEX_NOT_FOUND"
    assert len(await _found(service.queries, "served")) == RECORDS


async def test_one_index_is_built_at_a_time(service: Service, history: Database) -> None:
    await _serving(history)
    await service.service.indexing.stop()
    first = (await service.indexes.CreateSearchIndex(pb.CreateSearchIndexRequest(request_id="a"))).search_index
    assert (
        await _refused(service.indexes.CreateSearchIndex(pb.CreateSearchIndexRequest(request_id="b")))
        == "SEARCH_INDEX_BUILDING"
    )
    again = (await service.indexes.CreateSearchIndex(pb.CreateSearchIndexRequest(request_id="a"))).search_index
    assert again.id == first.id


async def test_history_that_was_built_anew_gets_an_index_of_its_own(
    service: Service, history: Database, search_url: str
) -> None:
    lives = [a_life(f"anew {number}") for number in range(3)]
    await service.publish(*lives)
    before = await _serving(history)
    # A row that no event tells, as a defect may leave one: the rebuild takes it out, and so does the new index.
    stray = a_life("anew stray")
    await until(lambda: _is(service, "anew", 3 * RECORDS))
    await history.write(project_on_both(stray.events))
    started = (await service.rebuilds.StartRebuild(rebuild_pb.StartRebuildRequest())).rebuild

    async def ended() -> bool:
        # Searches answer throughout.
        assert len(await _found(service.queries, "anew")) >= 3 * RECORDS
        found = (await service.rebuilds.GetRebuild(rebuild_pb.GetRebuildRequest(id=started.id))).rebuild
        return bool(found.state == rebuild_pb.Rebuild.STATE_SUCCEEDED)

    await until(ended)
    late = a_life("anew late")
    await service.publish(late)
    after = await _serving(history)
    assert after != before
    await until(lambda: _is(service, "anew", 4 * RECORDS))

    async def told() -> bool:
        return await _documents(search_url) == 4 * RECORDS

    await until(told)


async def _is(service: Service, query: str, count: int) -> bool:
    return len(await _found(service.queries, query)) == count


async def test_what_retention_takes_out_leaves_the_index(service: Service, history: Database, search_url: str) -> None:
    lives = [a_life(f"old {number}") for number in range(3)]
    for life in lives[:2]:
        life.end()
    await service.publish(*lives)
    await _serving(history)
    await until(lambda: _is(service, "old", 3 * RECORDS))
    keep = Duration(seconds=0)
    await service.retention.SetRetentionPolicy(
        retention_pb.SetRetentionPolicyRequest(tenant_id="acme", process_definition_key="order", keep=keep)
    )

    async def gone() -> bool:
        return await _documents(search_url) == RECORDS

    await until(gone)
    assert len(await _found(service.queries, "old")) == RECORDS


async def test_without_a_search_server_an_index_is_given_up(history: Database, tmp_path: Path, search_url: str) -> None:
    async with indexed_history(history, search_url) as indexed, searched_history(history, indexed) as searched:
        await searched.take(a_life("given up").events)
        await history.write(project_on_both(a_life("waiting").events))
        assert await history.read(count_changes(100)) == RECORDS
        async for service in serve(history, tmp_path, ""):

            async def forgotten() -> bool:
                return await history.read(count_changes(1)) == 0

            await until(forgotten)
            assert not (await history.read(read_indexes())).live
            await history.write(project_on_both(a_life("noted no more").events))
            assert await history.read(count_changes(1)) == 0
            assert len(await _found(service.queries, "given up")) == RECORDS
            assert (
                await _refused(service.indexes.CreateSearchIndex(pb.CreateSearchIndexRequest()))
                == "SEARCH_SERVER_MISSING"
            )
        # With one again everything is there, also what came meanwhile.
        await indexed.settle()
        assert len(await _names(search_url)) == 1
        assert await _documents(search_url) == 3 * RECORDS
        assert len(await _found(searched.stub, "noted no more")) == RECORDS


async def test_a_server_that_is_killed_loses_nothing(history: Database, tmp_path: Path) -> None:
    try:
        libraries()
    except RuntimeError as error:
        unavailable(str(error))
    with running_server(tmp_path / "opensearch") as server:
        url = f"{server.url}?index=own"
        async with indexed_history(history, url) as indexed, searched_history(history, indexed) as searched:
            await searched.take(a_life("durable").events)
            server.kill()
            await history.write(project_on_both(a_life("durable too").events))
            assert len(await _found(searched.stub, "durable")) == 2 * RECORDS
            await asyncio.to_thread(server.start)
            await indexed.settle()
            assert await asyncio.to_thread(documents_at, server.url, "own") == 2 * RECORDS


def test_urls_of_search_servers() -> None:
    address = parse_search_url("https://us%40er:p%3Aw@a:9201,b,[::1]:9203/base/?index=mine_1&shards=3")
    assert address.hosts == (("a", 9201), ("b", 9200), ("::1", 9203))
    assert (address.tls, address.path, address.user, address.password) == (True, "/base", "us@er", "p:w")
    assert (address.index, address.shards) == ("mine_1", 3)
    assert "p:w" not in repr(address)
    assert parse_search_url("http://search").hosts == (("search", 9200),)
    for wrong in (
        "http://",
        "http://a:b",
        "http://a?shards=0",
        "http://a?index=UP",
        "http://a?index=_a",
        "http://a?x=1",
    ):
        with pytest.raises(Exception, match="FLOWMESH_SEARCH_URL"):
            parse_search_url(wrong)
