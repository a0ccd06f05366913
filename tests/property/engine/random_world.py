"""Runs random models without services: what is open is done in a random order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine_svc.events import record
from engine_svc.runtime import step
from engine_svc.runtime.changes import JobKind
from engine_svc.scripts.call import ScriptResult
from engine_svc.state.instance import Token, Wait
from tests.property.engine.blocks.activities import SCRIPT
from tests.unit.runtime.world import World

COMES = frozenset({Wait.MESSAGE, Wait.SIGNAL, Wait.TRIGGER})
A_MINUTE = 60_000_000

Work = tuple[str, str, int]
"""What may be done next: `task`, `work`, `event` or `job`, the instance and the key."""


def random_world(xml: bytes, *, reload: bool = True) -> World:
    """Return a world in which the process `p` of a random model has been started."""
    world = World(xml, scripts={SCRIPT: lambda _: ScriptResult(42)}, reload=reload)
    world.start()
    return world


def open_work(world: World) -> list[Work]:
    """What may be done next, in an order of its own."""
    freeing = {at for (at, _), job in world.jobs.items() if job.element_id.startswith("frees")}

    def may(at: str, element_id: str) -> bool:
        return not element_id.startswith("idle") and not (element_id.startswith("held") and at in freeing)

    work = [("task", at, key) for (at, key), task in world.tasks.items() if may(at, task.element_id)]
    for (at, key), job in world.jobs.items():
        if job.kind is JobKind.EXTERNAL:
            if may(at, job.element_id):
                work.append(("work", at, key))
        elif job.due_micros <= world.now + A_MINUTE:
            work.append(("job", at, key))
    for at, instance in world.instances.items():
        for token in instance.tokens.values():
            if token.waits_for in COMES and may(at, instance.definition.process.elements[token.element].id):
                work.append(("event", at, token.key))
    return sorted(work)


def do(world: World, work: Work, number: int) -> None:
    """Do it, a task or job with a variable that tells the number."""
    kind, at, key = work
    instance = world.instances[at]
    variables = {f"by_{key}": number}
    match kind:
        case "task":
            world.now += 1
            world.do(at, step.complete_user_task(instance, key, variables, world.now, world._new_id))
        case "work":
            world.now += 1
            world.do(at, step.complete_job(instance, key, variables, world.now, world._new_id))
        case "event":
            world.now += 1
            world.do(at, step.trigger(instance, key, {}, world.now, world._new_id))
        case _:
            world.now = max(world.now + 1, world.jobs[(at, key)].due_micros)
            world.do(at, step.run_job(instance, key, world.now, world._new_id))


def state(world: World) -> list[Any]:
    """All that must be the same however the instances were kept between the steps."""
    states: list[Any] = []
    for at, instance in world.instances.items():
        scopes = [(s.key, s.parent_key, s.variables, s.live_tokens) for s in instance.scopes.values()]
        tokens = [
            tuple(getattr(token, name) for name in Token.__slots__ if name != "encoded")
            for token in instance.tokens.values()
        ]
        arrivals = {place: [token.key for token in waiting] for place, waiting in instance.arrivals.items()}
        states.append((at, instance.status, instance.next_key, instance.end_micros, scopes, tokens, arrivals))
    return [*states, world.log]


def completed(world: World) -> Counter[str]:
    """How often each element was completed, in all instances."""
    return Counter(world.completed())


def check_events(world: World) -> None:
    """Every activity that was told to have started has ended once; keys are given once."""
    started = [(at, event[1]) for at, event in world.log if event[0] == record.ACTIVITY_STARTED]
    ends = (record.ACTIVITY_COMPLETED, record.ACTIVITY_TERMINATED)
    ended = [(at, event[1]) for at, event in world.log if event[0] in ends]
    assert len(set(started)) == len(started)
    assert len(set(ended)) == len(ended)
    assert set(started) <= set(ended)


def check_nothing_left(world: World) -> None:
    """No ended instance has anything that waits."""
    assert world.tasks == {}
    assert world.jobs == {}
    for instance in world.instances.values():
        assert not instance.tokens
        assert not instance.scopes
        assert not instance.arrivals
