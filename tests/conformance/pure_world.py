"""Instances without services, as a case needs them: what they wait for by name, what starts them, failed attempts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from engine_svc.compile.executable import (
    CatchSpec,
    ConditionTrigger,
    Element,
    MessageTrigger,
    ReceiveTaskSpec,
    SignalTrigger,
    StartSpec,
    TimerTrigger,
    Trigger,
)
from engine_svc.expressions.coercion import to_string
from engine_svc.expressions.timers import Cycle, due_date
from engine_svc.runtime import step
from engine_svc.runtime.changes import Changes, JobKind, NewIncident, NewSubscription
from engine_svc.runtime.requests import RunScript
from engine_svc.scripts.call import ScriptError
from engine_svc.state.definition import Definition
from engine_svc.state.instance import Instance, Status, Token, Wait
from mesh.errors import DomainError, NotFound, WrongState
from tests.conformance.scripting import run_script
from tests.unit.runtime.running import reloaded
from tests.unit.runtime.world import World

T = TypeVar("T")

FIRST_BACKOFF_MICROS = 2_000_000
RUN_LIMIT = 20_000
"""Jobs that one turn of the clock may run; a model that makes more loops."""


class NoVariables:
    """What an expression of a start event sees."""

    def lookup(self, name: str) -> Any:
        raise KeyError(name)


@dataclass
class StartTimer:
    """A timer that starts a process."""

    definition: Definition
    element: Element
    due: int
    cycle: Cycle | None
    fired: int = 0


def trigger_of(element: Element) -> Trigger | None:
    """What an element waits for."""
    spec = element.spec
    return spec.trigger if isinstance(spec, StartSpec | CatchSpec | ReceiveTaskSpec) else None


def start_elements(definition: Definition) -> list[Element]:
    """The elements by which something from outside may start a process."""
    process = definition.process
    found: list[Element] = []
    for index in process.starts:
        element = process.elements[index]
        if trigger_of(element) is not None:
            found.append(element)
        elif not isinstance(element.spec, StartSpec | ReceiveTaskSpec):
            found += [process.elements[flow.target] for flow in element.outgoing]
    return found


class PureWorld(World):
    """A world that a case drives."""

    def __init__(self) -> None:
        super().__init__()
        self.subscriptions: dict[tuple[str, int], NewSubscription] = {}
        self.incidents: dict[tuple[str, int], NewIncident] = {}
        self.start_timers: list[StartTimer] = []
        self.suspended: set[str] = set()
        """Ids of suspended definitions."""
        self.attempts: dict[tuple[str, int], int] = {}
        self.elements: dict[tuple[str, int], str] = {}
        """Elements of tasks and jobs, also of those that are no more."""
        self.work: set[tuple[str, int]] = set()
        """Those that are, or were, a worker's."""

    def attempt(self, command: Callable[[], T]) -> T:
        """Do a command as a transaction: one that fails leaves everything as it was."""
        before = {at: reloaded(instance) for at, instance in self.instances.items()}
        try:
            return command()
        except DomainError:
            self.instances = before
            raise

    # Definitions

    def withdrawn(self, definition: Definition) -> None:
        """No version of a key is left: no timer starts it."""
        self.start_timers = [timer for timer in self.start_timers if timer.definition.key != definition.key]

    def took_over(self, definition: Definition) -> None:
        """A definition is the newest version of its key now: its timers start it, not those of the one before."""
        self.withdrawn(definition)
        for element in start_elements(definition):
            trigger = trigger_of(element)
            if not isinstance(trigger, TimerTrigger):
                continue
            text = trigger.text(NoVariables())
            end = None if trigger.end_date is None else trigger.end_date(NoVariables())
            cycle = Cycle.parse(text, self.now, end) if trigger.kind == "cycle" else None
            due = cycle.first() if cycle is not None else due_date(text, self.now)
            if due is not None:
                self.start_timers.append(StartTimer(definition, element, due, cycle))

    def start_by(self, kind: type[Trigger], name: str) -> list[tuple[Definition, Element]]:
        """The start events of newest versions that wait for a message or signal of this name."""
        found = []
        for definition in self.definitions.values():
            for element in start_elements(definition):
                trigger = trigger_of(element)
                if not isinstance(trigger, kind) or not isinstance(trigger, MessageTrigger | SignalTrigger):
                    continue
                if to_string(trigger.name(NoVariables())) == name:
                    found.append((definition, element))
        return found

    # Commands

    def begin(
        self,
        definition: Definition,
        variables: Mapping[str, Any],
        *,
        element: Element | None = None,
        business_key: str = "",
        initiator: str = "",
    ) -> str:
        """Start an instance; return its id. Raises `WrongState` (PROCESS_DEFINITION_SUSPENDED)."""
        if definition.id in self.suspended:
            raise WrongState("PROCESS_DEFINITION_SUSPENDED", f"definition {definition.id} is suspended")
        instance_id = self._new_id()
        instance, changes = self.run(
            step.start(
                definition,
                instance_id,
                tenant_id="",
                business_key=business_key,
                variables=dict(variables),
                initiator=initiator,
                now=self.now,
                start_element=None if element is None else element.index,
                ids=self._new_id,
            )
        )
        self._took(instance, changes)
        return instance_id

    def _waiting(self, element_id: str, at: str | None) -> tuple[str, Token]:
        found = [
            (instance_id, token)
            for instance_id, instance in self.instances.items()
            if at in (None, instance_id)
            for token in instance.tokens.values()
            if instance.definition.process.elements[token.element].id == element_id
        ]
        # An activity that waits for no event is named too, for its variables or to see that it is not triggered.
        return next((entry for entry in found if entry[1].waits_for in step.TRIGGERED), found[0])

    def trigger_key(self, instance_id: str, key: int, variables: Mapping[str, Any]) -> None:
        """Let the event come that one token waits for."""
        program = step.trigger(self.instances[instance_id], key, dict(variables), self.now, self._new_id)
        self.do(instance_id, program)

    def broadcast(self, name: str, variables: Mapping[str, Any], *, starts: bool = True, only: str = "") -> int:
        """Give a signal to all that wait for it; return how many did."""
        reached = 0
        waiting = [
            (place, row)
            for place, row in self.subscriptions.items()
            if row.type == Wait.SIGNAL
            and row.name == name
            and (place[0] == only if only else not row.correlation_key)
            and self.instances[place[0]].status is Status.RUNNING
        ]
        by_instance: dict[str, list[int]] = {}
        for (instance_id, key), _ in waiting:
            by_instance.setdefault(instance_id, []).append(key)
        for instance_id, keys in by_instance.items():
            for key in keys:
                token = self.instances[instance_id].tokens.get(key)
                if token is not None and token.waits_for is Wait.SIGNAL:
                    self.trigger_key(instance_id, key, variables)
                    reached += 1
        if starts and not only:
            for definition, element in self.start_by(SignalTrigger, name):
                self.begin(definition, variables, element=element)
                reached += 1
        return reached

    def correlate(
        self,
        name: str,
        variables: Mapping[str, Any],
        *,
        key: str | None = None,
        instance_id: str | None = None,
        business_key: str = "",
        everywhere: bool = False,
    ) -> str | None:
        """Give a message to the one that waits for it, or start an instance; return the id of one that was started.

        Raises `WrongState` (MESSAGE_NOT_CORRELATED).
        """
        waiting = [
            place
            for place, row in self.subscriptions.items()
            if row.type == Wait.MESSAGE
            and row.name == name
            and (key is None or row.correlation_key == key)
            and instance_id in (None, place[0])
            and (not business_key or self.instances[place[0]].business_key == business_key)
            and self.instances[place[0]].status is Status.RUNNING
        ]
        if len(waiting) > 1 and not everywhere:
            raise WrongState("MESSAGE_NOT_CORRELATED", f"{len(waiting)} wait for the message {name}")
        for at, token_key in waiting:
            if token_key in self.instances[at].tokens:
                self.trigger_key(at, token_key, variables)
        if waiting and not everywhere:
            return None
        starts = [] if instance_id or key is not None else self.start_by(MessageTrigger, name)
        if not starts and not waiting:
            raise WrongState("MESSAGE_NOT_CORRELATED", f"nothing waits for the message {name}")
        for definition, element in starts:
            return self.begin(definition, variables, element=element, business_key=business_key)
        return None

    def evaluate_starts(self, variables: Mapping[str, Any]) -> int:
        """Start an instance of each newest version whose start condition holds; return how many there were."""
        started = 0
        for definition in list(self.definitions.values()):
            for element in start_elements(definition):
                trigger = trigger_of(element)
                if isinstance(trigger, ConditionTrigger) and trigger.condition(_Given(variables)) is True:
                    self.begin(definition, variables, element=element)
                    started += 1
        return started

    def renamed(self, place: tuple[str, int], element_id: str) -> None:
        """What is open has another element since its instance was migrated."""
        self.elements[place] = element_id
        rows: tuple[Mapping[tuple[str, int], Any], ...] = (self.tasks, self.jobs, self.subscriptions)
        for row in [of_kind[place] for of_kind in rows if place in of_kind]:
            row.element_id = element_id

    def deliver_thrown(self, *, asynchronous: bool = False) -> int:
        """Deliver what instances threw, asynchronous signals only where they are asked for; return how much it was."""
        done = 0
        while True:
            signals = [signal for signal in self.signals if asynchronous or not signal.everywhere]
            messages = list(self.messages)
            if not signals and not messages:
                return done
            self.signals = [signal for signal in self.signals if signal not in signals]
            self.messages.clear()
            for signal in signals:
                done += self.attempt(partial(self.broadcast, signal.name, signal.variables))
            for message in messages:
                key = message.correlation_key or None
                try:
                    self.attempt(partial(self.correlate, message.name, message.variables, key=key))
                except WrongState as error:
                    if error.reason != "MESSAGE_NOT_CORRELATED":
                        raise
                else:
                    done += 1

    def advance(self, seconds: float) -> int:
        """Turn the clock: deliver what was thrown, and run what gets due, in order of time."""
        until = self.now + int(seconds * 1e6)
        done = self.deliver_thrown(asynchronous=True)
        for _ in range(RUN_LIMIT):
            due = [
                (job.due_micros, at)
                for at, job in self.jobs.items()
                if job.kind is not JobKind.EXTERNAL
                and job.retries > 0
                and job.due_micros <= until
                and self.instances[at[0]].status is Status.RUNNING
            ]
            starts = [timer for timer in self.start_timers if timer.due <= until]
            if not due and not starts:
                self.now = until
                return done
            first_start = min(starts, key=lambda timer: timer.due, default=None)
            if first_start is not None and (not due or first_start.due < min(due)[0]):
                self.now = max(self.now, first_start.due)
                self._start_by_timer(first_start)
            else:
                time, place = min(due)
                self.now = max(self.now, time)
                self.run_due(place)
            done += 1 + self.deliver_thrown(asynchronous=True)
        raise AssertionError("the model makes jobs without end")

    def run_due(self, place: tuple[str, int]) -> None:
        """Run a timer or asynchronous job; one that fails is tried again later, or not any more."""
        instance_id, key = place
        job = self.jobs[place]
        try:
            self.attempt(
                lambda: self.do(instance_id, step.run_job(self.instances[instance_id], key, self.now, self._new_id))
            )
        except DomainError as error:
            failed = self.attempts.get(place, 0) + 1
            self.attempts[place] = failed
            self.fail(place, job.retries - 1, error.message)
            waits = job.waits_micros
            wait = waits[min(failed, len(waits)) - 1] if waits else FIRST_BACKOFF_MICROS << (failed - 1)
            job.due_micros = self.now + wait

    def fail(self, place: tuple[str, int], retries: int, message: str, code: str = "") -> None:
        """Note a failed attempt."""
        changes = step.fail_job(
            self.instances[place[0]],
            place[1],
            retries=retries,
            error_message=message,
            error_code=code,
            now=self.now,
        )
        self._took(self.instances[place[0]], changes)
        self.jobs[place].retries = retries

    def _start_by_timer(self, timer: StartTimer) -> None:
        timer.fired += 1
        following = None if timer.cycle is None else timer.cycle.next(timer.due, timer.fired, self.now)
        if following is None:
            self.start_timers.remove(timer)
        else:
            timer.due = following
        self.begin(timer.definition, {}, element=timer.element)

    def _answer(self, request: object) -> object:
        if isinstance(request, RunScript):
            try:
                return run_script(request.call)
            except ScriptError as error:
                # As NotFound it is thrown where the step waits for the answer.
                raise _ScriptFailed("SCRIPT_FAILED", f"script of {request.element_id}: {error}") from error
        return super()._answer(request)

    def run(self, program: Generator[Any, Any, T]) -> T:
        """Run a step and give it what it asks for."""
        return super().run(program)

    def _keep(self, instance: Instance, changes: Changes) -> None:
        super()._keep(instance, changes)
        at = instance.id
        self.elements.update({(at, row.key): row.element_id for row in (*changes.new_user_tasks, *changes.new_jobs)})
        self.work.difference_update((at, row.key) for row in changes.new_user_tasks)
        self.work.update((at, row.key) for row in changes.new_jobs if row.kind is JobKind.EXTERNAL)
        for key in changes.ended_subscriptions:
            self.subscriptions.pop((at, key), None)
        self.subscriptions.update({(at, row.key): row for row in changes.new_subscriptions})
        for key in changes.ended_subscriptions:
            if key not in self.instances[at].tokens:
                self.subscriptions.pop((at, key), None)
        for key in changes.ended_incidents:
            del self.incidents[(at, key)]
        self.incidents.update({(at, row.key): row for row in changes.new_incidents})
        if instance.ended:
            self.subscriptions = {place: row for place, row in self.subscriptions.items() if place[0] != at}
            self.incidents = {place: row for place, row in self.incidents.items() if place[0] != at}


class _ScriptFailed(NotFound, WrongState):
    """A failed script, which the step is told as it is told of missing definitions."""


@dataclass
class _Given:
    """Sees the variables that are given, and nothing else."""

    variables: Mapping[str, Any]

    def lookup(self, name: str) -> Any:
        return self.variables[name]
