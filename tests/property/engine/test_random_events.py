"""Random models with events, several instances, calls and asynchronous jobs, driven in random order.

Whatever comes first, what the blocks tell must hold; it must be the same whether instances stay in memory or come back
from their stored form after every step, and whether steps run through or are cut into the shortest slices.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from engine_svc.runtime import drain, step
from engine_svc.runtime.changes import JobKind
from engine_svc.state.instance import NO_HOST, ROOT_SCOPE, Status, Wait
from tests.property.engine.event_blocks import Outcome, blocks, file_of
from tests.unit.runtime.world import World

RANDOM_EVENTS = settings(
    max_examples=400,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MOST_STEPS = 3_000
TRIGGERED = (Wait.MESSAGE, Wait.SIGNAL, Wait.TRIGGER)
Place = tuple[str, int]


class Driver:
    """Makes one thing happen after another; an event that may come again and again comes once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.came: set[Place] = set()

    def choices(self) -> list[Place]:
        """All that can be done next."""
        world = self.world
        events = [
            (instance_id, token.key)
            for instance_id, instance in world.instances.items()
            for token in instance.tokens.values()
            if token.waits_for in TRIGGERED
            and (token.host == NO_HOST or token.host == ROOT_SCOPE or (instance_id, token.key) not in self.came)
        ]
        return sorted([*world.tasks, *world.jobs, *events])

    def do(self, place: Place) -> None:
        """Do one of them."""
        world, (instance_id, key) = self.world, place
        instance = world.instances[instance_id]
        world.now += 1
        if place in world.tasks:
            world.do(instance_id, step.complete_user_task(instance, key, {}, world.now, world._new_id))
        elif place not in world.jobs:
            self.came.add(place)
            world.do(instance_id, step.trigger(instance, key, {}, world.now, world._new_id))
        elif world.jobs[place].kind is JobKind.EXTERNAL:
            world.do(instance_id, step.complete_job(instance, key, {}, world.now, world._new_id))
        else:
            world.do(instance_id, step.run_job(instance, key, world.now, world._new_id))

    def run(self, choices: random.Random) -> None:
        """Go on until nothing more can be done."""
        for _ in range(MOST_STEPS):
            open_now = self.choices()
            if not open_now:
                return
            self.do(open_now[choices.randrange(len(open_now))])
        raise AssertionError("it does not come to an end")


def check(world: World, outcome: Outcome) -> None:
    """Everything has ended as the blocks tell, and nothing is left of it."""
    assert {instance.status for instance in world.instances.values()} <= {Status.COMPLETED, Status.TERMINATED}
    assert world.status() is Status.COMPLETED
    assert (world.tasks, world.jobs) == ({}, {})
    assert outcome.violations(Counter(world.completed())) == []
    for instance in world.instances.values():
        assert (instance.tokens, instance.scopes, instance.pages, instance.hosted) == ({}, {}, {}, {})


@RANDOM_EVENTS
@given(block=blocks(), seed=st.integers(0, 2**32 - 1))
def test_whatever_comes_first_the_outcome_holds(block: object, seed: int) -> None:
    xml, outcome = file_of(block)
    note(f"seed {seed}\n{xml.decode()}")
    kept, reloaded = Driver(World(xml, reload=False)), Driver(World(xml))
    kept.world.start()
    reloaded.world.start()
    choices = random.Random(seed)
    for _ in range(MOST_STEPS):
        assert kept.world.log == reloaded.world.log
        open_now = kept.choices()
        assert reloaded.choices() == open_now
        if not open_now:
            break
        place = open_now[choices.randrange(len(open_now))]
        kept.do(place)
        reloaded.do(place)
    check(kept.world, outcome)
    check(reloaded.world, outcome)


@pytest.fixture(scope="module")
def short_slices() -> object:
    """Steps of three elements; the rest goes on in jobs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drain, "SLICE", 3)
        yield


@pytest.mark.usefixtures("short_slices")
@RANDOM_EVENTS
@given(block=blocks(), seed=st.integers(0, 2**32 - 1))
def test_steps_that_are_cut_lead_to_the_same(block: object, seed: int) -> None:
    xml, outcome = file_of(block)
    note(f"seed {seed}\n{xml.decode()}")
    driver = Driver(World(xml))
    driver.world.start()
    driver.run(random.Random(seed))
    check(driver.world, outcome)
