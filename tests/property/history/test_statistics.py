"""Statistics are the same as counted by hand, in whatever order events come, however often, in whatever batches."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from flowmesh.events.v1.event_pb2 import EventEnvelope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history_svc.consumers.projection import project
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.schema import ensure_schema
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Execute, Program
from tests.unit.history.counted import HOUR_MICROS, TABLES, Counted, by_hand, read
from tests.unit.history.event_histories import START_MICROS, Life, lives
from tests.unit.history.stored import empty

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
        for table in TABLES:
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
            batches: list[list[EventEnvelope]] = []
            while mixed:
                size = sizes[len(batches) % len(sizes)]
                batches.append(mixed[:size])
                del mixed[:size]
            assert runner.run(counted(batches)) == expected

        check()
        runner.run(database.close())
