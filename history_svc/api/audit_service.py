"""`flowmesh.history.v1.AuditService`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import orjson
from flowmesh.history.v1 import audit_service_pb2 as pb
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.audit.checking import ChainCheck, Problem
from history_svc.audit.entry import ChainedEntry
from history_svc.audit.head import Head, Signer
from history_svc.queries.audit import AuditFilter, find_entry, list_entries
from history_svc.storage.audit import read_checkpoints, read_part
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.errors import NotFound
from mesh.paging import decode_page_token, encode_page_token, page_size_of

MAX_ENTRIES: Final = 100_000
"""Entries that one call checks where it does not say how many."""
PAGE: Final = 500
MAX_PROBLEMS: Final = 1_000
_FAR: Final = 2**62
_FILTERS: Final = (
    "service",
    "method",
    "action",
    "resource_type",
    "resource_id",
    "user_id",
    "session_id",
    "tenant_id",
    "correlation_id",
    "kind",
    "outcome",
)


class AuditServicer:
    """Shows the audit trail and checks it. `database` is one that calls are served from."""

    def __init__(self, database: Database, signer: Signer) -> None:
        self._database = database
        self._signer = signer

    async def GetAuditRecord(self, request: pb.GetAuditRecordRequest) -> pb.GetAuditRecordResponse:
        """Read an entry. Raises `NotFound`."""
        found = await self._database.read(find_entry(request.sequence, open_rows()))
        if found is None:
            raise NotFound(
                "AUDIT_RECORD_NOT_FOUND",
                f"The audit has no entry {request.sequence}.",
                metadata={"sequence": str(request.sequence)},
            )
        return pb.GetAuditRecordResponse(audit_record=_record(found))

    async def ListAuditRecords(self, request: pb.ListAuditRecordsRequest) -> pb.ListAuditRecordsResponse:
        """List entries. Raises `InvalidField` for a foreign page token."""
        key = decode_page_token(request, int)
        size = page_size_of(request)
        equal = {name: value for name in _FILTERS if (value := getattr(request, name))}
        if request.process_definition_key:
            equal["definition_key"] = request.process_definition_key
        wanted = AuditFilter(
            equal,
            request.begin_time.ToMicroseconds() if request.HasField("begin_time") else None,
            request.end_time.ToMicroseconds() if request.HasField("end_time") else None,
            ascending=request.order_by == "sequence",
        )
        after = None if key is None else int(key[0] or 0)
        found = await self._database.read(list_entries(wanted, open_rows(), after, size + 1))
        token = encode_page_token(request, (found[size - 1].sequence,)) if len(found) > size else ""
        return pb.ListAuditRecordsResponse(
            audit_records=[_record(entry) for entry in found[:size]], next_page_token=token
        )

    async def VerifyAuditRecords(
        self, request: pb.VerifyAuditRecordsRequest
    ) -> AsyncIterator[pb.VerifyAuditRecordsResponse]:
        """Check a part of the chain, a page a message."""
        anchors = {request.anchor_sequence: request.anchor_hash} if request.anchor_sequence else {}
        check = ChainCheck(self._signer, anchors)
        # What stands before the first entry is found only where it is looked for.
        place = request.begin_sequence or -_FAR
        left = request.max_entries or MAX_ENTRIES
        told = left_out = 0
        first = True
        while True:
            part = await self._database.read(read_part(place, min(PAGE, left), first=first))
            kept_from = part.start.sequence + 1 if part.start is not None else 1
            if first or place < kept_from:
                check.begin(part.before, part.start)
                check.start_behind(part.checkpoint_before)
                first = False
            check.page(part.entries, part.checkpoints)
            left -= len(part.entries)
            if part.entries:
                place = part.entries[-1].sequence + 1
            answer = pb.VerifyAuditRecordsResponse(
                checked_entries=check.checked,
                last_sequence=part.last_sequence,
                signed=self._signer.signs,
                first_sequence=kept_from,
            )
            if part.ended:
                check.end(part.head, part.behind)
                answer.complete = True
                if part.head is not None:
                    answer.head.CopyFrom(_checkpoint(part.head))
            elif left <= 0:
                answer.next_sequence = place
            problems, check.problems = check.problems, []
            kept = problems[: MAX_PROBLEMS - told]
            told += len(kept)
            left_out += len(problems) - len(kept)
            answer.problems.extend(map(_problem, kept))
            answer.problems_left_out = left_out
            yield answer
            if answer.complete or answer.next_sequence:
                return
            await asyncio.sleep(0)

    async def ListAuditCheckpoints(self, request: pb.ListAuditCheckpointsRequest) -> pb.ListAuditCheckpointsResponse:
        """List checkpoints. Raises `InvalidField` for a foreign page token."""
        key = decode_page_token(request, int)
        size = page_size_of(request)
        found = await self._database.read(read_checkpoints(None if key is None else int(key[0] or 0), size + 1))
        token = encode_page_token(request, (found[size - 1].sequence,)) if len(found) > size else ""
        return pb.ListAuditCheckpointsResponse(
            audit_checkpoints=[_checkpoint(head) for head in found[:size]],
            next_page_token=token,
            public_key=self._signer.public_key,
        )


_FIELDS: Final[Mapping[str, Callable[[ChainedEntry], Any]]] = {
    "sequence": lambda found: found.sequence,
    "event_id": lambda found: found.entry.event_id,
    "time": lambda found: _time(found.entry.time_micros),
    "kind": lambda found: found.entry.kind,
    "service": lambda found: found.entry.service,
    "method": lambda found: found.entry.method,
    "action": lambda found: found.entry.action,
    "resource_type": lambda found: found.entry.resource_type,
    "resource_id": lambda found: found.entry.resource_id,
    "tenant_ids": lambda found: orjson.loads(found.entry.tenants_json),
    "mesh_wide": lambda found: bool(found.entry.mesh_wide),
    "process_definition_key": lambda found: found.entry.definition_key,
    "user_id": lambda found: found.entry.user_id,
    "session_id": lambda found: found.entry.session_id,
    "acting_for": lambda found: found.entry.acting_for,
    "client_address": lambda found: found.entry.client_address,
    "correlation_id": lambda found: found.entry.correlation_id,
    "traceparent": lambda found: found.entry.traceparent,
    "outcome": lambda found: found.entry.outcome,
    "reason": lambda found: found.entry.reason,
    "count": lambda found: found.entry.call_count,
    "before": lambda found: _struct(found.entry.before_json),
    "after": lambda found: _struct(found.entry.after_json),
    "previous_hash": lambda found: found.previous_hash,
    "hash": lambda found: found.hash,
}


def _record(found: ChainedEntry) -> pb.AuditRecord:
    try:
        return pb.AuditRecord(**{name: value_of(found) for name, value_of in _FIELDS.items()})
    except (ValueError, TypeError, ParseError):
        return _readable(found)


def _readable(found: ChainedEntry) -> pb.AuditRecord:
    """Return what can be read of an entry that somebody has changed."""
    record = pb.AuditRecord()
    for name, value_of in _FIELDS.items():
        with contextlib.suppress(ValueError, TypeError, ParseError):
            record.MergeFrom(pb.AuditRecord(**{name: value_of(found)}))
    return record


def _struct(text: bytes) -> Struct | None:
    return ParseDict(orjson.loads(text), Struct()) if text else None


def _checkpoint(head: Head) -> pb.AuditCheckpoint:
    return pb.AuditCheckpoint(
        sequence=head.sequence,
        hash=head.hash,
        time=_time(head.time_micros),
        previous_sequence=head.checkpoint,
        key_id=head.key_id,
        signature=head.signature,
    )


def _problem(problem: Problem) -> pb.AuditProblem:
    return pb.AuditProblem(
        kind=int(problem.kind),  # type: ignore[arg-type] # the contract's number
        first_sequence=problem.first,
        last_sequence=problem.last,
        # It may hold what was no UTF-8.
        detail=problem.detail.encode(errors="replace").decode(),
    )


def _time(micros: int) -> Timestamp:
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)
