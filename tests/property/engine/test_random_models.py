"""Random models are run in random order, kept in memory and reloaded after every step: both must do the same,
and what the model was built to do."""

from __future__ import annotations

import random

import pytest

from engine_svc.state.instance import Status
from tests.property.engine.blocks.activities import Activity
from tests.property.engine.blocks.choosing import random_block
from tests.property.engine.blocks.writer import model_of
from tests.property.engine.random_world import (
    check_events,
    check_nothing_left,
    completed,
    do,
    open_work,
    random_world,
    state,
)
from tests.property.engine.seeds import seeds, told

MODELS = 400
CANCELLED = 100
MANY, AT_ONCE = 2_000, 250
MOST_STEPS = 3_000


def run(seed: int) -> None:
    """Run the model of a seed twice, in the order of the seed, and compare."""
    xml, expected = model_of(random_block(seed))
    with told(seed, xml):
        order = random.Random(seed)
        kept, reloaded = random_world(xml, reload=False), random_world(xml)
        for number in range(MOST_STEPS):
            assert state(kept)[:-1] == state(reloaded)[:-1]
            if kept.ended:
                break
            work = open_work(kept)
            assert work, f"nothing can move: {kept.waiting()}"
            chosen = order.choice(work)
            do(kept, chosen, number)
            do(reloaded, chosen, number)
        assert kept.log == reloaded.log
        assert {instance.status for instance in kept.instances.values()} <= {Status.COMPLETED, Status.TERMINATED}
        assert kept.status() is Status.COMPLETED
        assert completed(kept) == +expected.completed
        assert expected.variables.items() <= kept.variables().items()
        check_events(kept)
        check_nothing_left(reloaded)


@pytest.mark.parametrize("seed", seeds(0, MODELS))
def test_reloading_after_each_step_changes_nothing(seed: int) -> None:
    run(seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(MODELS, MODELS + MANY, AT_ONCE))
def test_thousands_of_models(first: int) -> None:
    for seed in seeds(first, AT_ONCE):
        run(seed)


@pytest.mark.parametrize("seed", seeds(0, CANCELLED))
def test_cancel_at_any_time_leaves_nothing(seed: int) -> None:
    xml, _ = model_of(random_block(seed))
    with told(seed, xml):
        order = random.Random(seed)
        world = random_world(xml)
        for number in range(order.randrange(12)):
            if world.ended:
                return
            do(world, order.choice(open_work(world)), number)
        if not world.ended:
            world.cancel(next(iter(world.instances)), "enough")
        check_nothing_left(world)
        check_events(world)


def test_two_instances_of_one_definition_do_not_see_each_other() -> None:
    world = random_world(model_of(Activity("user"))[0])
    first = next(iter(world.instances))
    second = world.start(variables={"x": 2})
    world.complete("user1", {"x": 1}, at=first)
    assert world.status(first) is Status.COMPLETED
    assert world.status(second) is Status.RUNNING
    assert world.variables(second) == {"x": 2}
