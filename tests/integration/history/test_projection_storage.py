"""The projection on both databases: generated histories, shuffled, against one event at a time."""

from __future__ import annotations

import random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from history_svc.consumers.projection import project
from history_svc.storage.layout import ACTIVITY_TABLE, INSTANCE_TABLE, TASK_TABLE, VARIABLE_TABLE
from mesh.db.database import Database
from tests.unit.history.event_histories import Life, lives
from tests.unit.history.stored import empty, stored


def _some_lives(count: int) -> list[Life]:
    drawn: list[Life] = []

    @settings(max_examples=1, database=None, derandomize=True, deadline=None, phases=[Phase.generate])
    @given(st.lists(lives(), min_size=count, max_size=count))
    def draw(told: list[Life]) -> None:
        drawn[:] = told

    draw()
    return drawn


async def test_shuffled_duplicated_batches_give_the_same_rows(history: Database) -> None:
    events = [event for life in _some_lives(20) for event in life.events]
    for event in events:
        await history.write(project([event]))
    straight = await stored(history)
    for seed in range(3):
        chance = random.Random(seed)
        mixed = events + chance.choices(events, k=len(events) // 2)
        chance.shuffle(mixed)
        await empty(history)
        for start in range(0, len(mixed), 37):
            await history.write(project(mixed[start : start + 37]))
        assert await stored(history) == straight


async def test_one_large_batch(history: Database) -> None:
    lives_told = []
    for number in range(700):
        life = Life(business_key=f"B-{number}")
        life.start(amount=number, text="金额😀")
        activity = life.activity("approve")
        start = life.enter(activity)
        life.tell("user_task_created", task_id=activity.id, element_id="approve", name="Approve")
        life.commit()
        life.leave(activity, start)
        life.end()
        lives_told.append(life)
    events = [event for life in lives_told for event in life.events]
    await history.write(project(events))
    await history.write(project(events))
    rows = await stored(history)
    assert len(rows[INSTANCE_TABLE]) == len(rows[ACTIVITY_TABLE]) == len(rows[TASK_TABLE]) == 700
    assert len(rows[VARIABLE_TABLE]) == 1400
    assert {row["value_json"] for row in rows[VARIABLE_TABLE] if row["name"] == "text"} == {'"金额😀"'.encode()}
