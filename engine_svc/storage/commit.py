"""What one command writes: a commit, and the writer that puts many of them into one transaction."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from mesh.db.statements import (
    DeleteMany,
    FetchKeys,
    InsertMany,
    Program,
    Row,
    Statement,
    UpsertMany,
)
from mesh.errors import DependencyDown, LeaseLost, NotFound, RequestIdReused
from mesh.ids import member_id
from mesh.outbox import OutboxEntry, outbox_insert

INSTANCE_COLUMNS = (
    "id",
    "revision",
    "status",
    "definition_id",
    "definition_key",
    "definition_version",
    "business_key",
    "tenant_id",
    "started_at",
    "ended_at",
    "incident_count",
    "parent_id",
    "root_id",
    "restarted_from",
    "initiator",
    "apart",
    "snapshot",
)
INSTANCE_CHANGING = ("revision", "status", "ended_at", "incident_count", "apart", "snapshot")
USER_TASK_COLUMNS = (
    "instance_id",
    "task_key",
    "element_id",
    "name",
    "description",
    "assignee",
    "candidate_users",
    "candidate_groups",
    "priority",
    "created_at",
    "due_at",
    "claimed_at",
    "form_key",
    "suspended",
    "definition_id",
    "definition_key",
    "tenant_id",
    "owner",
    "delegation_state",
    "follow_up_at",
    "category",
    "business_key",
    "parent_key",
    "revision",
)
CANDIDATE_COLUMNS = ("instance_id", "task_key", "kind", "candidate", "created_at")
JOB_COLUMNS = (
    "instance_id",
    "job_key",
    "type",
    "state",
    "priority_order",
    "created_at",
    "available_at",
    "retries",
    "lease_owner",
    "lease_sequence",
    "error_message",
    "element_id",
    "definition_id",
    "definition_key",
    "business_key",
    "tenant_id",
    "headers",
    "inputs",
    "kind",
    "due_at",
    "waits",
)
SUBSCRIPTION_COLUMNS = (
    "instance_id",
    "subscription_key",
    "type",
    "name",
    "correlation_key",
    "created_at",
    "element_id",
    "activity_key",
    "definition_id",
    "definition_key",
    "business_key",
    "tenant_id",
)
THROWN_COLUMNS = (
    "id",
    "type",
    "name",
    "correlation_key",
    "variables",
    "everywhere",
    "instance_id",
    "tenant_id",
    "created_at",
)
MESSAGE_COLUMNS = (
    "id",
    "name",
    "correlation_key",
    "message_id",
    "tenant_id",
    "state",
    "created_at",
    "expires_at",
    "kept_until",
    "instance_id",
    "started",
    "explanation",
    "variables",
)
INCIDENT_COLUMNS = (
    "instance_id",
    "incident_key",
    "type",
    "element_id",
    "job_key",
    "message",
    "created_at",
    "definition_id",
    "definition_key",
    "tenant_id",
)
FINISHED_JOB_COLUMNS = (
    "definition_key",
    "outcome",
    "id",
    "instance_id",
    "job_key",
    "kind",
    "element_id",
    "definition_id",
    "tenant_id",
    "created_at",
    "due_at",
    "ended_at",
    "error_message",
    "error_details",
)
REQUEST_COLUMNS = ("method", "request_id", "fingerprint", "response", "created_at")
TASK_KEY = ("instance_id", "task_key")
JOB_KEY = ("instance_id", "job_key")
SUBSCRIPTION_KEY = ("instance_id", "subscription_key")
INCIDENT_KEY = ("instance_id", "incident_key")


class Written(enum.Enum):
    """The result of a commit that took effect."""

    YES = True


class StaleRevision(Exception):
    """Somebody else changed the instance since it was loaded."""


class StaleDefinitions(Exception):
    """A definition was deployed, deleted, suspended or resumed since what is to be started was looked up."""


class ClaimLost(Exception):
    """Somebody else took what the commit was to take."""


class AlreadyAnswered(Exception):
    """The request id was used before by the same request; `response` is what was answered."""

    def __init__(self, response: bytes) -> None:
        super().__init__()
        self.response = response


@dataclass(slots=True)
class RequestRecord:
    """Makes a call idempotent: its id, a fingerprint of its content, and the answer it gets.

    `request_id` is the id as it is stored, `sent_id` as it was sent where that is another.
    """

    method: str
    request_id: str
    fingerprint: str
    response: bytes = b""
    sent_id: str = ""


@dataclass(slots=True, frozen=True)
class Claim:
    """A row that one commit only may take, which it does by changing or deleting it.

    The row must be there, and its `guard_columns` must hold `guard`.
    """

    table: str
    key_columns: tuple[str, ...]
    key: Row
    guard_columns: tuple[str, ...]
    guard: Row


@dataclass(slots=True)
class Commit:
    """The rows of one command. Rows are tuples in the order of the column lists above."""

    now: int
    request: RequestRecord | None = None
    definition_epoch: int | None = None
    """What is started was found at this epoch to be there, not suspended, and the newest version where none was
    named; None where nothing is started."""
    expected: list[tuple[str, int]] = field(default_factory=list)
    """Instance id and the revision it was loaded at; new instances have none."""
    leases: list[tuple[str, int, int]] = field(default_factory=list)
    """Instance id, job key and lease sequence that must still hold."""
    claims: list[Claim] = field(default_factory=list)
    instances: list[Row] = field(default_factory=list)
    user_tasks: list[Row] = field(default_factory=list)
    candidates: list[Row] = field(default_factory=list)
    ended_user_tasks: list[Row] = field(default_factory=list)
    jobs: list[Row] = field(default_factory=list)
    ended_jobs: list[Row] = field(default_factory=list)
    finished_jobs: list[Row] = field(default_factory=list)
    """Records of the engine's own jobs that were done or given up."""
    subscriptions: list[Row] = field(default_factory=list)
    ended_subscriptions: list[Row] = field(default_factory=list)
    thrown: list[Row] = field(default_factory=list)
    """Signals and messages that instances sent, to be delivered to others."""
    messages: list[Row] = field(default_factory=list)
    incidents: list[Row] = field(default_factory=list)
    ended_incidents: list[Row] = field(default_factory=list)
    outbox: list[OutboxEntry] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)
    """Instance id and the revision of its last commit with events, for the answer; not written."""
    statements: list[Statement] = field(default_factory=list)
    """Rare ones that have no batch form."""


class CommitWriter:
    """Writes many commits in one transaction; the stale among them are left out."""

    def write(self, works: list[Commit]) -> Program[list[Written | Exception]]:
        """See `BatchWriter.write`. A commit that is refused gets `AlreadyAnswered`, `StaleRevision`,
        `StaleDefinitions`, `ClaimLost` or a `DomainError`.
        """
        refused = yield from self._refusals(works)
        accepted = [work for work in works if id(work) not in refused] if refused else works
        yield from _write_rows(accepted)
        return [refused.get(id(work), Written.YES) for work in works]

    def settle(self, work: Commit) -> Program[Written | Exception | None]:
        """See `BatchWriter.settle`."""
        if work.request is not None:
            # Under a lock: the broken transaction may still be on its way, and then this waits for it.
            return (yield from find_answer(work.request, lock=True))
        if not work.instances:
            # A message that came and that no instance took yet.
            told = yield FetchKeys("message", ("id",), ("id",), [work.messages[0][:1]], lock=True)
            return Written.YES if told else None
        instance_id, revision = work.instances[0][:2]
        rows = yield FetchKeys("process_instance", ("revision",), ("id",), [(instance_id,)], lock=True)
        if not rows or rows[0][0] < revision:
            return None
        if not work.expected:
            return Written.YES
        if work.outbox:
            told = yield FetchKeys("outbox", ("id",), ("id",), [(work.outbox[0].id,)])
            if told:
                return Written.YES
        return DependencyDown(
            "DEPENDENCY_UNAVAILABLE",
            "the database broke off and the outcome is not known; a request id would settle it: read the instance",
            metadata={"dependency": "database"},
        )

    def _refusals(self, works: list[Commit]) -> Program[dict[int, Exception]]:
        refused: dict[int, Exception] = {}
        yield from _refuse_repeated(works, refused)
        yield from _refuse_stale(works, refused)
        yield from _refuse_superseded(works, refused)
        yield from _refuse_outdated_definitions(works, refused)
        yield from _refuse_taken(works, refused)
        return refused


def find_answer(request: RequestRecord, *, lock: bool = False) -> Program[AlreadyAnswered | RequestIdReused | None]:
    """Look a request id up: the answer given before, the refusal of a reuse, or None where it is new."""
    rows = yield FetchKeys(
        "request_record",
        ("fingerprint", "response"),
        ("method", "request_id"),
        [(request.method, request.request_id)],
        lock=lock,
    )
    return _answer(request, *rows[0]) if rows else None


def _answer(request: RequestRecord, fingerprint: str, response: bytes) -> AlreadyAnswered | RequestIdReused:
    if fingerprint == request.fingerprint:
        return AlreadyAnswered(response)
    request_id = request.sent_id or request.request_id
    return RequestIdReused(
        "REQUEST_ID_REUSED",
        f"request id {request_id} was used before for another request; give each request its own",
        metadata={"request_id": request_id, "method": request.method},
    )


def _refuse_repeated(works: list[Commit], refused: dict[int, Exception]) -> Program[None]:
    requests = [(work, work.request) for work in works if work.request is not None]
    if not requests:
        return
    rows = yield FetchKeys(
        "request_record",
        ("method", "request_id", "fingerprint", "response"),
        ("method", "request_id"),
        [(request.method, request.request_id) for _, request in requests],
    )
    known = {(method, request_id): (fingerprint, response) for method, request_id, fingerprint, response in rows}
    seen: set[tuple[str, str]] = set()
    for work, request in requests:
        key = (request.method, request.request_id)
        if key in known:
            refused[id(work)] = _answer(request, *known[key])
        elif key in seen:
            # Its twin stands in this very batch: tried again, it finds the twin's answer.
            refused[id(work)] = StaleRevision()
        seen.add(key)


def _refuse_stale(works: list[Commit], refused: dict[int, Exception]) -> Program[None]:
    expected = [entry for work in works if id(work) not in refused for entry in work.expected]
    if not expected:
        return
    rows = yield FetchKeys(
        "process_instance", ("id", "revision"), ("id",), [(instance_id,) for instance_id, _ in expected], lock=True
    )
    current: dict[str, int] = dict(rows)
    for work in works:
        if id(work) in refused:
            continue
        if all(current.get(instance_id) == revision for instance_id, revision in work.expected):
            for instance_id, revision in work.expected:
                current[instance_id] = revision + 1
        else:
            refused[id(work)] = StaleRevision()


def _refuse_superseded(works: list[Commit], refused: dict[int, Exception]) -> Program[None]:
    keys = [lease[:2] for work in works if id(work) not in refused for lease in work.leases]
    if not keys:
        return
    rows = yield FetchKeys("job", (*JOB_KEY, "lease_sequence"), JOB_KEY, keys, lock=True)
    current = {(instance_id, key): sequence for instance_id, key, sequence in rows}
    for work in works:
        if id(work) in refused:
            continue
        for instance_id, key, sequence in work.leases:
            job_id = member_id(instance_id, key)
            found = current.get((instance_id, key))
            if found is None:
                refused[id(work)] = NotFound("JOB_NOT_FOUND", f"there is no open job {job_id}", metadata={"id": job_id})
            elif found != sequence:
                refused[id(work)] = LeaseLost(
                    "JOB_LEASE_SUPERSEDED",
                    f"the lease of job {job_id} has ended and another worker got the job",
                    metadata={"id": job_id, "lease_token": str(sequence)},
                )


def _refuse_outdated_definitions(works: list[Commit], refused: dict[int, Exception]) -> Program[None]:
    if all(work.definition_epoch is None for work in works):
        return
    # The lock: who suspends or deletes a definition waits for this transaction, and then sees all its instances.
    rows = yield FetchKeys("definition_epoch", ("epoch",), ("id",), [(1,)], share=True)
    epoch = rows[0][0] if rows else 0
    for work in works:
        if work.definition_epoch is not None and work.definition_epoch != epoch and id(work) not in refused:
            refused[id(work)] = StaleDefinitions()


def _refuse_taken(works: list[Commit], refused: dict[int, Exception]) -> Program[None]:
    wanted: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Row]] = {}
    for work in works:
        if id(work) not in refused:
            for claim in work.claims:
                wanted.setdefault((claim.table, claim.key_columns, claim.guard_columns), []).append(claim.key)
    free: dict[tuple[str, Row], Row] = {}
    for (table, key_columns, guard_columns), keys in wanted.items():
        rows = yield FetchKeys(table, (*key_columns, *guard_columns), key_columns, keys, lock=True)
        width = len(key_columns)
        free.update({(table, tuple(row[:width])): tuple(row[width:]) for row in rows})
    for work in works:
        if id(work) in refused or not work.claims:
            continue
        if all(free.get((claim.table, claim.key)) == claim.guard for claim in work.claims):
            for claim in work.claims:
                del free[claim.table, claim.key]
        else:
            refused[id(work)] = ClaimLost()


def _write_rows(works: list[Commit]) -> Program[None]:
    if instances := _joined(works, "instances"):
        yield UpsertMany("process_instance", INSTANCE_COLUMNS, ("id",), INSTANCE_CHANGING, instances)
    if ended := _joined(works, "ended_user_tasks"):
        yield DeleteMany("user_task", TASK_KEY, ended)
        yield DeleteMany("user_task_candidate", TASK_KEY, ended)
    if ended := _joined(works, "ended_jobs"):
        yield DeleteMany("job", JOB_KEY, ended)
    if ended := _joined(works, "ended_subscriptions"):
        yield DeleteMany("event_subscription", SUBSCRIPTION_KEY, ended)
    if ended := _joined(works, "ended_incidents"):
        yield DeleteMany("incident", INCIDENT_KEY, ended)
    if rows := _joined(works, "user_tasks"):
        yield InsertMany("user_task", USER_TASK_COLUMNS, rows)
    if rows := _joined(works, "candidates"):
        yield InsertMany("user_task_candidate", CANDIDATE_COLUMNS, rows)
    if rows := _joined(works, "jobs"):
        yield InsertMany("job", JOB_COLUMNS, rows)
    if rows := _joined(works, "finished_jobs"):
        yield InsertMany("finished_job", FINISHED_JOB_COLUMNS, rows)
    if rows := _joined(works, "subscriptions"):
        yield InsertMany("event_subscription", SUBSCRIPTION_COLUMNS, rows)
    if rows := _joined(works, "thrown"):
        yield InsertMany("thrown_event", THROWN_COLUMNS, rows)
    if rows := _joined(works, "messages"):
        yield InsertMany("message", MESSAGE_COLUMNS, rows)
    if rows := _joined(works, "incidents"):
        yield InsertMany("incident", INCIDENT_COLUMNS, rows)
    for work in works:
        # Not `yield from`: a list cannot be sent the results.
        for statement in work.statements:  # noqa: UP028
            yield statement
    if entries := _joined(works, "outbox"):
        yield outbox_insert(entries)
    requests = [
        (work.request.method, work.request.request_id, work.request.fingerprint, work.request.response, work.now)
        for work in works
        if work.request is not None
    ]
    if requests:
        yield InsertMany("request_record", REQUEST_COLUMNS, requests)


def _joined(works: list[Commit], name: str) -> list[Any]:
    return [row for work in works for row in getattr(work, name)]
