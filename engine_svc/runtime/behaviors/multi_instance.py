"""Multi-instance activities and loops (BPMN 2.0 section 10.3.8).

The body is a token with a scope of its own, which has the counters; each child is a token in it with a scope of its
own for `loopCounter` and its element. The body stands for no activity: history shows the children.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine_svc.compile.executable import Element, LoopSpec, MultiInstanceSpec
from engine_svc.runtime.behaviors import long_lists
from engine_svc.runtime.behaviors.cancellation import cancel_content
from engine_svc.runtime.behaviors.continuation import is_cut
from engine_svc.runtime.behaviors.placements import INNER, taken
from engine_svc.runtime.behaviors.triggers import failed
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import NO_FLOW, Stage, Token

CHUNK = 200
"""Children that are made in one go; the next ones follow when all else of the step has moved."""
MAX_CHILDREN = 100_000
INSTANCES = "nrOfInstances"
ACTIVE = "nrOfActiveInstances"
COMPLETED = "nrOfCompletedInstances"
EMPTY = "empty"


def is_child(execution: Execution, token: Token) -> bool:
    """Say whether a token is a child of a multi-instance or loop, rather than its body."""
    owner = execution.instance.tokens.get(token.scope_key)
    return owner is not None and owner.stage is Stage.BODY


def is_empty(body: Token) -> bool:
    """Say whether a body completes without any child: nothing waits on its boundary then, and nothing listens."""
    detail = body.detail or {}
    return EMPTY in detail or detail.get("count") == 0


def open_body(execution: Execution, token: Token, element: Element) -> None:
    """Count the children and begin with them; without any the activity completes at once.

    The token waits already, as the body. Raises `WrongState` (EXPRESSION_FAILED).
    """
    wrapping = element.wrapping
    assert wrapping is not None
    spec = wrapping.multi_instance
    if spec is None:
        assert wrapping.loop is not None
        _open_loop(execution, token, element, wrapping.loop)
        return
    items = _items(execution, token, element, spec)
    count = len(items) if items is not None else _cardinality(execution, token, element, spec)
    if count > MAX_CHILDREN:
        raise failed(element, f"{count} instances are more than the {MAX_CHILDREN} allowed")
    inner = taken(token, INNER)
    if inner:
        # Entered on the way to something inside: one instance, where that begins.
        count, items = 1, None if items is None else [*items[:1], None][:1]
    token.stage = Stage.BODY
    token.detail = {"count": count, "made": 0}
    if inner:
        token.detail[INNER] = inner
    if items is not None:
        token.detail["items"] = long_lists.keep(execution, items)
    if spec.output_collection:
        token.detail["collected"] = long_lists.keep(execution, [None] * count)
    token.encoded = None
    given = execution.instance.scopes.get(token.key)
    own = {} if given is None else given.variables
    execution.open_scope(token.key, token.scope_key, {**own, INSTANCES: count, ACTIVE: 0, COMPLETED: 0})
    execution.agenda.appendleft(token)


def go_on(execution: Execution, token: Token, element: Element) -> None:
    """Make the next children of a body; one without any left completes."""
    wrapping = element.wrapping
    assert wrapping is not None
    spec = wrapping.multi_instance
    detail = token.detail
    assert detail is not None
    if spec is None:
        _make_child(execution, token, element, None)
        return
    count, made = detail["count"], detail["made"]
    scope = execution.instance.scopes[token.key]
    if made == count and not scope.live_tokens:
        _complete(execution, token, element, spec)
    elif spec.sequential:
        if not scope.live_tokens:
            _make_child(execution, token, element, spec)
    else:
        for _ in range(min(CHUNK, count - made)):
            _make_child(execution, token, element, spec)
        if detail["made"] < count:
            execution.agenda.append(token)
        elif "items" in detail:
            long_lists.drop(execution.instance, detail.pop("items"))


def child_done(execution: Execution, child: Token, element: Element) -> None:
    """A child has completed, and its activity was ended: count it, and complete the body or make the next one.

    Called before the child's own scope is closed, so that conditions and outputs see it.
    """
    instance = execution.instance
    body = instance.tokens[child.scope_key]
    wrapping = element.wrapping
    assert wrapping is not None
    spec = wrapping.multi_instance
    scope = instance.scopes[body.key]
    if spec is None:
        assert wrapping.loop is not None
        _loop_again(execution, body, child, element, wrapping.loop)
        return
    variables = scope.variables
    if not spec.sequential:
        # As in Flowable a sequential one counts one active instance until it is over.
        execution.set_local(body.key, ACTIVE, variables[ACTIVE] - 1)
    execution.set_local(body.key, COMPLETED, variables[COMPLETED] + 1)
    assert body.detail is not None
    if spec.output_collection:
        value = None if spec.output_element is None else execution.evaluate(spec.output_element, child, element)
        collected = body.detail["collected"]
        long_lists.replace(instance, collected, child.detail["index"] if child.detail else 0, value)
        if isinstance(collected, list):
            body.encoded = None
    satisfied = spec.completion_condition is not None and bool(
        execution.evaluate(spec.completion_condition, child, element)
    )
    _end_child(execution, child, element)
    if satisfied:
        if body in execution.agenda:
            execution.agenda.remove(body)
        cancel_content(execution, body.key, f"completion condition of {element.id}")
        _complete(execution, body, element, spec)
    elif not scope.live_tokens and (spec.sequential or body.detail["made"] == body.detail["count"]):
        # A parallel one that has more to make goes on by itself.
        execution.agenda.appendleft(body)


def add_child(execution: Execution, body: Token, element: Element, variables: Mapping[str, Any]) -> None:
    """Add a child to a multi-instance that runs; a sequential one makes it when its turn comes."""
    wrapping = element.wrapping
    assert wrapping is not None
    spec = wrapping.multi_instance
    detail = body.detail
    assert spec is not None
    assert detail is not None
    scope = execution.instance.scopes[body.key]
    detail["count"] += 1
    for name, value in (("items", variables.get(spec.element_variable)), ("collected", None)):
        if name in detail:
            entries = [*long_lists.entries(execution.instance, detail[name]), value]
            detail[name] = long_lists.changed(execution, detail[name], entries)
    body.encoded = None
    execution.set_local(body.key, INSTANCES, scope.variables[INSTANCES] + 1)
    if not spec.sequential:
        child = _make_child(execution, body, element, spec)
        for name, value in variables.items():
            execution.set_local(child.key, name, value)


def child_removed(execution: Execution, body: Token, element: Element, *, completed: bool) -> None:
    """Count a child that was ended from outside, and go on with what is left."""
    wrapping = element.wrapping
    assert wrapping is not None
    spec = wrapping.multi_instance
    if spec is not None:
        detail = body.detail
        assert detail is not None
        variables = execution.instance.scopes[body.key].variables
        execution.set_local(body.key, ACTIVE, variables[ACTIVE] - 1)
        if completed:
            execution.set_local(body.key, COMPLETED, variables[COMPLETED] + 1)
        else:
            execution.set_local(body.key, INSTANCES, variables[INSTANCES] - 1)
            if spec.sequential:
                # The next one takes its place.
                detail["made"] -= 1
                detail["count"] -= 1
                for name in ("items", "collected"):
                    if name in detail:
                        entries = long_lists.entries(execution.instance, detail[name])
                        del entries[detail["made"]]
                        detail[name] = long_lists.changed(execution, detail[name], entries)
        body.encoded = None
    if not is_cut(body):
        execution.agenda.append(body)


def _end_child(execution: Execution, child: Token, element: Element) -> None:
    key, scope_key = child.key, child.scope_key
    execution.end_wait(child, element)
    execution.instance.scopes.pop(key, None)
    execution.instance.scopes[scope_key].live_tokens -= 1


def _complete(execution: Execution, body: Token, element: Element, spec: MultiInstanceSpec) -> None:
    if spec.output_collection:
        assert body.detail is not None
        collected = long_lists.entries(execution.instance, body.detail["collected"])
        execution.set_variable(body.scope_key, spec.output_collection, collected)
    leave_body(execution, body)


def leave_body(execution: Execution, body: Token) -> None:
    """Let a body without any child left complete."""
    if body in execution.agenda:
        execution.agenda.remove(body)
    if body.detail and execution.instance.pages:
        long_lists.drop_all(execution.instance, body.detail)
    body.detail = None if body.detail is not None and body.detail["made"] else {EMPTY: True}
    body.stage = Stage.COMPLETING
    body.encoded = None
    execution.agenda.appendleft(body)


def _make_child(execution: Execution, body: Token, element: Element, spec: MultiInstanceSpec | None) -> Token:
    instance = execution.instance
    detail = body.detail
    assert detail is not None
    index: int = detail["made"]
    detail["made"] = index + 1
    body.encoded = None
    scope = instance.scopes[body.key]
    scope.live_tokens += 1
    # The flow was taken once, however many children there are.
    child = Token(body.key, element.index, NO_FLOW if index else body.flow)
    child.detail = {"index": index}
    if INNER in detail:
        child.detail[INNER] = detail.pop(INNER)
    variables: dict[str, Any] = {}
    if spec is None:
        variables["loopCounter"] = index
    else:
        execution.set_local(body.key, ACTIVE, 1 if spec.sequential else scope.variables[ACTIVE] + 1)
        variables[spec.index_variable] = index
        if "items" in detail and spec.element_variable:
            variables[spec.element_variable] = long_lists.entry(instance, detail["items"], index)
    execution.wait(child)
    execution.open_scope(child.key, body.key, variables)
    child.stage = Stage.CHILD
    execution.agenda.append(child)
    return child


def _items(execution: Execution, token: Token, element: Element, spec: MultiInstanceSpec) -> list[Any] | None:
    if spec.collection is None:
        return None
    value = execution.evaluate(spec.collection, token, element)
    if isinstance(value, str):
        try:
            value = execution.reader(token.scope_key).lookup(value)
        except KeyError as error:
            raise failed(element, f"there is no variable {value} for the collection") from error
    if value is None:
        raise failed(element, "the collection is null")
    if isinstance(value, dict):
        return list(value.values())
    if not isinstance(value, list):
        raise failed(element, f"the collection must be a list, not {value!r}")
    return list(value)


def _cardinality(execution: Execution, token: Token, element: Element, spec: MultiInstanceSpec) -> int:
    assert spec.cardinality is not None
    value = execution.evaluate(spec.cardinality, token, element)
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise failed(element, f"the number of instances must be a whole number, not {value!r}")
    return value


# Standard loops: one child after another


def _open_loop(execution: Execution, token: Token, element: Element, spec: LoopSpec) -> None:
    inner = taken(token, INNER)
    token.stage = Stage.BODY
    token.detail = {"made": 0, INNER: inner} if inner else {"made": 0}
    token.encoded = None
    given = execution.instance.scopes.get(token.key)
    execution.open_scope(token.key, token.scope_key, {**({} if given is None else given.variables), "loopCounter": 0})
    if not inner and spec.test_before and not _again(execution, token, element, spec):
        leave_body(execution, token)
    else:
        execution.agenda.appendleft(token)


def _loop_again(execution: Execution, body: Token, child: Token, element: Element, spec: LoopSpec) -> None:
    _end_child(execution, child, element)
    assert body.detail is not None
    execution.set_local(body.key, "loopCounter", body.detail["made"])
    if (spec.maximum and body.detail["made"] >= spec.maximum) or not _again(execution, body, element, spec):
        leave_body(execution, body)
    else:
        execution.agenda.append(body)


def _again(execution: Execution, token: Token, element: Element, spec: LoopSpec) -> bool:
    return spec.condition is None or bool(execution.evaluate(spec.condition, token, element))
