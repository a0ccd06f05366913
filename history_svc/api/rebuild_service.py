"""`flowmesh.history.v1.RebuildService`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from flowmesh.history.v1 import rebuild_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.queries.event_log import LogIncomplete, log_begins, require_complete
from history_svc.storage.purging import purges
from history_svc.storage.rebuilds import (
    BEFORE_THE_SWITCH,
    Rebuild,
    State,
    begin,
    change,
    find,
    find_unfinished,
    list_rebuilds,
    lock_state,
    set_filling,
)
from mesh.audit.operation import Operation
from mesh.audit.telling import AuditedBus
from mesh.bus.port import Bus, BusError, GroupActive, GroupOffset
from mesh.call import current_call
from mesh.clock import Clock, SystemClock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.errors import DependencyDown, InvalidField, NotFound, WrongState
from mesh.ids import new_id
from mesh.paging import decode_page_token, encode_page_token, page_size_of

SERVICE: Final = "history"


class RebuildServicer:
    """Begins rebuilds, shows them and gives them up. `wake` lets the worker of this process look for them at once.

    `database` is one that calls are served from.
    """

    def __init__(self, database: Database, bus: Bus, wake: Callable[[], None], *, clock: Clock | None = None) -> None:
        self._database = database
        self._bus = bus
        self._wake = wake
        self._clock = clock or SystemClock()
        self._audit = AuditedBus(bus, SERVICE, clock=clock)

    async def StartRebuild(self, request: pb.StartRebuildRequest) -> pb.StartRebuildResponse:
        """Begin a rebuild. Raises `WrongState`, `InvalidField` (REQUEST_ID_REUSED), `DependencyDown`."""
        wanted = Rebuild(
            id=new_id(),
            generation=0,
            state=int(State.PREPARING),
            keep_older=int(request.keep_older),
            user_id=(current_call().user_id or "")[:255],
            request_id=request.request_id,
            start_micros=self._clock.now_micros(),
        )
        if not request.keep_older and await self._database.read(find_unfinished()) is None:
            try:
                if (await self._database.read(purges())).any:
                    raise WrongState(
                        "HISTORY_PURGED",
                        "Instances were purged from history, which statistics still count; with keep_older the "
                        "statistics are kept as they are.",
                    )
                require_complete(await self._log())
            except LogIncomplete as error:
                raise _incomplete(error) from error
        try:
            async with self._audit.operation(
                Operation("historyRebuild", wanted.id, after={"keepOlder": request.keep_older})
            ) as told:
                begun = await write_again(self._database, lambda: begin(wanted))
                told["id"] = begun.rebuild.id
                if begun.in_the_way:
                    raise WrongState(
                        "REBUILD_RUNNING",
                        f"The rebuild {begun.rebuild.id} has not ended; wait for it, or give it up.",
                        metadata={"id": begun.rebuild.id},
                    )
        except BusError as error:
            raise _bus_down(error) from error
        if begun.repeated and bool(begun.rebuild.keep_older) != request.keep_older:
            raise InvalidField(
                "REQUEST_ID_REUSED",
                f"request id {request.request_id} was used before for another request; give each request its own",
                metadata={"request_id": request.request_id, "method": "StartRebuild"},
            )
        self._wake()
        return pb.StartRebuildResponse(rebuild=_message(begun.rebuild))

    async def _log(self) -> Sequence[GroupOffset]:
        try:
            return await log_begins(self._bus)
        except GroupActive:
            # One has just ended or begun: whether the log is whole is looked at again when the work begins.
            return ()
        except BusError as error:
            raise _bus_down(error) from error

    async def GetRebuild(self, request: pb.GetRebuildRequest) -> pb.GetRebuildResponse:
        """Read a rebuild. Raises `NotFound`."""
        return pb.GetRebuildResponse(rebuild=_message(await self._known(request.id)))

    async def ListRebuilds(self, request: pb.ListRebuildsRequest) -> pb.ListRebuildsResponse:
        """List rebuilds. Raises `InvalidField` for a foreign page token."""
        key = decode_page_token(request, str)
        size = page_size_of(request)
        found = await self._database.read(list_rebuilds(None if key is None else str(key[0]), size + 1))
        token = encode_page_token(request, (found[size - 1].id,)) if len(found) > size else ""
        return pb.ListRebuildsResponse(rebuilds=[_message(one) for one in found[:size]], next_page_token=token)

    async def CancelRebuild(self, request: pb.CancelRebuildRequest) -> pb.CancelRebuildResponse:
        """Give a rebuild up. Raises `NotFound`, `WrongState` where it is too late, `DependencyDown`."""
        known = await self._known(request.id)
        if known.state != State.CANCELLED:
            try:
                async with self._audit.operation(Operation("historyRebuild", request.id)):
                    await write_again(self._database, lambda: self._cancel(request.id))
            except BusError as error:
                raise _bus_down(error) from error
            self._wake()
            known = await self._known(request.id)
        return pb.CancelRebuildResponse(rebuild=_message(known))

    def _cancel(self, rebuild_id: str) -> Program[None]:
        yield from lock_state()
        found = yield from find(rebuild_id, lock=True)
        if found is None:
            raise _missing(rebuild_id)
        if found.state == State.CANCELLED:
            return
        if found.state not in BEFORE_THE_SWITCH:
            raise WrongState(
                "REBUILD_ENDED",
                f"The rebuild {rebuild_id} cannot be given up any more: it is {State(found.state).name}.",
                metadata={"id": rebuild_id, "state": State(found.state).name},
            )
        yield from change(rebuild_id, [found.state], state=int(State.CANCELLED), end_micros=self._clock.now_micros())
        yield from set_filling(False)

    async def _known(self, rebuild_id: str) -> Rebuild:
        found = await self._database.read(find(rebuild_id))
        if found is None:
            raise _missing(rebuild_id)
        return found


def _missing(rebuild_id: str) -> NotFound:
    return NotFound("REBUILD_NOT_FOUND", f"There is no rebuild {rebuild_id}.", metadata={"id": rebuild_id})


def _incomplete(error: LogIncomplete) -> WrongState:
    at = error.at
    return WrongState(
        "HISTORY_LOG_INCOMPLETE",
        f"The event log does not reach back to the first event ({error}); with keep_older what is known of older "
        "instances is kept.",
        metadata={"topic": at.topic, "partition": str(at.partition), "offset": str(at.begin)},
    )


def _bus_down(error: BusError) -> DependencyDown:
    return DependencyDown(
        "DEPENDENCY_UNAVAILABLE", f"The event bus cannot do it: {error}", metadata={"dependency": "bus"}
    )


def _message(rebuild: Rebuild) -> pb.Rebuild:
    return pb.Rebuild(
        id=rebuild.id,
        state=rebuild.state,  # type: ignore[arg-type] # the contract's number
        keep_older=bool(rebuild.keep_older),
        user_id=rebuild.user_id,
        start_time=_time(rebuild.start_micros),
        end_time=None if rebuild.end_micros is None else _time(rebuild.end_micros),
        events_total=rebuild.events_total,
        events_read=rebuild.events_read,
        events_applied=rebuild.events_applied,
        events_skipped=rebuild.events_skipped,
        rows_kept=rebuild.rows_kept,
        problem=rebuild.problem,
    )


def _time(micros: int) -> Timestamp:
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)
