"""Random models are run in random order, kept in memory and reloaded after every step: both must do the same,
and what the model was built to do."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from engine_svc.events import record
from engine_svc.runtime import step
from engine_svc.state.instance import Status
from tests.property.engine.models import Node, blocks, model_of
from tests.unit.runtime.running import NOW, Run, definition_of

RANDOM_MODELS = settings(max_examples=250, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
MOST_STEPS = 2_000


def complete_one(run: Run, choice: int) -> None:
    """Complete one of the open tasks and jobs: the one that a number picks."""
    run.now += 1
    work = sorted([*run.tasks, *run.jobs])
    key = work[choice % len(work)]
    command = step.complete_user_task if key in run.tasks else step.complete_job
    run.took(run.run(command(run.instance, key, {f"by_{key}": choice}, run.now)))


@RANDOM_MODELS
@given(block=blocks(), seed=st.integers(0, 2**32 - 1))
def test_reloading_after_each_step_changes_nothing(block: object, seed: int) -> None:
    xml, expected = model_of(block)
    note(f"seed {seed}\n{xml.decode()}")
    definition = definition_of(xml)
    choices = random.Random(seed)
    kept, reloaded = Run(definition), Run(definition, reload=True)
    for _ in range(MOST_STEPS):
        assert kept.state() == reloaded.state()
        if kept.instance.ended:
            break
        assert kept.tasks or kept.jobs, f"nothing can move: {kept.waiting}"
        choice = choices.randrange(1000)
        complete_one(kept, choice)
        complete_one(reloaded, choice)
    assert kept.status is Status.COMPLETED
    assert Counter(kept.passed) == +expected.completed
    assert expected.variables.items() <= kept.variables.items()
    check_events(kept)


@RANDOM_MODELS
@given(block=blocks(), seed=st.integers(0, 2**32 - 1))
def test_cancel_at_any_time_leaves_nothing(block: object, seed: int) -> None:
    xml, _ = model_of(block)
    note(f"seed {seed}\n{xml.decode()}")
    choices = random.Random(seed)
    run = Run(definition_of(xml), reload=True)
    for _ in range(choices.randrange(12)):
        if run.instance.ended:
            return
        complete_one(run, choices.randrange(1000))
    if run.instance.ended:
        return
    run.cancel("enough")
    assert not run.tasks
    assert not run.jobs
    assert not run.instance.tokens
    check_events(run)


def check_events(run: Run) -> None:
    """Every activity that was told to have started has ended once; keys are given once."""
    started = [event[1] for event in run.log if event[0] == record.ACTIVITY_STARTED]
    ended = [event[1] for event in run.log if event[0] in (record.ACTIVITY_COMPLETED, record.ACTIVITY_TERMINATED)]
    assert len(set(started)) == len(started)
    assert len(set(ended)) == len(ended)
    assert set(started) <= set(ended)
    times = {event[1]: event[6] for event in run.log if event[0] == record.ACTIVITY_COMPLETED}
    assert all(NOW <= time <= run.now for time in times.values())


def test_two_instances_of_one_definition_do_not_see_each_other() -> None:
    shared = definition_of(model_of(Node("user"))[0])
    first, second = Run(shared, {"x": 1}), Run(shared, {"x": 2})
    complete_one(first, 0)
    assert first.completed
    assert second.waiting
    assert second.variables == {"x": 2}
