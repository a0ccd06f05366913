"""Statistics are the same as counted by hand, in whatever order events come, however often, in whatever batches, with
instances purged or history built again in the middle."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history_svc.consumers.both_generations import project_on_both, project_on_next
from history_svc.consumers.projection import project
from history_svc.storage.generations import GENERATION_TABLE, Tables, next_of, present_generation
from history_svc.storage.projection_tables import PROJECTION_TABLES
from history_svc.storage.purging import claim, purge_some
from history_svc.storage.rebuilds import SEEN_TABLE, set_filling
from history_svc.storage.retention_layout import NO_ARCHIVE
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.schema import ensure_schema
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Execute, Program
from mesh.lease import Leases
from tests.unit.history.counted import HOUR_MICROS, TABLES, Counted, by_hand, read
from tests.unit.history.event_histories import START_MICROS, Life, lives
from tests.unit.history.stored import empty

# Some 15 s of work each; on a machine that others kept busy they took more than two minutes.
pytestmark = pytest.mark.timeout(900)

FIRST = START_MICROS // HOUR_MICROS - 1
LAST = FIRST + 80


@st.composite
def told(draw: st.DrawFn) -> list[EventEnvelope]:
    """The events of some instances, as the engine tells them, with incidents, migrations and failures after the end."""
    events: list[EventEnvelope] = []
    for number in range(draw(st.integers(1, 3))):
        life: Life = draw(lives())
        shift = draw(st.sampled_from([0, 1_799_999_999, 86_400_000_000]))
        for event in life.events:
            payload = getattr(event, event.WhichOneof("payload") or "")
            payload.process_instance.process_definition_id = f"definition-{number % 2}"
            for time in [event.timestamp, *([payload.start_time] if hasattr(payload, "start_time") else [])]:
                time.seconds += shift // 1_000_000
        life.definition_id = f"definition-{number % 2}"
        life.micros += shift // 1_000_000 * 1_000_000
        last = life.events[-1].WhichOneof("payload")
        if last == "process_instance_completed" and draw(st.booleans()):
            life.commit()
            life.tell("process_instance_failed", start_time=life.events[0].timestamp, reason="rejected")
        elif last != "process_instance_completed" and draw(st.booleans()):
            life.commit()
            incident = f"{life.id}.77"
            life.tell("incident_raised", incident_id=incident, type="JOB_NO_RETRIES", element_id="approve")
            if draw(st.booleans()):
                # From here on by a definition that no other instance has.
                life.commit()
                life.definition_id = f"definition-of-{number}"
                life.tell("process_instance_migrated", source_process_definition_id=f"definition-{number % 2}")
            if draw(st.booleans()):
                life.commit()
                life.tell("incident_resolved", incident_id=incident)
        events += life.events
    return events


async def _emptied(database: SqliteDatabase) -> None:
    await empty(database)

    def delete() -> Program[None]:
        for table in (*TABLES, SEEN_TABLE):
            yield Execute(f"DELETE FROM {table}")

    await database.write(delete())


def test_any_order_with_duplicates_counts_the_same(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with asyncio.Runner() as runner:
        runner.run(ensure_schema(f"sqlite:///{path}", MIGRATIONS, HEAD))
        database = SqliteDatabase(path)

        async def counted(batches: list[list[EventEnvelope]]) -> Counted:
            await _emptied(database)
            for batch in batches:
                await database.write(project(batch))
            return await read(database, FIRST, LAST)

        @given(told(), st.randoms(use_true_random=False), st.lists(st.integers(1, 9), min_size=1, max_size=4))
        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def check(events: list[EventEnvelope], chance: random.Random, sizes: list[int]) -> None:
            expected = by_hand(events)
            assert runner.run(counted([events])) == expected
            mixed = [*events, *chance.sample(events, len(events) // 2)]
            chance.shuffle(mixed)
            assert runner.run(counted(_batches(mixed, sizes))) == expected

        check()
        runner.run(database.close())


def test_purges_and_rebuilds_leave_the_counts_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with asyncio.Runner() as runner:
        runner.run(ensure_schema(f"sqlite:///{path}", MIGRATIONS, HEAD))
        database = SqliteDatabase(path)
        leases = Leases(database, "purges of a test", 1, seconds=3_600)

        async def purge(told_to_the_end: list[str]) -> int:
            """Take out those of the instances that have ended."""
            await leases.renew()
            holder = leases.holder
            assert holder is not None
            claimed = await database.write(claim(holder, sorted(told_to_the_end), None, 1, by_policy=True))
            while (await database.write(purge_some(holder, NO_ARCHIVE))).more:
                continue
            return claimed

        async def rebuilt(log: list[EventEnvelope], coming: list[list[EventEnvelope]]) -> None:
            """Build it again from what there was, while more comes, as `RebuildWorker` does it."""
            tables = Tables(sqlite=True)
            names = [table.name for table in PROJECTION_TABLES]
            generation = (await database.read(present_generation())) + 1
            for name in (*names, GENERATION_TABLE):
                await database.write(tables.make_next(name, generation))
            await database.write(tables.set_generation(generation))
            await database.write(set_filling(True))
            for start in range(0, len(log), 7):
                if coming:
                    await database.write(project_on_both(coming.pop()))
                await database.write(project_on_next(log[start : start + 7]))
            while coming:
                await database.write(project_on_both(coming.pop()))
            await database.write(tables.swap([*names, GENERATION_TABLE]))
            await database.write(set_filling(False))
            for name in (*names, GENERATION_TABLE):
                await database.write(tables.drop(next_of(name)))
            assert await database.read(present_generation()) == generation

        async def lived(
            events: list[EventEnvelope], chance: random.Random, sizes: list[int], *, purging: bool
        ) -> tuple[Counted, int]:
            await _emptied(database)
            mixed = [*events, *chance.sample(events, len(events) // 2)]
            chance.shuffle(mixed)
            cut = chance.randrange(len(mixed) + 1)
            before, after = _batches(mixed[:cut], sizes), _batches(mixed[cut:], sizes)
            for batch in before:
                await database.write(project_on_both(batch))
            purged = 0
            if purging:
                come = {event.event_id for event in mixed[:cut]}
                ids = {event.biz_id for event in events}
                ids -= {event.biz_id for event in events if event.event_id not in come}
                purged = await purge(list(ids))
                for batch in after:
                    await database.write(project_on_both(batch))
            else:
                log = mixed[:cut]
                chance.shuffle(log)
                await rebuilt(log, after)
            return await read(database, FIRST, LAST), purged

        seen: Counter[bool] = Counter()

        @given(
            told(),
            st.randoms(use_true_random=False),
            st.lists(st.integers(1, 9), min_size=1, max_size=4),
            st.booleans(),
        )
        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def check(events: list[EventEnvelope], chance: random.Random, sizes: list[int], purging: bool) -> None:
            counted, purged = runner.run(lived(events, chance, sizes, purging=purging))
            assert counted == by_hand(events)
            seen[bool(purged)] += 1

        check()
        assert all(seen.values())
        assert len(seen) == 2
        runner.run(database.close())


def _batches(events: list[EventEnvelope], sizes: list[int]) -> list[list[EventEnvelope]]:
    batches: list[list[EventEnvelope]] = []
    place = 0
    while place < len(events):
        size = sizes[len(batches) % len(sizes)]
        batches.append(events[place : place + size])
        place += size
    return batches
