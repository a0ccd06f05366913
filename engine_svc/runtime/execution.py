"""What element processors work with: one step of one instance while it runs.

Processors never recurse into each other. They put tokens on the agenda, and the step drains it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from engine_svc.compile.executable import Element, Evaluate, Flow
from engine_svc.events.record import (
    ACTIVITY_COMPLETED,
    ACTIVITY_STARTED,
    INSTANCE_COMPLETED,
    VARIABLES_UPDATED,
)
from engine_svc.expressions.errors import ExpressionError
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.execution_host import ExecutionHost
from engine_svc.state.instance import ROOT_SCOPE, Instance, Scope, Status, Token
from mesh.errors import WrongState


class ScopeReader:
    """The variables visible from a scope, as expressions look them up."""

    __slots__ = ("_execution", "_scope_key")

    def __init__(self, execution: Execution, scope_key: int) -> None:
        self._execution = execution
        self._scope_key = scope_key

    def lookup(self, name: str) -> Any:
        """Return the variable of the nearest scope that has it; raise `KeyError` where none has."""
        scopes = self._execution.instance.scopes
        scope = scopes[self._scope_key]
        while True:
            variables = scope.variables
            if name in variables:
                return variables[name]
            if scope.key == ROOT_SCOPE:
                break
            scope = scopes[scope.parent_key]
        if name == "execution":
            return ExecutionHost(self._execution, self._scope_key)
        raise KeyError(name)


class Execution:
    """One step of one instance. `now` in microseconds since the Unix epoch."""

    __slots__ = ("_fresh", "_written", "agenda", "changes", "elements", "instance", "now")

    def __init__(self, instance: Instance, now: int) -> None:
        self.instance = instance
        self.elements = instance.definition.process.elements
        self.now = now
        self.changes = Changes()
        self.agenda: deque[Token] = deque()
        self._fresh: dict[int, Token] = {}
        self._written: dict[int, dict[str, Any]] = {}

    # Variables

    def reader(self, scope_key: int) -> ScopeReader:
        """Return what an expression sees from a scope."""
        return ScopeReader(self, scope_key)

    def evaluate(self, expression: Evaluate, token: Token, element: Element) -> Any:
        """Evaluate an expression of an element. Raises `WrongState` (EXPRESSION_FAILED)."""
        try:
            return expression(ScopeReader(self, token.scope_key))
        except ExpressionError as error:
            raise WrongState(
                "EXPRESSION_FAILED",
                f"element {element.id}: {error}",
                metadata={"element_id": element.id, "expression": error.expression},
            ) from error

    def set_variable(self, scope_key: int, name: str, value: Any) -> None:
        """Set a variable in the nearest scope that has it, else in the instance's own scope."""
        scopes = self.instance.scopes
        scope = scopes[scope_key]
        while scope.key != ROOT_SCOPE and name not in scope.variables:
            scope = scopes[scope.parent_key]
        scope.variables[name] = value
        self._written.setdefault(scope.key, {})[name] = value

    # Tokens

    def new_key(self) -> int:
        """Return the next number for an activity, incident or scope of the instance."""
        key = self.instance.next_key
        self.instance.next_key = key + 1
        return key

    def open_scope(self, key: int, parent_key: int, variables: dict[str, Any]) -> None:
        """Open a variable scope."""
        self.instance.scopes[key] = Scope(key, parent_key, variables)

    def start_token(self, scope_key: int, element: int) -> None:
        """Put a new token in front of an element."""
        self.instance.scopes[scope_key].live_tokens += 1
        self.agenda.append(Token(scope_key, element))

    def pass_through(self, token: Token, element: Element) -> None:
        """Record an activity that begins and ends at once, and leave it."""
        self.record_passage(token, element)
        self.leave(token, element)

    def record_passage(self, token: Token, element: Element) -> None:
        """Record an activity that begins and ends at once."""
        instance = self.instance
        key = instance.next_key
        instance.next_key = key + 1
        self.changes.events.append(
            (ACTIVITY_COMPLETED, key, element.id, element.name, element.bpmn_type, token.scope_key, self.now)
        )

    def wait(self, token: Token) -> None:
        """Let a token wait in its element: a new activity of it begins."""
        token.key = self.new_key()
        token.start_micros = self.now
        self.instance.tokens[token.key] = token
        self._fresh[token.key] = token

    def end_wait(self, token: Token, element: Element) -> None:
        """End the activity that a token waits in, as completed. The token moves again."""
        del self.instance.tokens[token.key]
        self.changes.events.append(
            (
                ACTIVITY_COMPLETED,
                token.key,
                element.id,
                element.name,
                element.bpmn_type,
                token.scope_key,
                token.start_micros,
            )
        )
        token.key = 0
        token.assignee = ""
        token.job_type = ""

    def leave(self, token: Token, element: Element) -> None:
        """Leave an activity or event: take every outgoing flow whose condition holds.

        Several of them fork (BPMN 2.0 section 13.3.1). Raises `WrongState` (NO_OUTGOING_FLOW).
        """
        outgoing = element.outgoing
        if len(outgoing) == 1 and outgoing[0].condition is None:
            self.take(token, outgoing[0])
        elif not outgoing:
            self.end_token(token)
        else:
            self.take_all(token, self.flows_that_hold(token, element))

    def flows_that_hold(self, token: Token, element: Element) -> list[Flow]:
        """Return the outgoing flows without a condition or with one that holds, else the default flow.

        Raises `WrongState` (NO_OUTGOING_FLOW) where there is none.
        """
        default = element.default_flow
        chosen = [
            flow
            for flow in element.outgoing
            if flow is not default and (flow.condition is None or self.evaluate(flow.condition, token, element))
        ]
        if chosen:
            return chosen
        if default is not None:
            return [default]
        raise no_outgoing_flow(element)

    def take(self, token: Token, flow: Flow) -> None:
        """Move a token along a flow."""
        token.element = flow.target
        token.flow = flow.index
        self.agenda.append(token)

    def take_all(self, token: Token, flows: list[Flow]) -> None:
        """Move a token along the first flow and new ones along the others."""
        scope_key = token.scope_key
        self.take(token, flows[0])
        if len(flows) > 1:
            self.instance.scopes[scope_key].live_tokens += len(flows) - 1
            for flow in flows[1:]:
                self.agenda.append(Token(scope_key, flow.target, flow.index))

    def end_token(self, token: Token) -> None:
        """End a token; the last one of its scope ends the scope."""
        scope = self.instance.scopes[token.scope_key]
        scope.live_tokens -= 1
        if scope.live_tokens:
            return
        if scope.key == ROOT_SCOPE:
            self._complete_instance()
        else:
            del self.instance.scopes[scope.key]
            owner = self.instance.tokens[scope.key]
            element = self.elements[owner.element]
            self.end_wait(owner, element)
            self.leave(owner, element)

    def _complete_instance(self) -> None:
        instance = self.instance
        instance.status = Status.COMPLETED
        instance.end_micros = self.now

    # The end of the step

    def finish(self) -> Changes:
        """Record what only the end of the step shows, and return the changes."""
        instance = self.instance
        events = self.changes.events
        tokens = instance.tokens
        # A token that waited and moved on has left the activity; where it waits again it has another key.
        for key, token in self._fresh.items():
            if tokens.get(key) is token and self._is_shown(token):
                element = self.elements[token.element]
                events.append((ACTIVITY_STARTED, key, element.id, element.name, element.bpmn_type, token.scope_key))
        for scope_key, variables in self._written.items():
            events.append((VARIABLES_UPDATED, scope_key, variables))
        if instance.status is Status.COMPLETED:
            events.append((INSTANCE_COMPLETED, instance.start_micros))
            instance.scopes.clear()
        return self.changes

    def _is_shown(self, token: Token) -> bool:
        # Of the tokens that wait at one join only the oldest stands for the activity.
        arrivals = self.instance.arrivals.get((token.scope_key, token.element))
        return arrivals is None or arrivals[0] is token

    def show(self, token: Token) -> None:
        """Report a waiting token's activity as started in this step."""
        self._fresh[token.key] = token


def no_outgoing_flow(element: Element) -> WrongState:
    """Return the error of an element that has no flow to take."""
    return WrongState(
        "NO_OUTGOING_FLOW",
        f"element {element.id}: no condition of its outgoing flows holds and it has no default flow",
        metadata={"element_id": element.id},
    )
