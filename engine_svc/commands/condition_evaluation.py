"""Conditional events on demand: of an instance, and those that start processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor, Start, instance_missing
from engine_svc.commands.signal_delivery import Failure
from engine_svc.commands.start_texts import trigger_of
from engine_svc.compile.executable import ConditionTrigger
from engine_svc.expressions.errors import ExpressionError
from engine_svc.runtime import step
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance, Wait
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.start_events import find_starts
from mesh.call import open_rows


class _Given:
    """Reads the variables of a call."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self._variables = variables

    def lookup(self, name: str) -> Any:
        return self._variables[name]


async def evaluate_instance(
    executor: InstanceExecutor,
    instance_id: str,
    variables: dict[str, Any],
    request: RequestRecord | None,
    respond: Callable[[Instance, int], Message],
) -> bytes:
    """Set variables and fire the conditional events whose condition holds. Raises `NotFound`, `WrongState`."""

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes, fired = yield from step.evaluate_conditions(instance, dict(variables), now)
        return Effect(changes, lambda: respond(instance, fired))

    return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))


async def evaluate_starts(
    executor: InstanceExecutor,
    tenant_id: str,
    definition_key: str,
    business_key: str,
    variables: dict[str, Any],
    request: RequestRecord | None,
    respond: Callable[[Sequence[Instance], Sequence[Failure]], Message],
) -> bytes:
    """Start the newest versions that have a conditional start event whose condition holds, all or none.

    Raises `DomainError`.
    """
    opened = open_rows()
    answer = await executor.answer_to(request)
    if answer is not None:
        return answer
    found = [
        start
        for start in await executor.database.read(find_starts(tenant_id, Wait.CONDITION, "", definition_key))
        if opened.allow(tenant_id, start.definition_key)
    ]
    definitions = await executor.definitions.by_ids({start.definition_id for start in found if not start.suspended})
    starts: list[Start] = []
    failures: list[Failure] = []
    for start in found:
        definition = definitions.get(start.definition_id)
        if definition is None:
            continue
        process = definition.process
        trigger = trigger_of(process.elements[process.by_id[start.element_id]])
        assert isinstance(trigger, ConditionTrigger)
        try:
            # What the instance would have from the start: the values of its data objects, and what is given.
            holds = bool(trigger.condition(_Given({**process.variables, **variables})))
        except ExpressionError as error:
            failures.append(Failure("", definition.id, "EXPRESSION_FAILED", f"element {start.element_id}: {error}"))
            continue
        if holds:
            starts.append(
                Start(
                    definition.id,
                    "",
                    0,
                    tenant_id,
                    business_key,
                    dict(variables),
                    "",
                    start_element=start.element_id,
                )
            )
    if starts:
        return await executor.create(starts, request, lambda instances: respond(instances, failures))
    return await executor.keep_answer(request, respond([], failures).SerializeToString())
