"""How one task listener is called: as an expression, a script, or a job that nothing waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_svc.compile.executable import Element, Evaluate, ListenerSpec
from engine_svc.expressions.errors import ExpressionError
from engine_svc.runtime.behaviors.external_jobs import make_job
from engine_svc.runtime.behaviors.task_facts import facts_of, keep
from engine_svc.runtime.behaviors.triggers import failed
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.execution_host import ExecutionHost
from engine_svc.runtime.task_host import ListenerTask, TaskHost, TaskReader
from engine_svc.scripts.call import ScriptCall
from engine_svc.state.instance import ROOT_SCOPE, Stage, Token


def host_of(execution: Execution, token: Token, event: str) -> tuple[ListenerTask, TaskHost]:
    """Return the task that a token keeps, and the object that stands for it in expressions and scripts."""
    task = facts_of(token)
    assert task is not None
    opens = _opens_scope(execution, token, event)
    host = TaskHost(
        execution,
        execution.scope_of(token),
        task,
        event=event,
        open_scope=(lambda: execution.local_scope(token).key) if opens else None,
    )
    return task, host


def _opens_scope(execution: Execution, token: Token, event: str) -> bool:
    # A task that ends before its time gets no scope any more: nothing would close it.
    return event != "delete" and token.key not in execution.instance.scopes


def call_expression(execution: Execution, token: Token, element: Element, listener: ListenerSpec) -> None:
    """Call a listener that is an expression. Raises `WrongState` (EXPRESSION_FAILED)."""
    task, host = host_of(execution, token, listener.event)
    assert listener.expression is not None
    _evaluate(execution, token, element, listener, host, listener.expression)
    keep(token, task)


def evaluator(
    execution: Execution, token: Token, element: Element, listener: ListenerSpec
) -> Callable[[Evaluate], Any]:
    """Return how the expressions of a listener see things."""
    _, host = host_of(execution, token, listener.event)
    return lambda expression: _evaluate(execution, token, element, listener, host, expression)


def _evaluate(
    execution: Execution,
    token: Token,
    element: Element,
    listener: ListenerSpec,
    host: TaskHost,
    expression: Evaluate,
) -> Any:
    around = execution.reader(execution.scope_of(token), element, key=token.key, event=listener.event)
    try:
        return expression(TaskReader(around, host))
    except ExpressionError as error:
        raise failed(element, f"listener of {listener.event}: {error}", error.expression) from error


def script_call(
    execution: Execution, token: Token, element: Element, listener: ListenerSpec, host: TaskHost
) -> ScriptCall:
    """Return the run of a listener that is a script."""
    scope_key = execution.scope_of(token)
    assert listener.script is not None
    own: list[dict[str, Any]] = [{}] if _opens_scope(execution, token, listener.event) else []
    return ScriptCall(
        source=listener.script.source,
        scopes=[*own, *execution.scope_variables(scope_key)],
        execution=ExecutionHost(execution, scope_key, element, key=token.key, event=listener.event).facts(),
        task=host.facts(),
        auto_store=listener.script.auto_store,
        now_micros=execution.now,
    )


def make_notice(execution: Execution, token: Token, element: Element, listener: ListenerSpec) -> None:
    """Make the job of a listener that nothing waits for. Raises `WrongState` (EXPRESSION_FAILED)."""
    assert listener.work is not None
    notice = Token(ROOT_SCOPE, token.element)
    notice.host = ROOT_SCOPE
    notice.stage = Stage.NOTICE
    make_job(execution, notice, element, listener.work, evaluator(execution, token, element, listener))
