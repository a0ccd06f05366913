from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history_svc.consumers.projection import project
from history_svc.storage.layout import (
    ACTIVITY_TABLE,
    ATTACHMENT_TABLE,
    COMMENT_TABLE,
    COMPLETED,
    INCIDENT_TABLE,
    INSTANCE_COMPLETED,
    INSTANCE_FAILED,
    INSTANCE_PAUSED,
    INSTANCE_RUNNING,
    INSTANCE_TABLE,
    INSTANCE_TERMINATED,
    OPEN,
    PROGRESS_TABLE,
    TASK_TABLE,
    TERMINATED,
    VARIABLE_TABLE,
)
from history_svc.storage.statistics_layout import SHARD_TABLE
from mesh.db.sqlite import SqliteDatabase
from mesh.db.sqlite_statements import run
from mesh.db.statements import Fetch, FetchKeys, Program
from tests.unit.history.event_histories import START_MICROS, Life, lives, timestamp
from tests.unit.history.stored import Stored, empty, stored


async def test_instance_from_start_to_end(history: SqliteDatabase) -> None:
    life = Life(business_key="B-1", tenant_id="acme")
    life.start("ann", amount=5)
    await history.write(project(life.events))
    (row,) = (await stored(history))[INSTANCE_TABLE]
    assert (row["status"], row["start_micros"], row["end_micros"]) == (INSTANCE_RUNNING, START_MICROS, None)
    assert (row["process_definition_key"], row["process_definition_version"]) == ("order", 1)
    assert (row["business_key"], row["tenant_id"], row["initiator"]) == ("B-1", "acme", "ann")

    life.events.clear()
    life.commit()
    life.tell("process_instance_suspended")
    await history.write(project(life.events))
    (row,) = (await stored(history))[INSTANCE_TABLE]
    assert row["status"] == INSTANCE_PAUSED

    life.events.clear()
    life.commit()
    life.tell("process_instance_resumed")
    life.commit()
    life.end()
    await history.write(project(life.events))
    (row,) = (await stored(history))[INSTANCE_TABLE]
    assert (row["status"], row["end_micros"]) == (INSTANCE_COMPLETED, START_MICROS + 3_000_000)
    assert (row["start_micros"], row["initiator"]) == (START_MICROS, "ann")


async def test_a_completed_instance_that_failed_after_all(history: SqliteDatabase) -> None:
    life = Life()
    life.start("ann")
    life.commit()
    life.end()
    life.commit()
    life.tell(
        "process_instance_failed",
        start_time=timestamp(START_MICROS),
        reason="rejected",
        saga_id=f"saga:process:{life.id}",
    )
    for order in itertools.permutations(life.events):
        for event in order:
            await history.write(project([event]))
        (row,) = (await stored(history))[INSTANCE_TABLE]
        assert (row["status"], row["end_micros"], row["end_reason"]) == (
            INSTANCE_FAILED,
            START_MICROS + 2_000_000,
            "rejected",
        )
        await empty(history)


async def test_a_migrated_instance_has_the_definition_that_it_came_to(history: SqliteDatabase) -> None:
    life = Life()
    life.start("ann")
    life.commit()
    source, life.definition_id = life.definition_id, "definition-2"
    life.tell("process_instance_migrated", source_process_definition_id=source)
    await history.write(project(life.events))
    (row,) = (await stored(history))[INSTANCE_TABLE]
    assert (row["status"], row["process_definition_id"]) == (INSTANCE_RUNNING, "definition-2")


async def test_terminated_instance_keeps_its_reason(history: SqliteDatabase) -> None:
    life = Life()
    life.start()
    life.commit()
    life.terminate("no longer wanted")
    await history.write(project(life.events))
    (row,) = (await stored(history))[INSTANCE_TABLE]
    assert (row["status"], row["end_reason"]) == (INSTANCE_TERMINATED, "no longer wanted")


async def test_end_before_start_is_filled_in(history: SqliteDatabase) -> None:
    life = Life()
    life.start("ann")
    life.commit()
    life.end()
    started, completed = life.events
    await history.write(project([completed]))
    (row,) = (await stored(history))[INSTANCE_TABLE]
    assert (row["status"], row["start_micros"], row["initiator"]) == (INSTANCE_COMPLETED, START_MICROS, "")
    await history.write(project([started]))
    (row,) = (await stored(history))[INSTANCE_TABLE]
    assert (row["status"], row["start_micros"], row["initiator"]) == (INSTANCE_COMPLETED, START_MICROS, "ann")


async def test_activity_that_passes_in_one_commit(history: SqliteDatabase) -> None:
    life = Life()
    life.leave(life.activity("gateway", "exclusiveGateway"))
    await history.write(project(life.events))
    (row,) = (await stored(history))[ACTIVITY_TABLE]
    assert (row["state"], row["start_micros"], row["end_micros"]) == (COMPLETED, START_MICROS, START_MICROS)
    assert (row["element_id"], row["element_type"], row["sequence"]) == ("gateway", "exclusiveGateway", 1)


async def test_late_start_does_not_reopen_an_activity(history: SqliteDatabase) -> None:
    life = Life()
    activity = life.activity("approve", parent="sub.1")
    start = life.enter(activity)
    life.commit()
    life.leave(activity, start)
    await history.write(project(life.events[1:]))
    await history.write(project(life.events[:1]))
    (row,) = (await stored(history))[ACTIVITY_TABLE]
    assert (row["state"], row["start_micros"]) == (COMPLETED, START_MICROS)
    assert (row["end_micros"], row["parent_activity_id"]) == (START_MICROS + 1_000_000, "sub.1")


async def test_task_from_creation_to_completion(history: SqliteDatabase) -> None:
    life = Life(tenant_id="acme")
    due = START_MICROS + 86_400_000_000
    life.tell(
        "user_task_created",
        task_id="t-1",
        element_id="approve",
        name="Approve",
        description="Approve the order",
        candidate_groups=["managers"],
        priority=50,
        due_time=timestamp(due),
    )
    life.tell("user_task_assigned", task_id="t-1", assignee="ann")
    await history.write(project(life.events))
    (row,) = (await stored(history))[TASK_TABLE]
    assert (row["state"], row["assignee"], row["priority"], row["due_micros"]) == (OPEN, "ann", 50, due)
    assert (row["name"], row["description"], row["tenant_id"]) == ("Approve", "Approve the order", "acme")

    life.events.clear()
    life.commit()
    life.tell("user_task_completed", task_id="t-1", element_id="approve", assignee="ann")
    await history.write(project(life.events))
    (row,) = (await stored(history))[TASK_TABLE]
    assert (row["state"], row["end_micros"], row["assignee"]) == (COMPLETED, START_MICROS + 1_000_000, "ann")
    assert row["create_micros"] == START_MICROS


async def test_task_known_first_by_its_end(history: SqliteDatabase) -> None:
    life = Life()
    life.tell("user_task_created", task_id="t-1", element_id="approve", name="Approve", assignee="ann")
    life.commit()
    life.tell("user_task_terminated", task_id="t-1", reason="boundary event")
    created, terminated = life.events
    await history.write(project([terminated]))
    await history.write(project([created]))
    (row,) = (await stored(history))[TASK_TABLE]
    assert (row["state"], row["end_reason"], row["name"]) == (TERMINATED, "boundary event", "Approve")
    assert (row["assignee"], row["create_micros"]) == ("ann", START_MICROS)


async def test_task_told_backwards(history: SqliteDatabase) -> None:
    life = Life()
    life.tell("user_task_created", task_id="t-1", element_id="approve", name="Approve")
    life.tell("user_task_assigned", task_id="t-1", assignee="ann")
    life.commit()
    life.tell("user_task_completed", task_id="t-1", element_id="approve", assignee="ann")
    for event in reversed(life.events):
        await history.write(project([event]))
        (row,) = (await stored(history))[TASK_TABLE]
        assert (row["state"], row["assignee"], row["element_id"]) == (COMPLETED, "ann", "approve")
    assert row["name"] == "Approve"


async def test_task_details_are_the_last_ones_told(history: SqliteDatabase) -> None:
    life = Life()
    life.tell("user_task_created", task_id="t-1", name="Approve", parent_task_id="t-0", owner="ann", form_key="f")
    life.commit()
    due = timestamp(START_MICROS)
    life.tell("user_task_updated", task_id="t-1", name="Look", category="c", follow_up_time=due, priority=7)
    life.commit()
    life.tell("user_task_completed", task_id="t-1", assignee="bob", outcome="ok", completed_by="kim")
    for events in (life.events, life.events[::-1]):
        await empty(history)
        for event in events:
            await history.write(project([event]))
        (row,) = (await stored(history))[TASK_TABLE]
        assert (row["name"], row["category"], row["priority"], row["owner"]) == ("Look", "c", 7, "")
        assert (row["follow_up_micros"], row["parent_task_id"], row["form_key"]) == (START_MICROS, "t-0", "")
        assert (row["outcome"], row["completed_by"], row["assignee"]) == ("ok", "kim", "bob")


async def test_a_stand_alone_task_has_no_instance(history: SqliteDatabase) -> None:
    life = Life(key="", definition_id="")
    life.tell("user_task_created", task_id="t-1", name="Buy milk")
    await history.write(project(life.events))
    (row,) = (await stored(history))[TASK_TABLE]
    assert (row["process_instance_id"], row["name"]) == ("", "Buy milk")


async def test_variables_keep_the_last_value_by_scope(history: SqliteDatabase) -> None:
    life = Life()
    life.start(amount=1, note="a")
    life.set(amount=2)
    life.set(f"{life.id}.7", amount=70)
    life.commit()
    life.set(amount={"net": [1, 2.5, None], "gross": True})
    last = life.events.pop()
    await history.write(project([last]))
    await history.write(project(life.events))
    rows = (await stored(history))[VARIABLE_TABLE]
    assert {(row["id"], row["value_json"]) for row in rows} == {
        (f"{life.id}.0.amount", b'{"gross":true,"net":[1,2.5,null]}'),
        (f"{life.id}.0.note", b'"a"'),
        (f"{life.id}.7.amount", b"70"),
    }
    assert {row["update_micros"] for row in rows} == {START_MICROS, START_MICROS + 1_000_000}


async def test_events_without_history_change_nothing(history: SqliteDatabase) -> None:
    life = Life()
    life.tell("completion_pending", saga_id="saga-1", attempt=1)
    await history.write(project([*life.events, EventEnvelope(event_id="from-a-newer-release")]))
    tables = await stored(history)
    assert tables.pop(PROGRESS_TABLE) == [{"id": life.id, "revision": 1}]
    assert not any(tables.values())


async def test_a_revision_is_reached_by_its_last_event_and_never_lost(history: SqliteDatabase) -> None:
    life = Life()
    life.start()
    life.set(a=1)
    life.commit()
    life.set(a=2)
    first, second, third = life.events
    reached = []
    for event in (first, second, third, second, first):
        await history.write(project([event]))
        reached.append([row["revision"] for row in (await stored(history))[PROGRESS_TABLE]])
    assert reached == [[], [1], [2], [2], [2]]


async def test_a_deleted_variable_does_not_come_back_by_a_late_value(history: SqliteDatabase) -> None:
    life = Life()
    life.start(a=1, b=1)
    life.commit()
    life.tell("variables_deleted", names=["a", "b"])
    life.commit()
    life.set(b=2)
    for events in (life.events, life.events[::-1]):
        await empty(history)
        for event in events:
            await history.write(project([event]))
        rows = (await stored(history))[VARIABLE_TABLE]
        assert [(row["name"], row["deleted"], row["value_json"]) for row in rows] == [("a", 1, b""), ("b", 0, b"2")]


async def test_a_called_instance_knows_its_callers(history: SqliteDatabase) -> None:
    life = Life()
    life.tell(
        "process_instance_started",
        parent_process_instance_id="p",
        parent_activity_id="p.3",
        root_process_instance_id="r",
    )
    life.commit()
    life.end()
    for events in (life.events, life.events[::-1]):
        await empty(history)
        for event in events:
            await history.write(project([event]))
        (row,) = (await stored(history))[INSTANCE_TABLE]
        assert (row["parent_process_instance_id"], row["parent_activity_id"]) == ("p", "p.3")
        assert row["root_process_instance_id"] == "r"


@pytest.mark.parametrize(("revision", "ordinal"), [(0, 0), (1 << 43, 0), (1, 1 << 20)])
async def test_impossible_position_is_refused(history: SqliteDatabase, revision: int, ordinal: int) -> None:
    life = Life(revision=revision, ordinal=ordinal)
    life.start()
    with pytest.raises(ValueError, match="not a position"):
        await history.write(project(life.events))
    assert not any((await stored(history)).values())


def test_statements_do_not_grow_with_the_batch() -> None:
    def statements(count: int) -> int:
        told: list[EventEnvelope] = []
        for _ in range(count):
            life = Life()
            life.start(amount=1)
            activity = life.activity("approve")
            life.enter(activity)
            life.tell("user_task_created", task_id=activity.id, element_id="approve")
            told += life.events
        program, number = project(told), 0
        try:
            statement = program.send(None)
            while True:
                number += 1
                is_shard = isinstance(statement, Fetch) and SHARD_TABLE in statement.sql
                statement = program.send([(0,)] if is_shard else [])
        except StopIteration:
            return number

    assert statements(1) == statements(100) == 21


def _in_pieces(events: list[EventEnvelope], cuts: list[int]) -> list[list[EventEnvelope]]:
    places = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    return [events[start:end] for start, end in itertools.pairwise(places)]


def test_any_order_with_duplicates_gives_the_same_rows(history_file: Path) -> None:
    with asyncio.Runner() as runner:
        database = SqliteDatabase(history_file)

        async def rows_of(batches: list[list[EventEnvelope]]) -> Stored:
            await empty(database)
            for batch in batches:
                await database.write(project(batch))
            return await stored(database)

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(
            st.lists(lives(), min_size=1, max_size=2),
            st.integers(0, 2**32),
            st.lists(st.integers(0, 60), max_size=3),
        )
        def check(told: list[Life], seed: int, cuts: list[int]) -> None:
            events = [event for life in told for event in life.events]
            straight = runner.run(rows_of([[event] for event in events]))
            chance = random.Random(seed)
            mixed = events + chance.choices(events, k=len(events) // 2)
            chance.shuffle(mixed)
            assert runner.run(rows_of(_in_pieces(mixed, cuts))) == straight

        try:
            check()
        finally:
            runner.run(database.close())


def _run(connection: sqlite3.Connection, program: Program[None], before_writing: str = "", outcome: Any = None) -> Any:
    """Run a program to its end, or until it has read the rows of a table that it is about to write: return these."""
    while True:
        try:
            statement = program.send(outcome)
        except StopIteration:
            return None
        outcome = run(connection, statement)
        if isinstance(statement, FetchKeys) and statement.lock and statement.table == before_writing:
            return outcome


@pytest.mark.parametrize(
    "table", [VARIABLE_TABLE, PROGRESS_TABLE, COMMENT_TABLE, ATTACHMENT_TABLE, INCIDENT_TABLE], ids=str
)
async def test_a_new_row_that_another_consumer_has_just_made_is_not_overwritten(
    history: SqliteDatabase, history_file: Path, table: str
) -> None:
    """On MariaDB nothing locks a row that is not there, so two consumers may both find none; here a program waits."""
    life = Life()
    life.start(amount=1)
    life.tell("comment_created", comment_id=f"{life.id}.3", text="secret")
    life.tell("attachment_created", attachment_id=f"{life.id}.4", name="secret.pdf")
    life.tell("incident_raised", incident_id=f"{life.id}.5", type="JOB_NO_RETRIES")
    earlier = list(life.events)
    life.commit()
    life.set(amount=2)
    life.tell("comment_deleted", comment_id=f"{life.id}.3")
    life.tell("attachment_deleted", attachment_id=f"{life.id}.4")
    life.tell("incident_resolved", incident_id=f"{life.id}.5")
    later = life.events[len(earlier) :]
    await history.write(project(life.events))
    expected = await stored(history)
    await empty(history)
    with sqlite3.connect(history_file, isolation_level=None) as connection:
        slow = project(earlier)
        found = _run(connection, slow, table)
        assert found == []
        _run(connection, project(later))
        with pytest.raises(sqlite3.IntegrityError, match=table):
            _run(connection, slow, outcome=found)
        _run(connection, project(earlier))
    assert await stored(history) == expected
