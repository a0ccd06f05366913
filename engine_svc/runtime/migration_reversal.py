"""Undoing a migration: an instance becomes what it was before, as long as nothing else has happened to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine_svc.events.record import (
    ACTIVITY_STARTED,
    INCIDENT_RAISED,
    INSTANCE_MIGRATED,
    VARIABLES_DELETED,
    VARIABLES_UPDATED,
)
from engine_svc.runtime.behaviors.cancellation import forget, terminate
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.unit import Unit
from engine_svc.state.definition import Definition
from engine_svc.state.instance import Instance
from mesh.ids import new_id

REASON = "the migration was undone"
_STATE = (
    "added_tasks",
    "arrivals",
    "delegated_tasks",
    "hosted",
    "incidents",
    "run_length",
    "scopes",
    "tokens",
    "watching",
)


@dataclass(slots=True)
class Reverted:
    """What undoing a migration did. `renamed`: the old element id of what was kept, by key."""

    changes: Changes
    renamed: dict[int, str] = field(default_factory=dict)


def revert(
    instance: Instance,
    before: Instance,
    definition: Definition,
    created_tasks: Mapping[int, Sequence[Any]],
    raised: Mapping[int, Sequence[Any]],
    now: int,
    ids: Callable[[], str] = new_id,
) -> Reverted:
    """Give an instance the state that `before` has. `definition` is the one it had then.

    `created_tasks` and `raised` hold the event of each user task and incident that comes back, by key.
    """
    execution = Execution(instance, Unit(now, ids))
    source = instance.definition
    done = Reverted(execution.changes)
    fresh = [token for key, token in instance.tokens.items() if key not in before.tokens]
    was = {key: execution.elements[token.element] for key, token in instance.tokens.items()}
    terminate(execution, fresh[::-1], REASON)
    for token in fresh:
        forget(execution, token)
    events = execution.changes.events
    told = []
    for key, token in before.tokens.items():
        element = definition.process.elements[token.element]
        if key in was:
            if was[key].id != element.id:
                done.renamed[key] = element.id
            if (was[key].id, was[key].name) != (element.id, element.name):
                told.append([key, element.id, element.name, element.bpmn_type])
    events.append((INSTANCE_MIGRATED, source.id, source.key, source.version, told))
    _tell_variables(execution, before)
    for name in _STATE:
        setattr(instance, name, getattr(before, name))
    instance.definition = definition
    execution.elements = definition.process.elements
    for key, token in instance.tokens.items():
        if key in was:
            continue
        element = execution.elements[token.element]
        if execution.is_shown(token):
            about = (element.id, element.name, element.bpmn_type, token.scope_key, execution.flow_id(token))
            events.append((ACTIVITY_STARTED, key, *about))
        if key in created_tasks:
            events.append(tuple(created_tasks[key]))
    for key, event in raised.items():
        if key in instance.incidents:
            events.append((INCIDENT_RAISED, *event))
    done.changes = execution.unit.finish(execution)
    return done


def _tell_variables(execution: Execution, before: Instance) -> None:
    for key, scope in before.scopes.items():
        current = execution.instance.scopes.get(key)
        now = {} if current is None else current.variables
        changed = {name: value for name, value in scope.variables.items() if name not in now or now[name] != value}
        gone = [name for name in now if name not in scope.variables]
        if changed:
            execution.changes.events.append((VARIABLES_UPDATED, key, changed))
        if gone:
            execution.changes.events.append((VARIABLES_DELETED, key, gone))
