"""What is known of the call that is being served, wherever the code that serves it runs.

Pure Python: the context is read by logs, outgoing channels and the outbox, none of which needs gRPC for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from mesh.access.rows import ALL_ROWS, Rows
from mesh.trace_context import is_traceparent, new_traceparent

if TYPE_CHECKING:
    from mesh.access.grants import SubjectGrants
    from mesh.errors import DomainError


class Admission(Protocol):
    """Counts the calls that are at work; a call that only waits gives its place back."""

    def leave(self) -> None:
        """Give a place back."""

    def enter(self) -> None:
        """Take a place again."""


class CallContext:
    """One call, or one piece of background work, as the caller and the transport describe it.

    `waiting` tells that it is a stream, or in `idle()`: then it is looked at again and again whether its caller may
    still make it, and `refusal` is why not.

    `deadline` is a reading of `time.monotonic()` in seconds, None where there is none. `imposed` tells that it is not
    the caller's own, `overdue` that the call was ended for it. `draining` is set
    once the server stops: streams and long polls end themselves then. `idle_seconds` is the time the call spent
    in `idle()`. `correlation_made` tells that the correlation id was made here, so that the caller does not know it.
    `user_id` and `session_id` are those of the verified token, None and empty without one, and `grants` what its
    subject was granted. `authorization` and `mesh_token` are what the caller sent, not verified. `rows_asked` tells
    that `rows` was read, as every method must whose rows can be told apart. `may_act_as` tells that requests of the
    call may name another user than the caller as the one who acts, `acting_for` whom one has named. `told_address` is
    where the call came from as the gateway says, `peer` tells who is at the other end of the connection.
    `last_event_id` is where a reader of server-sent events broke off, as it says.
    """

    __slots__ = (
        "_admission",
        "_checked",
        "_rows",
        "_traceparent",
        "acting_for",
        "authorization",
        "correlation_id",
        "correlation_made",
        "deadline",
        "draining",
        "grants",
        "idle_seconds",
        "imposed",
        "last_event_id",
        "may_act_as",
        "mesh_token",
        "method",
        "overdue",
        "peer",
        "refusal",
        "rows_asked",
        "session_id",
        "told_address",
        "user_id",
        "waiting",
    )

    def __init__(
        self,
        correlation_id: str,
        traceparent: str = "",
        user_id: str | None = None,
        deadline: float | None = None,
        method: str = "",
        draining: asyncio.Event | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.correlation_id = correlation_id
        self.correlation_made = False
        self._traceparent = traceparent
        self._checked = False
        self.user_id = user_id
        self.session_id = ""
        self.authorization = ""
        self.mesh_token = ""
        self.grants: SubjectGrants | None = None
        self._rows = ALL_ROWS
        self.rows_asked = False
        self.may_act_as = True
        self.acting_for = ""
        self.told_address = ""
        self.last_event_id = ""
        self.peer: Callable[[], str] | None = None
        self.deadline = deadline
        self.imposed = False
        self.overdue = False
        self.method = method
        self.draining = draining if draining is not None else asyncio.Event()
        self.idle_seconds = 0.0
        self.waiting = False
        self.refusal: DomainError | None = None
        self._admission = admission

    @property
    def traceparent(self) -> str:
        """The W3C `traceparent` of the call: the caller's, or that of a new trace where it sent none or a bad one."""
        # Many calls never ask, so the header is only looked at when somebody does.
        if not self._checked:
            self._checked = True
            if not self._traceparent or not is_traceparent(self._traceparent):
                self._traceparent = new_traceparent()
        return self._traceparent

    @property
    def client_address(self) -> str:
        """Where the call came from: as the gateway says, else who is at the other end of the connection."""
        if self.told_address or self.peer is None:
            return self.told_address
        # `ipv4:127.0.0.1:50312`, `ipv6:%5B::1%5D:50312`, `unix:`.
        kind, _, rest = self.peer().partition(":")
        if kind not in ("ipv4", "ipv6"):
            return kind
        return rest.rpartition(":")[0].replace("%5B", "").replace("%5D", "").strip("[]")

    @property
    def rows(self) -> Rows:
        """Which rows the call may touch. What is outside of them does not exist for it."""
        self.rows_asked = True
        return self._rows

    def narrow(self, rows: Rows) -> None:
        """Set the rows of the call, once its permission was checked."""
        self._rows = rows

    @property
    def restricted(self) -> bool:
        """Whether there are rows that are closed to the call; to ask this is not to ask for the rows."""
        return not self._rows.unrestricted

    @property
    def rows_ignored(self) -> bool:
        """Whether the call has rows that are closed to it, and nothing asked which."""
        return not self.rows_asked and self.restricted

    def seconds_left(self) -> float | None:
        """Return the seconds until the deadline, not below 0; None where there is none."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - time.monotonic())

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Mark the block as waiting (a long poll): it holds no place of `max_concurrent_calls` and is not slow."""
        started = time.monotonic()
        waited, self.waiting = self.waiting, True
        if self._admission is not None:
            self._admission.leave()
        try:
            yield
        finally:
            self.waiting = waited
            if self._admission is not None:
                self._admission.enter()
            self.idle_seconds += time.monotonic() - started


_current: ContextVar[CallContext | None] = ContextVar("flowmesh_call", default=None)

set_call = _current.set
"""Make a context the current one of this task; the server does so once for each call."""

find_call = _current.get
"""Return the context of the call being served, None outside of one."""


def current_call() -> CallContext:
    """Return the context of the call being served.

    Raises LookupError outside of a call and of `as_call`.
    """
    call = _current.get()
    if call is None:
        raise LookupError("no call is being served here")
    return call


def open_rows() -> Rows:
    """Return the rows of the call being served; outside of one the mesh itself is at work, to which all are open."""
    call = _current.get()
    return ALL_ROWS if call is None else call.rows


@contextmanager
def beyond_rows() -> Iterator[None]:
    """Run the block, and the tasks it starts, for the mesh itself: what a call entails for others has no walls."""
    call = _current.get()
    if call is None or not call.restricted:
        yield
        return
    mesh = CallContext(call.correlation_id, call.traceparent, call.user_id, call.deadline, call.method, call.draining)
    mesh.session_id = call.session_id
    mesh.acting_for, mesh.told_address, mesh.peer = call.acting_for, call.told_address, call.peer
    with as_call(mesh):
        yield


@contextmanager
def as_call(call: CallContext) -> Iterator[CallContext]:
    """Run the block as `call`: for consumers, timers and other work no caller waits for."""
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)
