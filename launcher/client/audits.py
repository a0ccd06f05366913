"""`flowmesh audit`: the audit trail of all services, listed, checked and exported."""

from __future__ import annotations

import contextlib
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from flowmesh.history.v1 import audit_service_pb2 as pb

from launcher.client.connection import Connection
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, to_json
from launcher.client.times import timestamp

VERIFY_ENTRIES = 50_000
"""Entries that one call checks."""
VERIFY_SECONDS = 300.0
_PAGE = 1_000


def list_records(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List entries, the latest first."""
    found = connection.pages(
        connection.audit.ListAuditRecords, _request(arguments), lambda page: page.audit_records, arguments.limit
    )
    columns = {
        "no": lambda record: record.sequence,
        "time": lambda record: moment(record.time),
        "user": lambda record: record.user_id + (f" for {record.acting_for}" if record.acting_for else ""),
        "operation": _operation,
        "on": lambda record: f"{record.resource_type} {record.resource_id}".strip(),
        "from": lambda record: record.client_address,
        "outcome": lambda record: pb.AuditRecord.Outcome.Name(record.outcome).removeprefix("OUTCOME_").lower(),
    }
    output.messages(found, columns, "Nothing has been done yet.")


def show(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show an entry with all it says."""
    request = pb.GetAuditRecordRequest(sequence=arguments.sequence)
    record = connection.call(connection.audit.GetAuditRecord, request).audit_record
    output.message(record, json.dumps(to_json(record), indent=2, ensure_ascii=False))


def verify(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Check the chain to its end. Raises CommandFailed where something is wrong with it."""
    request = pb.VerifyAuditRecordsRequest(begin_sequence=arguments.begin, max_entries=VERIFY_ENTRIES)
    if arguments.anchor:
        request.anchor_sequence, request.anchor_hash = _anchor(arguments.anchor)
    checked = left_out = 0
    problems: list[pb.AuditProblem] = []

    def whole(
        request: pb.VerifyAuditRecordsRequest,
        timeout: float | None = None,
        metadata: tuple[tuple[str, str], ...] | None = None,
    ) -> list[pb.VerifyAuditRecordsResponse]:
        return list(connection.audit.VerifyAuditRecords(request, timeout=timeout, metadata=metadata))

    while True:
        answers = connection.call(whole, request, VERIFY_SECONDS)
        last = answers[-1]
        checked += last.checked_entries
        left_out += last.problems_left_out
        problems += [problem for answer in answers for problem in answer.problems]
        if last.complete:
            break
        output.say(f"{checked} of {last.last_sequence} entries are checked.")
        request.begin_sequence = last.next_sequence
    _tell(output, checked, problems, left_out, last)


def _tell(
    output: Output,
    checked: int,
    problems: list[pb.AuditProblem],
    left_out: int,
    last: pb.VerifyAuditRecordsResponse,
) -> None:
    if output.as_json:
        output.json(
            {
                "checkedEntries": checked,
                "problems": [to_json(problem) for problem in problems],
                "problemsLeftOut": left_out,
                "firstSequence": last.first_sequence,
                "signed": last.signed,
                "head": to_json(last.head),
            }
        )
    else:
        rows = [
            [
                str(problem.first_sequence),
                str(problem.last_sequence),
                pb.AuditProblem.Kind.Name(problem.kind).removeprefix("KIND_").lower(),
                problem.detail,
            ]
            for problem in problems
        ]
        output.table(["from", "to", "what", "detail"], rows, f"{checked} entries are as they were written.")
        if last.first_sequence > 1:
            output.say(f"Those before entry {last.first_sequence} are past their retention.")
        head = last.head
        signed = f"signed by {head.key_id}" if last.signed else "not signed"
        output.say(f"The chain ends with entry {head.sequence}, {signed}.")
        output.say(f"To check it against later: --anchor {head.sequence}:{head.hash}")
    if problems:
        count = len(problems) + left_out
        raise CommandFailed(f"The audit trail was tampered with: {count} problem{'s' if count > 1 else ''} found.")


def export(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Write entries as JSON lines, oldest first, and behind them the checkpoints."""
    request = _request(arguments)
    request.order_by = "sequence"
    count = 0
    with _target(arguments.out) as lines:
        for record in connection.pages(
            connection.audit.ListAuditRecords, request, lambda page: page.audit_records, sys.maxsize
        ):
            lines.write(json.dumps({"entry": to_json(record)}, ensure_ascii=False) + "\n")
            count += 1
        for checkpoint in _checkpoints(connection):
            lines.write(json.dumps(checkpoint, ensure_ascii=False) + "\n")
    if arguments.out:
        output.say(f"{count} entries are in {arguments.out}.")


def _checkpoints(connection: Connection) -> Iterator[dict[str, Any]]:
    request = pb.ListAuditCheckpointsRequest(page_size=_PAGE)
    while True:
        page = connection.call(connection.audit.ListAuditCheckpoints, request)
        for checkpoint in page.audit_checkpoints:
            yield {"checkpoint": to_json(checkpoint), "publicKey": page.public_key}
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


@contextlib.contextmanager
def _target(path: str) -> Iterator[TextIO]:
    if not path:
        yield sys.stdout
        return
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise CommandFailed(f"--out {path} cannot be written: {error.strerror}") from None


def _request(arguments: Namespace) -> pb.ListAuditRecordsRequest:
    request = pb.ListAuditRecordsRequest(
        service=arguments.service,
        method=arguments.method,
        user_id=arguments.user,
        resource_id=arguments.resource,
        tenant_id=arguments.tenant,
        correlation_id=arguments.correlation,
        kind="KIND_REFUSAL" if arguments.refused else None,
    )
    if arguments.begin_time:
        request.begin_time.CopyFrom(timestamp(arguments.begin_time))
    if arguments.end_time:
        request.end_time.CopyFrom(timestamp(arguments.end_time))
    return request


def _operation(record: pb.AuditRecord) -> str:
    name = record.method.rpartition("/")[2] or record.action
    return f"{name} ({record.reason}, {record.count} times)" if record.reason and record.count > 1 else name


def _anchor(text: str) -> tuple[int, str]:
    sequence, colon, digits = text.partition(":")
    if not colon or not sequence.isdecimal() or len(sequence) > 18:
        raise CommandFailed(f"--anchor must read SEQUENCE:HASH, as the check or the log tells it, not {text}")
    return int(sequence), digits
