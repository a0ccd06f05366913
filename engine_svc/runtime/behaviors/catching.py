"""Finding what catches an error or an escalation: from the inside out, what is nearest.

An event sub-process of a scope is nearer than the boundary events of its sub-process. What an event sub-process throws
is not caught beside it, only further out. At each level a catch of the very code beats one of every code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from engine_svc.compile.executable import PROCESS_SCOPE, CatchSpec, Element, ElementKind, StartSpec, SubProcessSpec
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token

Catch = TypeVar("Catch")

NOT = 0
EVERY_CODE = 1
THIS_CODE = 2

Rank = Callable[[object], int]
"""How well a trigger catches what is thrown: `NOT`, `EVERY_CODE` or `THIS_CODE`."""


@dataclass(slots=True, frozen=True)
class AtBoundary:
    """A boundary event catches, by the companion that stands for it."""

    companion: Token


@dataclass(slots=True, frozen=True)
class InScope:
    """An event sub-process of a scope catches, by its start event."""

    scope_key: int
    start: Element


def nearest_catch(execution: Execution, scope_key: int, rank: Rank) -> AtBoundary | InScope | None:
    """Return what catches in a scope of the instance or around it; None where nothing of the instance does."""
    instance = execution.instance
    handled = False
    while True:
        owner = instance.tokens.get(scope_key)
        if not handled and (owner is None or owner.stage is not Stage.BODY):
            start = _catching_start(execution, PROCESS_SCOPE if owner is None else owner.element, rank)
            if start is not None:
                return InScope(scope_key, start)
        if owner is None:
            return None
        boundary = boundary_catch(execution, owner, rank)
        if boundary is not None:
            return boundary
        handled = execution.elements[owner.element].kind is ElementKind.EVENT_SUB_PROCESS
        scope_key = owner.scope_key


def boundary_catch(execution: Execution, host: Token, rank: Rank) -> AtBoundary | None:
    """Return the boundary event of an activity that catches, None where none does."""
    companions = execution.instance.hosted.get(host.key, ()) if host.key else ()
    waiting = ((companion, execution.elements[companion.element].spec) for companion in companions)
    companion = best(((one, spec.trigger) for one, spec in waiting if isinstance(spec, CatchSpec)), rank)
    return None if companion is None else AtBoundary(companion)


def _catching_start(execution: Execution, place: int, rank: Rank) -> Element | None:
    starts = []
    for index in execution.instance.definition.process.event_sub_processes.get(place, ()):
        spec = execution.elements[index].spec
        assert isinstance(spec, SubProcessSpec)
        start = execution.elements[spec.start]
        assert isinstance(start.spec, StartSpec)
        starts.append((start, start.spec.trigger))
    return best(starts, rank)


def best(catches: Iterable[tuple[Catch, object]], rank: Rank) -> Catch | None:
    """Return the first of what catches best, given with its trigger; None where nothing does."""
    every: Catch | None = None
    for catch, trigger in catches:
        how = rank(trigger)
        if how == THIS_CODE:
            return catch
        if how == EVERY_CODE and every is None:
            every = catch
    return every
