"""What surrounds the behaviour of an element: asynchronous jobs, listeners, mappings, loops, compensation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine_svc.compile.executable import (
    NO_ELEMENT,
    ExternalTaskSpec,
    ListenerSpec,
    LoopSpec,
    MappingSpec,
    MultiInstanceSpec,
    RetrySpec,
    ScriptSpec,
    Wrapping,
)
from engine_svc.compile.texts import compiled, compiled_condition_or_none, compiled_or_none
from engine_svc.compile.values import compiled_value
from engine_svc.expressions import is_constant
from engine_svc.model.elements import (
    Activity,
    FlowNode,
    Listener,
    ListenerEvent,
    ModelText,
    MultiInstance,
    Script,
    StandardLoop,
    VariableMapping,
)
from engine_svc.model.retry_cycle import read_retry_cycle

_DEFAULT_RETRIES = 3
_PLAIN = Wrapping()


def wrapping_of(
    node: FlowNode,
    index_of: Mapping[str, int],
    *,
    has_boundary: bool,
    compensation_handler: int = NO_ELEMENT,
    process_priority: ModelText | None = None,
) -> Wrapping | None:
    """Return what surrounds the behaviour of `node`.

    None where nothing does and no event waits on its boundary. Jobs of a node that says no priority have that of its
    process.
    """
    activity = node if isinstance(node, Activity) else None
    wrapping = Wrapping(
        async_before=node.async_before,
        skip=None if activity is None else compiled_condition_or_none(activity.skip_expression),
        multi_instance=None if activity is None else _multi_instance(activity.multi_instance),
        loop=None if activity is None else _loop(activity.loop),
        start_listeners=listeners(node.listeners, ListenerEvent.START),
        inputs=mappings(node.inputs),
        outputs=mappings(node.outputs),
        end_listeners=listeners(node.listeners, ListenerEvent.END),
        async_after=node.async_after,
        retry=retry_of(node.retry_cycle),
        exclusive=node.exclusive,
        job_priority=compiled_or_none(node.job_priority or process_priority),
        compensation_handler=compensation_handler,
    )
    return wrapping if has_boundary or node.job_priority is not None or _surrounds(wrapping) else None


def listeners(of: Iterable[Listener], *events: ListenerEvent) -> tuple[ListenerSpec, ...]:
    """Return the listeners that wait for one of `events`, in document order; all of them where none is given."""
    return tuple(_listener(listener) for listener in of if not events or listener.event in events)


def mappings(of: Iterable[VariableMapping]) -> tuple[MappingSpec, ...]:
    """Return the mappings in their order."""
    return tuple(
        MappingSpec(
            target=compiled(mapping.target),
            value=compiled_value(mapping.value),
            target_path=tuple(part for part in mapping.target_path.split(".") if part),
            transient=mapping.transient,
        )
        for mapping in of
    )


def script_of(script: Script) -> ScriptSpec:
    """Return a script for the sandbox."""
    return ScriptSpec(script.source_text, script.auto_store)


def retry_of(cycle: ModelText | None) -> RetrySpec:
    """Return the tries of a job: the default where the model says nothing, or nothing that can be read."""
    if cycle is None:
        return RetrySpec()
    text = compiled(cycle)
    if not is_constant(text):
        return RetrySpec(text=text)
    read = read_retry_cycle(cycle.text)
    return RetrySpec() if read is None else RetrySpec(read.tries, read.waits_micros)


def _surrounds(wrapping: Wrapping) -> bool:
    """Tell whether anything happens beside the behaviour. How a job runs says nothing where there is none."""
    return (
        wrapping.async_before
        or wrapping.async_after
        or wrapping.compensation_handler != NO_ELEMENT
        or bool(wrapping.start_listeners or wrapping.end_listeners or wrapping.inputs or wrapping.outputs)
        or any(part is not None for part in (wrapping.skip, wrapping.multi_instance, wrapping.loop))
        or wrapping.retry != _PLAIN.retry
        or wrapping.exclusive != _PLAIN.exclusive
    )


def _listener(listener: Listener) -> ListenerSpec:
    work = None
    if listener.job_type is not None:
        work = ExternalTaskSpec(
            job_type=compiled(listener.job_type),
            retries=_DEFAULT_RETRIES if listener.retries is None else listener.retries,
            inputs={name: compiled(text) for name, text in listener.fields.items()},
        )
    return ListenerSpec(
        event=listener.event.value,
        expression=compiled_or_none(listener.expression),
        script=None if listener.script is None else script_of(listener.script),
        work=work,
    )


def _multi_instance(loop: MultiInstance | None) -> MultiInstanceSpec | None:
    if loop is None:
        return None
    return MultiInstanceSpec(
        sequential=loop.sequential,
        cardinality=compiled_or_none(loop.cardinality),
        collection=None if loop.collection is None else compiled_value(loop.collection),
        element_variable=loop.element_variable,
        index_variable=loop.index_variable or "loopCounter",
        completion_condition=compiled_condition_or_none(loop.completion_condition),
        output_collection=loop.output_collection,
        output_element=None if loop.output_element is None else compiled_value(loop.output_element),
        own_variables=loop.own_variables,
    )


def _loop(loop: StandardLoop | None) -> LoopSpec | None:
    if loop is None:
        return None
    return LoopSpec(
        condition=compiled_condition_or_none(loop.condition), test_before=loop.test_before, maximum=loop.maximum or 0
    )
