"""The commands on ad-hoc sub-processes that wait. Each is pure, see `step`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_svc.compile.executable import AdHocSpec, Element
from engine_svc.runtime import step
from engine_svc.runtime.behaviors.ad_hoc import finish
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.drain import drain
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance, Stage, Token
from mesh.errors import NotFound, WrongState
from mesh.ids import member_id, new_id


def enabled_activities(instance: Instance, key: int) -> list[Element]:
    """Return the activities that can be started in an ad-hoc sub-process, in document order.

    None where its ordering is sequential and one is running. Raises `NotFound` (ACTIVITY_NOT_FOUND), `WrongState`.
    """
    token, spec = _ad_hoc(instance, key)
    if spec.sequential and instance.scopes[token.key].live_tokens:
        return []
    elements = instance.definition.process.elements
    return [elements[index] for index in spec.activities]


def start_activity(
    instance: Instance,
    key: int,
    element_id: str,
    variables: dict[str, Any],
    now: int,
    ids: Callable[[], str] = new_id,
) -> Program[Changes]:
    """Set variables as seen from an ad-hoc sub-process, start an activity in it, and run on.

    Raises `NotFound` (ACTIVITY_NOT_FOUND), `WrongState` (AD_HOC_ACTIVITY_NOT_ENABLED, AD_HOC_SUB_PROCESS_BUSY).
    """
    token, spec = _ad_hoc(instance, key)
    process = instance.definition.process
    index = process.by_id.get(element_id, -1)
    if index not in spec.activities:
        raise WrongState(
            "AD_HOC_ACTIVITY_NOT_ENABLED",
            f"{element_id} is no activity of {process.elements[token.element].id} that can be started",
            metadata={"id": member_id(instance.id, key), "element_id": element_id},
        )
    if spec.sequential and instance.scopes[key].live_tokens:
        raise _busy(instance, token, "its ordering is sequential")
    instance.run_length = 0
    execution = step.execution_of(instance, now, ids)
    for name, value in variables.items():
        execution.set_variable(key, name, value)
    execution.start_token(key, index)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def complete(instance: Instance, key: int, now: int, ids: Callable[[], str] = new_id) -> Program[Changes]:
    """End an ad-hoc sub-process in which nothing runs, and run on.

    Raises `NotFound` (ACTIVITY_NOT_FOUND), `WrongState` (AD_HOC_SUB_PROCESS_BUSY).
    """
    token, _ = _ad_hoc(instance, key)
    if instance.scopes[key].live_tokens:
        raise _busy(instance, token, "they must be completed first")
    instance.run_length = 0
    execution = step.execution_of(instance, now, ids)
    finish(execution, token)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def _ad_hoc(instance: Instance, key: int) -> tuple[Token, AdHocSpec]:
    step.require_running(instance)
    token = instance.tokens.get(key)
    if token is not None and token.stage is Stage.ACTIVE and key in instance.scopes:
        spec = instance.definition.process.elements[token.element].spec
        if isinstance(spec, AdHocSpec):
            return token, spec
    activity_id = member_id(instance.id, key)
    raise NotFound(
        "ACTIVITY_NOT_FOUND", f"no ad-hoc sub-process {activity_id} is running", metadata={"id": activity_id}
    )


def _busy(instance: Instance, token: Token, why: str) -> WrongState:
    element = instance.definition.process.elements[token.element]
    return WrongState(
        "AD_HOC_SUB_PROCESS_BUSY",
        f"activities are running in the ad-hoc sub-process {element.id}: {why}",
        metadata={"id": member_id(instance.id, token.key), "element_id": element.id},
    )
