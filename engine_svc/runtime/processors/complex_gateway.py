"""Complex gateway (BPMN 2.0 section 13.4.5): leaves as soon as its activation condition holds.

The condition is looked at when a token arrives; it sees `nrOfActivatedFlows`, how many incoming flows have brought one,
and `activatedFlows`, their ids. The tokens of the other flows end in the gateway when they come. It begins anew when
all flows have brought one, or one of them the next. Without a condition it waits for all flows. It forks by conditions.
"""

from __future__ import annotations

from typing import Any

from engine_svc.compile.executable import ComplexGatewaySpec, Element, Evaluate
from engine_svc.expressions.errors import ExpressionError
from engine_svc.runtime.behaviors import joins
from engine_svc.runtime.behaviors.triggers import failed
from engine_svc.runtime.execution import Execution, ScopeReader
from engine_svc.state.instance import Stage, Token


class ArrivalReader:
    """What the activation condition sees: the flows that have brought a token, and all that its scope shows."""

    __slots__ = ("_flows", "_scope", "now_micros", "user")

    def __init__(self, scope: ScopeReader, flows: list[str]) -> None:
        self._scope = scope
        self._flows = flows
        self.now_micros = scope.now_micros
        self.user = scope.user

    def lookup(self, name: str) -> Any:
        """Return a value by its name; raise `KeyError` where there is none."""
        if name == "nrOfActivatedFlows":
            return len(self._flows)
        if name == "activatedFlows":
            return list(self._flows)
        return self._scope.lookup(name)


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Wait for other tokens, leave, or end where the gateway has been left. Raises `WrongState`."""
    spec = element.spec
    assert isinstance(spec, ComplexGatewaySpec)
    if len(element.incoming) <= 1:
        execution.complete(token, element)
        return
    memory = _memory(execution, token)
    if memory is not None and _is_late(execution, memory, token, element):
        _end(execution, token)
        return
    arrivals = joins.arrive(execution, token)
    arrived = {arrival.flow for arrival in arrivals}
    if spec.activation_condition is None:
        if len(arrived) == len(element.incoming):
            execution.complete(joins.merge(execution, element, arrivals), element)
    elif _holds(execution, token, element, spec.activation_condition, arrived):
        scope_key = token.scope_key
        survivor = joins.merge(execution, element, arrivals)
        if len(arrived) < len(element.incoming):
            _remember(execution, scope_key, element, arrived)
        execution.complete(survivor, element)


def _holds(execution: Execution, token: Token, element: Element, condition: Evaluate, arrived: set[int]) -> bool:
    flows = [flow.id for flow in element.incoming if flow.index in arrived]
    try:
        return bool(condition(ArrivalReader(execution.reader(token.scope_key, element), flows)))
    except ExpressionError as error:
        raise failed(element, str(error), error.expression) from error


def _memory(execution: Execution, token: Token) -> Token | None:
    for companion in execution.instance.hosted.get(token.scope_key, ()):
        if companion.stage is Stage.RESETTING and companion.element == token.element:
            return companion
    return None


def _remember(execution: Execution, scope_key: int, element: Element, arrived: set[int]) -> None:
    memory = Token(scope_key, element.index)
    memory.host = scope_key
    memory.stage = Stage.RESETTING
    memory.detail = {"flows": [flow.id for flow in element.incoming if flow.index in arrived]}
    execution.wait(memory)


def _is_late(execution: Execution, memory: Token, token: Token, element: Element) -> bool:
    """Count a token that comes after the gateway was left; one by a flow that has brought one begins a new round."""
    assert memory.detail is not None
    counted: list[str] = memory.detail["flows"]
    flow_id = execution.instance.definition.process.flows[token.flow].id
    late = flow_id not in counted
    if late and len(counted) + 1 < len(element.incoming):
        memory.detail = {"flows": [*counted, flow_id]}
        memory.encoded = None
    else:
        execution.instance.remove_waiting(memory)
        execution.release(memory)
    return late


def _end(execution: Execution, token: Token) -> None:
    # The gateway was left for it: its passage is recorded, and it goes nowhere.
    execution.over(token, execution.elements[token.element])
    execution.end_token(token)
