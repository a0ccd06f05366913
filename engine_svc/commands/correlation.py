"""Correlates a message at once: exactly one event takes it, or all that match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor, Start, instance_missing
from engine_svc.commands.idempotency import digest_of
from engine_svc.commands.message_delivery import ATTEMPTS, GONE
from engine_svc.commands.signal_delivery import Failure, gather_bounded
from engine_svc.runtime import step
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import ROOT_SCOPE, Instance, Status, Token, Wait
from engine_svc.storage.commit import SUBSCRIPTION_COLUMNS, Commit, RequestRecord
from engine_svc.storage.messages import MessageState, NewMessage
from engine_svc.storage.start_events import find_message_start
from engine_svc.storage.subscriptions import SubscriptionFilter, find_subscriptions, statuses
from mesh.call import open_rows
from mesh.db.statements import Row
from mesh.errors import Conflict, DependencyDown, DomainError, Overload, WrongState
from mesh.ids import member_id, new_id

MAX_MATCHES = 1000
MAX_NAMED = 5
PART = "CorrelateMessage.part"
"""Method under which it is kept that one of many took a message."""
CORRELATION_KEY, ELEMENT_ID, BUSINESS_KEY = (
    SUBSCRIPTION_COLUMNS.index(column) for column in ("correlation_key", "element_id", "business_key")
)


@dataclass(slots=True, frozen=True)
class Criteria:
    """What may take a message. Empty values do not narrow; `key` is that of the waiting activity.

    `tenant_id` None: of any tenant, where the instance is named.
    """

    name: str
    tenant_id: str | None
    instance_id: str = ""
    key: int = 0
    business_key: str = ""
    correlation_key: str = ""
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def may_start(self) -> bool:
        """Whether what is asked for may be an instance that is yet to start."""
        return not (self.instance_id or self.correlation_key or self.variables)


@dataclass(slots=True, frozen=True)
class Payload:
    """Variables that a message brings: for the instance, and for the scope of the activity that waited."""

    variables: dict[str, Any]
    local_variables: dict[str, Any]


@dataclass(slots=True, frozen=True)
class Correlated:
    """Who took a message. `key` 0: the instance was started."""

    instance: Instance
    key: int
    element_id: str


Respond = Callable[[Correlated], Message]
Merge = Callable[[Sequence[bytes], Sequence[Failure]], Message]
"""Makes one answer of the serialised answers for each and of the failures."""


@dataclass(slots=True, frozen=True)
class _Candidates:
    matched: list[Row]
    paused: list[Row]
    others: list[Row]
    """Those that miss a criterion."""


class Correlation:
    """Correlates messages."""

    def __init__(self, executor: InstanceExecutor) -> None:
        self._executor = executor

    async def correlate(
        self, criteria: Criteria, payload: Payload, request: RequestRecord | None, respond: Respond
    ) -> bytes:
        """Give a message to the one event that may take it; return the serialised answer.

        Raises `WrongState` (MESSAGE_NOT_CORRELATED, and those of the step), `DomainError`.
        """
        answer = await self._executor.answer_to(request)
        if answer is not None:
            return answer
        for _ in range(ATTEMPTS):
            found = await self._candidates(criteria)
            if len(found.matched) > 1:
                raise _several(criteria, found.matched)
            try:
                if found.matched:
                    return await self._trigger(found.matched[0], payload, request, respond)
                if criteria.may_start and await self._starts(criteria):
                    return await self._start(criteria, payload, request, respond)
            except DomainError as error:
                # Who waited a moment ago does so no more: somebody else was faster.
                if error.reason not in GONE or error.reason == "PROCESS_DEFINITION_SUSPENDED":
                    raise
                continue
            refusal = await self._explained(criteria, found)
            await self._keep(criteria, payload, refusal.message)
            raise refusal
        raise Conflict(
            "REVISION_CONFLICT",
            f"what waits for the message {criteria.name!r} changed each time it was looked at; try again",
            metadata={"id": ""},
        )

    async def correlate_all(
        self, criteria: Criteria, payload: Payload, request: RequestRecord | None, respond: Respond, merge: Merge
    ) -> bytes:
        """Give a message to all events that may take it, a bounded number; return the serialised answer.

        Raises `DomainError`.
        """
        answer = await self._executor.answer_to(request)
        if answer is not None:
            return answer
        found = await self._candidates(criteria)
        parts: list[bytes] = []
        failures: list[Failure] = []

        async def one(row: Row | None) -> None:
            part = None
            if request is not None:
                part = _part(request, "start" if row is None else member_id(row[0], row[1]))
            try:
                if row is None:
                    parts.append(await self._start(criteria, payload, part, respond))
                else:
                    parts.append(await self._trigger(row, payload, part, respond))
            except (Conflict, DependencyDown, Overload):
                raise
            except DomainError as error:
                if error.reason not in GONE or row is None:
                    failures.append(Failure("" if row is None else row[0], "", error.reason, error.message))

        receivers: list[Row | None] = list(found.matched)
        if criteria.may_start and await self._starts(criteria):
            receivers.append(None)
        await gather_bounded(one(row) for row in receivers)
        if not receivers:
            await self._keep(criteria, payload, (await self._explained(criteria, found)).message)
        return await self._executor.keep_answer(request, merge(parts, failures).SerializeToString())

    async def _starts(self, criteria: Criteria) -> bool:
        tenant_id = criteria.tenant_id or ""
        start, _ = await self._executor.database.read(find_message_start(tenant_id, criteria.name))
        return start is not None and open_rows().allow(tenant_id, start.definition_key)

    async def _trigger(self, row: Row, payload: Payload, request: RequestRecord | None, respond: Respond) -> bytes:
        instance_id, key = row[:2]

        def work(instance: Instance, now: int) -> Program[Effect]:
            changes = yield from step.trigger(
                instance, key, dict(payload.variables), now, local_variables=payload.local_variables
            )
            return Effect(changes, lambda: respond(Correlated(instance, key, row[ELEMENT_ID])))

        return await self._executor.change(instance_id, work, request, lambda: instance_missing(instance_id))

    async def _start(
        self, criteria: Criteria, payload: Payload, request: RequestRecord | None, respond: Respond
    ) -> bytes:
        variables = {**payload.variables, **payload.local_variables}
        start = Start(
            "", "", 0, criteria.tenant_id or "", criteria.business_key, variables, "", message_name=criteria.name
        )

        def told(instances: list[Instance]) -> Message:
            return respond(Correlated(instances[0], 0, ""))

        return await self._executor.create([start], request, told)

    async def _candidates(self, criteria: Criteria) -> _Candidates:
        wanted = SubscriptionFilter(
            type=int(Wait.MESSAGE),
            name=criteria.name,
            tenant_id=criteria.tenant_id,
            instance_id=criteria.instance_id,
            key=criteria.key,
            business_key=criteria.business_key,
            correlation_key=criteria.correlation_key,
        )
        rows = await self._executor.database.read(find_subscriptions(wanted, open_rows(), None, MAX_MATCHES))
        if not rows:
            return _Candidates([], [], [])
        status = await self._executor.database.read(statuses(sorted({row[0] for row in rows})))
        running = [row for row in rows if status.get(row[0]) == Status.RUNNING]
        paused = [row for row in rows if status.get(row[0]) == Status.PAUSED]
        if not criteria.variables or not running:
            return _Candidates(running, paused, [])
        instances = await self._executor.load_many(sorted({row[0] for row in running}))
        matched = [row for row in running if _has(instances.get(row[0]), row[1], criteria.variables)]
        return _Candidates(matched, paused, [row for row in running if row not in matched])

    async def _explained(self, criteria: Criteria, found: _Candidates) -> WrongState:
        if found.paused:
            ids = ", ".join(sorted({row[0] for row in found.paused})[:MAX_NAMED])
            return _refused(
                criteria,
                "PAUSED",
                f"what waits for the message {criteria.name!r} belongs to paused instances, which take no messages: "
                f"{ids}; resume them first",
                found.paused,
            )
        if found.others:
            names = ", ".join(sorted(criteria.variables))
            return _refused(
                criteria,
                "OTHER_CRITERIA",
                f"events wait for the message {criteria.name!r}, but see other values of {names}: "
                f"{_named(found.others)}",
                found.others,
            )
        by_name = SubscriptionFilter(type=int(Wait.MESSAGE), name=criteria.name, tenant_id=criteria.tenant_id)
        rows = await self._executor.database.read(find_subscriptions(by_name, open_rows(), None, MAX_NAMED + 1))
        starts = ""
        if not criteria.may_start and await self._starts(criteria):
            starts = "; it would start a process if neither an instance nor a key nor variables were asked for"
        if rows:
            more = " and others" if len(rows) > MAX_NAMED else ""
            return _refused(
                criteria,
                "OTHER_CRITERIA",
                f"no event that waits for the message {criteria.name!r} has all that is asked for "
                f"({_asked(criteria)}); waiting are {_named(rows)}{more}{starts}",
                rows,
            )
        where = f" in tenant {criteria.tenant_id}" if criteria.tenant_id else ""
        return _refused(
            criteria, "NO_SUBSCRIPTION", f"nothing waits for a message named {criteria.name!r}{where}{starts}", []
        )

    async def _keep(self, criteria: Criteria, payload: Payload, explanation: str) -> None:
        """Keep a message that nothing took, for who asks later why an instance still waits."""
        if not open_rows().allow(criteria.tenant_id or ""):
            return
        now = self._executor.clock.now_micros()
        new = NewMessage(new_id(), criteria.name, criteria.correlation_key, criteria.tenant_id or "", payload.variables)
        row = new.row(MessageState.UNMATCHED, now, explanation=explanation)
        await self._executor.commit(Commit(now, messages=[row]))


def _part(request: RequestRecord, receiver: str) -> RequestRecord:
    return RequestRecord(PART, f"{digest_of(request)}:{receiver}", request.fingerprint)


def visible_variables(instance: Instance, token: Token) -> dict[str, Any]:
    """Return the variables that the event a token waits for sees."""
    scopes = instance.scopes
    # A boundary event sees what its activity sees.
    place = next((key for key in (token.host, token.key) if key in scopes and key != ROOT_SCOPE), token.scope_key)
    chain = [scopes[place]]
    while chain[-1].key != ROOT_SCOPE:
        chain.append(scopes[chain[-1].parent_key])
    visible: dict[str, Any] = {}
    for scope in reversed(chain):
        visible.update(scope.variables)
    return visible


def _has(instance: Instance | None, key: int, variables: dict[str, Any]) -> bool:
    token = instance.tokens.get(key) if instance is not None else None
    if instance is None or token is None:
        return False
    visible = visible_variables(instance, token)
    return all(name in visible and _same(visible[name], value) for name, value in variables.items())


def _same(left: Any, right: Any) -> bool:
    # To Python, True equals 1.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _several(criteria: Criteria, rows: list[Row]) -> WrongState:
    count = f"{len(rows)} events" if len(rows) < MAX_MATCHES else f"{MAX_MATCHES} events or more"
    return _refused(
        criteria,
        "SEVERAL",
        f"{count} may take the message {criteria.name!r}, and only one is to: {_named(rows[:MAX_NAMED])}; narrow it "
        "down by instance, activity, business key, correlation key or variables, or send it to all",
        rows,
    )


def _refused(criteria: Criteria, why: str, text: str, rows: Sequence[Row]) -> WrongState:
    waiting = ",".join(member_id(row[0], row[1]) for row in rows[:MAX_NAMED])
    metadata = {"name": criteria.name, "why": why, "waiting": waiting}
    return WrongState("MESSAGE_NOT_CORRELATED", text, metadata=metadata)


def _named(rows: Sequence[Row]) -> str:
    return "; ".join(
        f"{row[ELEMENT_ID]} of instance {row[0]}"
        + (f" with correlation key {row[CORRELATION_KEY]!r}" if row[CORRELATION_KEY] else "")
        + (f" with business key {row[BUSINESS_KEY]!r}" if row[BUSINESS_KEY] else "")
        for row in rows[:MAX_NAMED]
    )


def _asked(criteria: Criteria) -> str:
    asked = {
        "instance": criteria.instance_id,
        "activity": member_id(criteria.instance_id, criteria.key) if criteria.key else "",
        "business key": criteria.business_key,
        "correlation key": criteria.correlation_key,
    }
    return ", ".join(f"{what} {value!r}" for what, value in asked.items() if value) or "running instances"
