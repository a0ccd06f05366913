"""What was submitted, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from form_svc.storage.layout import PENDING
from mesh.access.row_conditions import Condition, beside, row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys


@dataclass(slots=True, frozen=True)
class Submission:
    """A row of `submission`; times in microseconds, 0 where there is none."""

    id: str
    kind: int
    state: int
    tenant_id: str
    process_definition_id: str
    process_definition_key: str
    process_instance_id: str
    user_task_id: str
    element_id: str
    form_definition_id: str
    form_key: str
    form_version: int
    submitted_by: str
    outcome: str
    created_at: int
    settled_at: int
    attempts: int
    next_attempt_at: int
    refusal_reason: str
    refusal_message: str
    scope: str
    fingerprint: str


@dataclass(slots=True, frozen=True)
class Content:
    """What belongs to a submission and is no part of lists; see the table."""

    data: bytes
    actor_rows: bytes
    engine_request: bytes
    engine_answer: bytes = b""


@dataclass(slots=True, frozen=True)
class SubmissionFilter:
    """What a list is narrowed to; empty values narrow nothing."""

    tenant_id: str = ""
    process_definition_key: str = ""
    process_instance_id: str = ""
    user_task_id: str = ""
    form_key: str = ""
    submitted_by: str = ""
    state: int = 0


COLUMNS = tuple(field.name for field in fields(Submission))
_CONTENT = tuple(field.name for field in fields(Content))


def insert_submission(new: Submission, content: Content) -> Program[None]:
    """Keep a submission. Raises `ConstraintViolated` where its scope is taken."""
    yield InsertMany("submission", COLUMNS, [astuple(new)])
    yield InsertMany("submission_content", ("id", *_CONTENT), [(new.id, *astuple(content))])


def find_submission(submission_id: str, *, lock: bool = False) -> Program[Submission | None]:
    """Read a submission."""
    rows: list[Row] = yield FetchKeys("submission", COLUMNS, ("id",), [(submission_id,)], lock=lock)
    return Submission(*rows[0]) if rows else None


def find_by_scope(scope: str) -> Program[Submission | None]:
    """Read the submission of a request."""
    rows: list[Row] = yield Fetch(f"SELECT {','.join(COLUMNS)} FROM submission WHERE scope=?", (scope,))
    return Submission(*rows[0]) if rows else None


def read_content(submission_id: str) -> Program[Content]:
    """Read what belongs to a submission that there is."""
    rows: list[Row] = yield FetchKeys("submission_content", _CONTENT, ("id",), [(submission_id,)])
    return Content(*(bytes(value) for value in rows[0]))


def due_submissions(now: int, limit: int) -> Program[list[Submission]]:
    """Read pending submissions whose time has come, the longest due first."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(COLUMNS)} FROM submission WHERE state=? AND next_attempt_at<=? "
        f"ORDER BY next_attempt_at, id LIMIT {int(limit)}",
        (PENDING, now),
    )
    return [Submission(*row) for row in rows]


def claim_attempt(submission: Submission, next_attempt_at: int) -> Program[bool]:
    """Begin an attempt; say False where somebody else did, or it is settled."""
    changed: int = yield Execute(
        "UPDATE submission SET attempts=attempts+1, next_attempt_at=? WHERE id=? AND state=? AND attempts=?",
        (next_attempt_at, submission.id, PENDING, submission.attempts),
    )
    return changed == 1


def postpone(submission_id: str, next_attempt_at: int) -> Program[None]:
    """Let a pending submission wait."""
    yield Execute(
        "UPDATE submission SET next_attempt_at=? WHERE id=? AND state=?", (next_attempt_at, submission_id, PENDING)
    )


def settle(
    submission_id: str,
    state: int,
    answer: bytes,
    now: int,
    *,
    process_instance_id: str = "",
    reason: str = "",
    message: str = "",
) -> Program[bool]:
    """Write down how a pending submission ended; say False where that was done before."""
    changed: int = yield Execute(
        "UPDATE submission SET state=?, settled_at=?, refusal_reason=?, refusal_message=?, "
        "process_instance_id=CASE WHEN ?<>'' THEN ? ELSE process_instance_id END WHERE id=? AND state=?",
        (state, now, reason, message, process_instance_id, process_instance_id, submission_id, PENDING),
    )
    if changed:
        yield UpdateKeys("submission_content", "engine_answer=?", (answer,), ("id",), [(submission_id,)])
    return changed == 1


def list_submissions(
    wanted: SubmissionFilter, opened: Rows, after: str | None, limit: int
) -> Program[list[Submission]]:
    """Read submissions that are open to a call, the newest first."""
    lists = []
    for part in [opened] if opened.unrestricted else opened.parts():
        alone = part.only_involved
        condition = row_condition(
            part,
            # Where one's own are read, their index leads.
            beside("tenant_id") if alone else "tenant_id",
            beside("process_definition_key") if alone else "process_definition_key",
            involved(part),
        )
        select = Select("submission", COLUMNS).open_to(condition)
        for name in SubmissionFilter.__slots__:
            select.equal(name, getattr(wanted, name))
        select.page(("id",), None if after is None else (after,), limit, descending=True)
        rows: list[Row] = yield select.fetch()
        lists.append([Submission(*row) for row in rows])
    return _merged(lists)[:limit]


def involved(opened: Rows) -> Condition:
    """Return the condition for one's own submissions."""
    return "submitted_by=?", (opened.user_id,)


def _merged(lists: Sequence[Sequence[Submission]]) -> list[Submission]:
    found = {each.id: each for part in lists for each in part}
    return [found[key] for key in sorted(found, reverse=True)]
