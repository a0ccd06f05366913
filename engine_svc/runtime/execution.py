"""What element processors work with: one step of one instance while it runs.

Processors never recurse into each other. They put tokens on the agenda, and the step drains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine_svc.compile.executable import PROCESS_SCOPE, Element, ElementKind, Evaluate, Flow
from engine_svc.events.record import (
    ACTIVITY_COMPLETED,
    ACTIVITY_STARTED,
    ACTIVITY_TERMINATED,
    COMPLETION_PENDING,
    INSTANCE_COMPLETED,
    VARIABLES_DELETED,
    VARIABLES_UPDATED,
)
from engine_svc.expressions.errors import ExpressionError
from engine_svc.runtime.agenda import Agenda
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.execution_host import ExecutionHost
from engine_svc.runtime.unit import Unit
from engine_svc.state.instance import (
    HIDDEN,
    NO_FLOW,
    NO_HOST,
    ROOT_SCOPE,
    WATCHING,
    Instance,
    Scope,
    Stage,
    Status,
    Token,
    Wait,
)
from mesh.errors import WrongState

FORKING_TO_ALL = frozenset({ElementKind.PARALLEL_GATEWAY})
SKIP_SWITCHES = ("_FLOWABLE_SKIP_EXPRESSION_ENABLED", "_ACTIVITI_SKIP_EXPRESSION_ENABLED")


class ScopeReader:
    """The variables visible from a scope, as expressions look them up."""

    __slots__ = ("_element", "_event", "_execution", "_key", "_scope_key")

    def __init__(
        self, execution: Execution, scope_key: int, element: Element | None = None, key: int = 0, event: str = ""
    ) -> None:
        self._execution = execution
        self._scope_key = scope_key
        self._element = element
        self._key = key
        self._event = event

    @property
    def now_micros(self) -> int:
        """The time of the step."""
        return self._execution.now

    @property
    def user(self) -> str:
        """Who gives the command; empty: nobody in particular."""
        return self._execution.unit.user

    def lookup(self, name: str) -> Any:
        """Return the variable of the nearest scope that has it; raise `KeyError` where none has."""
        execution = self._execution
        scopes = execution.instance.scopes
        transient = execution.transient
        scope = scopes[self._scope_key]
        while True:
            if transient and scope.key in transient and name in transient[scope.key]:
                return transient[scope.key][name]
            variables = scope.variables
            if name in variables:
                return variables[name]
            if scope.key == ROOT_SCOPE:
                break
            scope = scopes[scope.parent_key]
        if name == "execution":
            return ExecutionHost(execution, self._scope_key, self._element, key=self._key, event=self._event)
        if name == "authenticatedUserId":
            return self.user or None
        raise KeyError(name)


class Execution:
    """One step of one instance. `now` in microseconds since the Unix epoch."""

    __slots__ = (
        "_fresh",
        "_removed",
        "_turns",
        "_written",
        "agenda",
        "changed",
        "changes",
        "elements",
        "instance",
        "now",
        "quieter",
        "repeated",
        "touched",
        "transient",
        "unit",
    )

    def __init__(self, instance: Instance, unit: Unit) -> None:
        self.instance = instance
        self.elements = instance.definition.process.elements
        self.unit = unit
        self.now = unit.now
        self.changes = Changes()
        self.agenda = Agenda(self, unit.agenda)
        self._turns = unit.agenda
        self.touched = True
        """False where it was loaded to be looked at only."""
        self.transient: dict[int, dict[str, Any]] = {}
        """Variables by scope that are gone when the step is over."""
        self.changed: list[tuple[int, str, str]] = []
        """Scope, name and kind (create, update, delete) of variables that changed while something watches."""
        self.repeated: dict[int, int] = {}
        """How often events that do not interrupt have come again before they fired, by key."""
        self.quieter: set[int] = set()
        """Scopes in which a token has ended while event sub-processes wait for their events."""
        self._fresh: dict[int, Token] = {}
        self._written: dict[int, dict[str, Any]] = {}
        self._removed: dict[int, list[str]] = {}
        unit.executions[instance.id] = self

    # Variables

    def reader(self, scope_key: int, element: Element | None = None, *, key: int = 0, event: str = "") -> ScopeReader:
        """Return what an expression sees from a scope; `key` is that of the activity of `element`.

        `event` is what a listener is called for.
        """
        return ScopeReader(self, scope_key, element, key, event)

    def evaluate(self, expression: Evaluate, token: Token, element: Element, *, event: str = "") -> Any:
        """Evaluate an expression of an element; `event` is what a listener is called for.

        Raises `WrongState` (EXPRESSION_FAILED).
        """
        try:
            return expression(ScopeReader(self, self.scope_of(token), element, token.key, event))
        except ExpressionError as error:
            raise WrongState(
                "EXPRESSION_FAILED",
                f"element {element.id}: {error}",
                metadata={"element_id": element.id, "expression": error.expression},
            ) from error

    def scope_of(self, token: Token) -> int:
        """Return the key of the scope that a token sees first: its activity's own where there is one."""
        key = token.key
        return key if key and key in self.instance.scopes else token.scope_key

    def scope_variables(self, scope_key: int) -> list[dict[str, Any]]:
        """Return the variables of a scope and of those around it, the innermost first."""
        scopes = self.instance.scopes
        scope = scopes[scope_key]
        found = [{**scope.variables, **self.transient.get(scope.key, {})}]
        while scope.key != ROOT_SCOPE:
            scope = scopes[scope.parent_key]
            found.append({**scope.variables, **self.transient.get(scope.key, {})})
        return found

    def visible(self, scope_key: int) -> dict[str, Any]:
        """Return all variables visible from a scope."""
        found: dict[str, Any] = {}
        for variables in reversed(self.scope_variables(scope_key)):
            found.update(variables)
        return found

    def set_variable(self, scope_key: int, name: str, value: Any) -> None:
        """Set a variable in the nearest scope that has it, else in the instance's own scope.

        Instances of a multi-instance that aggregates variables keep what is set inside.
        """
        scopes = self.instance.scopes
        scope = scopes[scope_key]
        while scope.key != ROOT_SCOPE and name not in scope.variables and not self._keeps_variables(scope):
            scope = scopes[scope.parent_key]
        self._set(scope, name, value)

    def _keeps_variables(self, scope: Scope) -> bool:
        body = self.instance.tokens.get(scope.parent_key)
        if body is None or body.stage is not Stage.BODY:
            return False
        wrapping = self.elements[body.element].wrapping
        spec = None if wrapping is None else wrapping.multi_instance
        return spec is not None and spec.own_variables

    def set_local(self, scope_key: int, name: str, value: Any) -> None:
        """Set a variable in this very scope."""
        self._set(self.instance.scopes[scope_key], name, value)

    def set_transient(self, scope_key: int, name: str, value: Any) -> None:
        """Set a variable that is gone when the step is over."""
        self.transient.setdefault(scope_key, {})[name] = value

    def _set(self, scope: Scope, name: str, value: Any) -> None:
        if self.instance.watching:
            self.changed.append((scope.key, name, "update" if name in scope.variables else "create"))
        scope.variables[name] = value
        if scope.large is not None:
            scope.large.pop(name, None)
        scope.encoded = None
        self._written.setdefault(scope.key, {})[name] = value

    def remove_variable(self, scope_key: int, name: str, *, local: bool = False) -> bool:
        """Remove a variable from the nearest scope that has it, or from this very scope; say whether it was there."""
        scopes = self.instance.scopes
        scope = scopes[scope_key]
        while name not in scope.variables:
            if local or scope.key == ROOT_SCOPE:
                return False
            scope = scopes[scope.parent_key]
        del scope.variables[name]
        if scope.large is not None:
            scope.large.pop(name, None)
        scope.encoded = None
        self._written.get(scope.key, {}).pop(name, None)
        self._removed.setdefault(scope.key, []).append(name)
        if self.instance.watching:
            self.changed.append((scope.key, name, "delete"))
        return True

    # Tokens

    def new_key(self) -> int:
        """Return the next number for an activity, incident or scope of the instance."""
        key = self.instance.next_key
        self.instance.next_key = key + 1
        return key

    def open_scope(self, key: int, parent_key: int, variables: Mapping[str, Any]) -> Scope:
        """Open a variable scope."""
        scope = self.instance.scopes[key] = Scope(key, parent_key, dict(variables))
        if variables and key != ROOT_SCOPE:
            # Those of the instance are told by its start.
            self._written.setdefault(key, {}).update(variables)
        return scope

    def local_scope(self, token: Token) -> Scope:
        """Return the scope of a token's activity, opened where it has none."""
        scope = self.instance.scopes.get(token.key)
        return scope if scope is not None else self.open_scope(token.key, token.scope_key, {})

    def start_token(self, scope_key: int, element: int) -> Token:
        """Put a new token in front of an element."""
        self.instance.scopes[scope_key].live_tokens += 1
        token = Token(scope_key, element)
        self._turns.append((self, token))
        return token

    def complete(self, token: Token, element: Element) -> None:
        """The element's behaviour is done: end the activity, or record it where it never waited, and leave."""
        token.stage = Stage.COMPLETING
        token.waits_for = Wait.NOTHING
        if element.kind is ElementKind.EXCLUSIVE_GATEWAY or self._is_child(token):
            # An exclusive gateway chooses at once. So does the completion of a child: it may end the others.
            self._turns.appendleft((self, token))
        else:
            self._turns.append((self, token))

    def _is_child(self, token: Token) -> bool:
        if token.scope_key == ROOT_SCOPE:
            return False
        owner = self.instance.tokens.get(token.scope_key)
        return owner is not None and owner.stage is Stage.BODY

    def over(self, token: Token, element: Element) -> None:
        """End the activity, or record it where it never waited. The token moves, without end listeners."""
        if token.key:
            self.instance.scopes.pop(token.key, None)
            self.end_wait(token, element)
        else:
            self.record_passage(token, element)

    def record_passage(self, token: Token, element: Element) -> None:
        """Record an activity that begins and ends at once."""
        instance = self.instance
        key = instance.next_key
        instance.next_key = key + 1
        self.changes.events.append(
            (
                ACTIVITY_COMPLETED,
                key,
                element.id,
                element.name,
                element.bpmn_type,
                token.scope_key,
                self.now,
                self.flow_id(token),
            )
        )

    def record_break(self, token: Token, element: Element, reason: str) -> None:
        """Record an activity that begins and is ended before its time at once."""
        self.changes.events.append(
            (
                ACTIVITY_TERMINATED,
                self.new_key(),
                element.id,
                element.name,
                element.bpmn_type,
                token.scope_key,
                self.now,
                reason,
                self.flow_id(token),
            )
        )

    def wait(self, token: Token, waits_for: Wait = Wait.NOTHING) -> None:
        """Let a token wait in its element: a new activity of it begins, unless it has begun already."""
        token.waits_for = waits_for
        token.encoded = None
        if token.key:
            if waits_for in WATCHING:
                self.instance.watching[token.key] = token
            return
        token.key = self.new_key()
        token.start_micros = self.now
        self.instance.add_waiting(token)
        self._fresh[token.key] = token

    def begin_activity(self, token: Token) -> None:
        """The activity of a token that has a key for another reason already begins now."""
        token.start_micros = self.now
        token.encoded = None
        self._fresh[token.key] = token

    def end_wait(self, token: Token, element: Element) -> None:
        """End the activity that a token waits in, as completed. The token moves again."""
        self.instance.remove_waiting(token)
        self.record_end(token, element)
        self.release(token)

    def record_end(self, token: Token, element: Element) -> None:
        """Record that the activity of a token has ended as completed."""
        self.changes.events.append(
            (
                ACTIVITY_COMPLETED,
                token.key,
                element.id,
                element.name,
                element.bpmn_type,
                token.scope_key,
                token.start_micros,
                self.flow_id(token),
            )
        )

    def flow_id(self, token: Token) -> str:
        """Return the id of the sequence flow by which a token came to its element; empty where it came otherwise."""
        return "" if token.flow == NO_FLOW else self.instance.definition.process.flows[token.flow].id

    def withdraw(self, token: Token) -> None:
        """Take a token that stands for no activity out of the state. It moves again."""
        self.instance.remove_waiting(token)
        self.release(token)

    def release(self, token: Token) -> None:
        """Forget what a token kept while it waited."""
        token.key = 0
        token.host = NO_HOST
        token.stage = Stage.ACTIVE
        token.waits_for = Wait.NOTHING
        token.assignee = ""
        token.job_type = ""
        token.detail = None
        token.encoded = None

    def leave(self, token: Token, element: Element) -> None:
        """Leave an element by `take_outgoing`; inside an ad-hoc sub-process its completion condition comes first.

        Raises `WrongState` (NO_OUTGOING_FLOW).
        """
        if element.scope != PROCESS_SCOPE and self.elements[element.scope].kind is ElementKind.AD_HOC_SUB_PROCESS:
            token.stage = Stage.LEAVING
            self.agenda.appendleft(token)
        else:
            self.take_outgoing(token, element)

    def take_outgoing(self, token: Token, element: Element) -> None:
        """Take every outgoing flow whose condition holds, or as the kind of gateway has it.

        Several of them fork (BPMN 2.0 section 13.3.1). Raises `WrongState` (NO_OUTGOING_FLOW).
        """
        outgoing = element.outgoing
        if len(outgoing) == 1 and outgoing[0].condition is None:
            self._take_one(token, outgoing[0])
        elif not outgoing:
            token.stage = Stage.ENDED
            self._turns.append((self, token))
        elif element.kind is ElementKind.EXCLUSIVE_GATEWAY:
            self._take_one(token, self._first_that_holds(token, element))
        elif element.kind in FORKING_TO_ALL:
            self.take_all(token, list(outgoing))
        else:
            self.take_all(token, self.flows_that_hold(token, element))

    def _first_that_holds(self, token: Token, element: Element) -> Flow:
        default = element.default_flow
        for flow in element.outgoing:
            if flow is not default and self.holds(flow, token, element):
                return flow
        if default is not None:
            return default
        raise no_outgoing_flow(element)

    def flows_that_hold(self, token: Token, element: Element) -> list[Flow]:
        """Return the outgoing flows without a condition or with one that holds, else the default flow.

        Raises `WrongState` (NO_OUTGOING_FLOW) where there is none.
        """
        default = element.default_flow
        chosen = [flow for flow in element.outgoing if flow is not default and self.holds(flow, token, element)]
        if chosen:
            return chosen
        if default is not None:
            return [default]
        raise no_outgoing_flow(element)

    def holds(self, flow: Flow, token: Token, element: Element) -> bool:
        """Say whether a flow may be taken. Raises `WrongState` (EXPRESSION_FAILED)."""
        if flow.skip is not None and self.skips(flow.skip, token, element):
            return True
        return flow.condition is None or bool(self.evaluate(flow.condition, token, element))

    def skips(self, skip: Evaluate, token: Token, element: Element) -> bool:
        """Say whether a skip expression holds; it counts only where a variable of the instance enables it."""
        reader = self.reader(self.scope_of(token))
        for name in SKIP_SWITCHES:
            try:
                if reader.lookup(name) is True:
                    return self.evaluate(skip, token, element) is True
            except KeyError:
                continue
        return False

    def take(self, token: Token, flow: Flow) -> None:
        """Move a token along a flow."""
        token.element = flow.target
        token.flow = flow.index
        token.stage = Stage.TAKING
        self._turns.append((self, token))

    def _take_one(self, token: Token, flow: Flow) -> None:
        if self._turns or flow.listeners:
            self.take(token, flow)
        else:
            # Nothing else moves: the turn on the flow would be followed by the next one at once.
            token.element = flow.target
            token.flow = flow.index
            token.stage = Stage.ACTIVE
            self._turns.append((self, token))

    def take_all(self, token: Token, flows: list[Flow]) -> None:
        """Move a token along the first flow and new ones along the others."""
        scope_key = token.scope_key
        self.take(token, flows[0])
        if len(flows) > 1:
            self.instance.scopes[scope_key].live_tokens += len(flows) - 1
            for flow in flows[1:]:
                self.take(Token(scope_key, flow.target, flow.index), flow)

    def end_token(self, token: Token) -> None:
        """End a token; the last one of its scope ends the scope."""
        scope = self.instance.scopes[token.scope_key]
        scope.live_tokens -= 1
        if not scope.live_tokens:
            self.end_scope(scope.key)
        elif scope.key in self.instance.hosted:
            self.quieter.add(scope.key)

    def end_scope(self, scope_key: int) -> None:
        """The last token of a scope has ended: its activity completes, or the instance."""
        instance = self.instance
        if scope_key == ROOT_SCOPE:
            if instance.hosted or instance.definition.process.end_listeners:
                token = Token(ROOT_SCOPE, 0)
                token.stage = Stage.ENDING
                self.agenda.appendleft(token)
            else:
                self.complete_instance()
        else:
            owner = instance.tokens[scope_key]
            if owner.stage is Stage.COMPENSATING:
                del instance.scopes[scope_key]
                self.withdraw(owner)
                self.end_token(owner)
                return
            self.complete(owner, self.elements[owner.element])

    def complete_instance(self) -> None:
        """End the instance as completed."""
        instance = self.instance
        instance.status = Status.COMPLETED
        instance.end_micros = self.now
        if instance.parent_id:
            self.unit.ended_calls.append(self)

    # The end of the step

    def finish(self) -> Changes:
        """Record what only the end of the step shows, and return the changes."""
        instance = self.instance
        events = self.changes.events
        tokens = instance.tokens
        # A token that waited and moved on has left the activity; where it waits again it has another key.
        for key, token in self._fresh.items():
            if tokens.get(key) is token and self.is_shown(token):
                element = self.elements[token.element]
                events.append(
                    (
                        ACTIVITY_STARTED,
                        key,
                        element.id,
                        element.name,
                        element.bpmn_type,
                        token.scope_key,
                        self.flow_id(token),
                    )
                )
        # In this order: what was removed may have been set again.
        for scope_key, names in self._removed.items():
            events.append((VARIABLES_DELETED, scope_key, names))
        for scope_key, variables in self._written.items():
            if variables:
                events.append((VARIABLES_UPDATED, scope_key, variables))
        if instance.status is Status.COMPLETED:
            if instance.definition.process.acknowledgement_micros:
                self.changes.awaits_acknowledgement = True
                until = self.now + instance.definition.process.acknowledgement_micros
                events.append((INSTANCE_COMPLETED, instance.start_micros, 1))
                events.append((COMPLETION_PENDING, 1, until))
            else:
                events.append((INSTANCE_COMPLETED, instance.start_micros))
            instance.last_variables = instance.scopes[ROOT_SCOPE].variables
            instance.scopes.clear()
            instance.pages.clear()
        return self.changes

    def is_shown(self, token: Token) -> bool:
        """Say whether a waiting token stands for an activity of its own."""
        if token.stage in HIDDEN:
            return False
        return token.host == NO_HOST or not self._waits_to_start(token)

    def _waits_to_start(self, token: Token) -> bool:
        # The start event of an event sub-process is an activity only once its event has come.
        return self.elements[token.element].bpmn_type == "startEvent"


def no_outgoing_flow(element: Element) -> WrongState:
    """Return the error of an element that has no flow to take."""
    return WrongState(
        "NO_OUTGOING_FLOW",
        f"element {element.id}: no condition of its outgoing flows holds and it has no default flow",
        metadata={"element_id": element.id},
    )
