"""A process instance run without services: a model in, commands by element id, what happened out."""

from __future__ import annotations

from typing import Any, TypeVar

from engine_svc.compile.load import load_bpmn
from engine_svc.events import record
from engine_svc.runtime import step
from engine_svc.runtime.changes import Changes, JobKind, NewJob, NewSubscription, NewUserTask
from engine_svc.runtime.requests import Program, run_alone
from engine_svc.state.definition import Definition
from engine_svc.state.instance import NO_HOST, ROOT_SCOPE, Instance, Status, Token, Wait
from engine_svc.state.snapshot import decode_snapshot, encode_snapshot
from tests.unit.bpmn_models import flow, process

T = TypeVar("T")

INSTANCE_ID = "01234567-0000-7000-8000-000000000000"
NOW = 1_700_000_000_000_000
"""2023-11-14T22:13:20Z."""

KINDS = {number: name for name, number in vars(record).items() if name.isupper() and isinstance(number, int)}
OF_ACTIVITIES = frozenset({record.ACTIVITY_STARTED, record.ACTIVITY_COMPLETED, record.ACTIVITY_TERMINATED})


def definition_of(xml: bytes) -> Definition:
    """The one process of a file, which must be valid."""
    loaded = load_bpmn(xml)
    assert loaded.is_valid, [problem.message for problem in loaded.problems]
    (compiled,) = loaded.processes
    return Definition("definition-id", compiled.key, 1, "", compiled)


def model(nodes: str, *flows: str) -> Definition:
    """A process of these nodes and flows: `a>b`, or `a>b:${condition}`."""
    connected = []
    for text in flows:
        ends, _, condition = text.partition(":")
        source, target = ends.split(">")
        connected.append(flow(source, target, condition))
    return definition_of(process(nodes + "".join(connected)))


class Shelf:
    """What a database would hold of an instance beside its snapshot, written as the engine writes it."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}
        self.values: dict[str, bytes] = {}

    def stored(self, instance: Instance) -> tuple[bytes, list[tuple[int, bytes]], dict[str, bytes]]:
        """Store an instance; return all that is to be loaded."""
        if instance.parts is None:
            self.parts.clear()
        if instance.large_values is None:
            self.values.clear()
        snapshot, apart = encode_snapshot(instance)
        if apart is not None:
            self.parts.update(apart.parts)
            for number in apart.dropped_parts:
                del self.parts[number]
            assert not self.values.keys() & dict(apart.values).keys(), "a value is written once"
            self.values.update(apart.values)
            for content_hash in apart.dropped_values:
                del self.values[content_hash]
            shared = [large.size for scope in instance.scopes.values() for large in (scope.large or {}).values()]
            assert apart.size == sum(map(len, self.parts.values())) + sum(shared)
        return snapshot, sorted(self.parts.items()), self.values


SHELVES: dict[str, Shelf] = {}


def reloaded(instance: Instance) -> Instance:
    """The instance as it comes back from the database."""
    twin = Instance(
        instance.id,
        instance.definition,
        tenant_id=instance.tenant_id,
        business_key=instance.business_key,
        start_micros=instance.start_micros,
    )
    twin.revision = instance.revision
    twin.status = instance.status
    twin.end_micros = instance.end_micros
    twin.parent_id = instance.parent_id
    twin.root_id = instance.root_id
    snapshot, parts, values = SHELVES.setdefault(instance.id, Shelf()).stored(instance)
    decode_snapshot(snapshot, twin, parts, values)
    return twin


class Run:
    """An instance that is being run; `log` holds every event of every step, in order.

    With `reload` the instance goes through its stored form after every step.
    """

    def __init__(
        self,
        definition: Definition,
        variables: dict[str, Any] | None = None,
        *,
        initiator: str = "",
        business_key: str = "",
        reload: bool = False,
    ) -> None:
        self.now = NOW
        self.reload = reload
        self.log: list[tuple[Any, ...]] = []
        self.tasks: dict[int, NewUserTask] = {}
        self.jobs: dict[int, NewJob] = {}
        self.engine_jobs: dict[int, NewJob] = {}
        """Timers and asynchronous jobs."""
        self.subscriptions: dict[int, NewSubscription] = {}
        self.instance, changes = self.run(
            step.start(
                definition,
                INSTANCE_ID,
                tenant_id="",
                business_key=business_key,
                variables=dict(variables or {}),
                initiator=initiator,
                now=self.now,
            )
        )
        self.took(changes)

    def run(self, program: Program[T]) -> T:
        """Run a step; scripts, called processes and other instances are not known to this kind of run."""
        return run_alone(program)

    def took(self, changes: Changes) -> Changes:
        self.last = changes
        self.log += changes.events
        self.tasks.update({task.key: task for task in changes.new_user_tasks})
        for key in changes.ended_user_tasks:
            del self.tasks[key]
        for key in changes.ended_jobs:
            (self.engine_jobs if key in self.engine_jobs else self.jobs).pop(key)
        for job in changes.new_jobs:
            (self.jobs if job.kind is JobKind.EXTERNAL else self.engine_jobs)[job.key] = job
        for subscription in changes.ended_subscriptions:
            del self.subscriptions[subscription]
        self.subscriptions.update({entry.key: entry for entry in changes.new_subscriptions})
        if self.reload:
            self.instance = reloaded(self.instance)
        return changes

    # Commands

    def complete(self, element_id: str, variables: dict[str, Any] | None = None) -> Changes:
        """Complete the oldest open task or job of an element."""
        self.now += 1_000_000
        key = min(token.key for token in self.instance.tokens.values() if self._id(token) == element_id)
        command = step.complete_user_task if key in self.tasks else step.complete_job
        return self.took(self.run(command(self.instance, key, variables or {}, self.now)))

    def fire(self, element_id: str, variables: dict[str, Any] | None = None) -> Changes:
        """Let the event come that the oldest token in an element waits for; do the job of one that waits for it."""
        self.now += 1_000_000
        token = self.token(element_id)
        if token.waits_for in (Wait.TIMER, Wait.ASYNC_JOB):
            return self.took(self.run(step.run_job(self.instance, token.key, self.now)))
        return self.took(self.run(step.trigger(self.instance, token.key, variables or {}, self.now)))

    def work_off(self) -> int:
        """Do asynchronous jobs until none is left, the oldest first; return how many there were."""
        done = 0
        while waiting := [t.key for t in self.instance.tokens.values() if t.waits_for is Wait.ASYNC_JOB]:
            self.took(self.run(step.run_job(self.instance, min(waiting), self.now)))
            done += 1
        return done

    def work_off_one(self) -> None:
        """Do the oldest asynchronous job."""
        self.took(self.run(step.run_job(self.instance, min(self.engine_jobs), self.now)))

    def token(self, element_id: str) -> Token:
        """The oldest token that waits in an element."""
        return min(
            (token for token in self.instance.tokens.values() if self._id(token) == element_id),
            key=lambda token: token.key,
        )

    def cancel(self, reason: str = "") -> Changes:
        self.now += 1_000_000
        return self.took(self.run(step.cancel(self.instance, reason, self.now)))

    # What can be seen

    def _id(self, token: Token) -> str:
        return self.instance.definition.process.elements[token.element].id

    @property
    def status(self) -> Status:
        return self.instance.status

    @property
    def completed(self) -> bool:
        return self.status is Status.COMPLETED

    @property
    def waiting(self) -> list[str]:
        """The elements in which tokens wait, sorted; events on boundaries and of event sub-processes aside."""
        return sorted(self._id(token) for token in self.instance.tokens.values() if token.host == NO_HOST)

    @property
    def variables(self) -> dict[str, Any]:
        """Variables of the instance's own scope; of an ended one, all that its events tell."""
        if not self.instance.ended:
            return self.instance.scopes[ROOT_SCOPE].variables
        told: dict[str, Any] = {}
        for event in self.log:
            if event[0] in (record.INSTANCE_STARTED, record.VARIABLES_UPDATED):
                told.update(event[2])
        return told

    @property
    def passed(self) -> list[str]:
        """The elements whose activities were completed, in order."""
        return [event[2] for event in self.log if event[0] == record.ACTIVITY_COMPLETED]

    def named(self, changes: Changes | None = None) -> list[tuple[Any, ...]]:
        """Events with the names of their kinds: of one step, or of the whole run."""
        events = self.log if changes is None else changes.events
        return [
            # Which flow an activity was reached by is for tests of flows.
            (KINDS[event[0]], *(event[1:-1] if event[0] in OF_ACTIVITIES else event[1:]))
            for event in events
        ]

    @property
    def taken_flows(self) -> list[str]:
        """The sequence flows by which activities were reached, by the order of the activities."""
        reached = {event[1]: event[-1] for event in self.log if event[0] in OF_ACTIVITIES}
        return [reached[key] for key in sorted(reached) if reached[key]]

    def state(self) -> tuple[Any, ...]:
        """All that must be the same however the instance was kept between the steps."""
        instance = self.instance
        scopes = [(s.key, s.parent_key, s.variables, s.live_tokens) for s in instance.scopes.values()]
        tokens = [
            tuple(getattr(t, name) for name in Token.__slots__ if name != "encoded") for t in instance.tokens.values()
        ]
        arrivals = {at: [token.key for token in waiting] for at, waiting in instance.arrivals.items()}
        return instance.status, instance.next_key, instance.end_micros, scopes, tokens, arrivals, self.log
