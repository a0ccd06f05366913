"""Service task that evaluates an expression inside the engine."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ExpressionTaskSpec
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Evaluate, keep the result in the result variable, leave. Raises `WrongState` (EXPRESSION_FAILED)."""
    spec = element.spec
    assert isinstance(spec, ExpressionTaskSpec)
    result = execution.evaluate(spec.expression, token, element)
    if spec.result_variable:
        if spec.transient_result:
            execution.set_transient(token.scope_key, spec.result_variable, result)
        elif spec.local_result:
            # What follows in the scope reads it too.
            execution.set_local(execution.scope_of(token), spec.result_variable, result)
        else:
            execution.set_variable(execution.scope_of(token), spec.result_variable, result)
    execution.complete(token, element)
