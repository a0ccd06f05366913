"""`flowmesh.engine.v1.ClockService`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowmesh.engine.v1 import clock_service_pb2 as pb

from engine_svc.api.times import LATEST_MICROS, exact_timestamp, micros_of
from engine_svc.commands.draining import DueWork, drain
from engine_svc.commands.due_jobs import ELEMENT_ID, KIND, DueJobs, Result, Run
from engine_svc.commands.failure_details import message_of, reason_of
from engine_svc.commands.job_signals import JobSignals
from mesh.call import current_call
from mesh.clock import Clock, ControlledClock
from mesh.errors import InvalidField, Violation, WrongState
from mesh.ids import member_id

DEFAULT_MAX_JOBS = 10_000
DEFAULT_SECONDS = 30.0
ANSWER_SECONDS = 0.5
"""Before the caller's deadline a drain ends, so that its answer arrives."""


@dataclass(slots=True)
class ClockServicer:
    """Serves ClockService. `others`: see `drain`."""

    clock: Clock
    signals: JobSignals
    due_jobs: DueJobs
    others: Sequence[DueWork]

    async def GetClock(self, _: pb.GetClockRequest) -> pb.GetClockResponse:
        """See the contract."""
        return pb.GetClockResponse(clock=self._state())

    async def SetClock(self, request: pb.SetClockRequest) -> pb.SetClockResponse:
        """See the contract."""
        self._turn_to(micros_of(request.time))
        return pb.SetClockResponse(clock=self._state())

    async def AdvanceClock(self, request: pb.AdvanceClockRequest) -> pb.AdvanceClockResponse:
        """See the contract."""
        by = request.duration.seconds * 1_000_000 + request.duration.nanos // 1000
        time = self._controlled().now_micros() + by
        if time > LATEST_MICROS:
            raise InvalidField(
                "FIELD_INVALID",
                "The clock cannot go beyond the year 9999.",
                violations=[Violation("duration", "Must lead to a time before the year 10000.")],
            )
        self._turn_to(time)
        return pb.AdvanceClockResponse(clock=self._state())

    async def ResetClock(self, _: pb.ResetClockRequest) -> pb.ResetClockResponse:
        """See the contract."""
        self._controlled().reset()
        self.signals.notify_all()
        return pb.ResetClockResponse(clock=self._state())

    async def Drain(self, request: pb.DrainRequest) -> pb.DrainResponse:
        """See the contract."""
        self._controlled()
        seconds = DEFAULT_SECONDS
        if request.HasField("max_duration"):
            seconds = request.max_duration.seconds + request.max_duration.nanos / 1e9
        left = current_call().seconds_left()
        if left is not None:
            seconds = min(seconds, max(0.0, left - ANSWER_SECONDS))
        drained = await drain(self.due_jobs, self.others, request.max_jobs or DEFAULT_MAX_JOBS, seconds)
        return pb.DrainResponse(
            completed_jobs=drained.completed,
            failed_jobs=drained.failed,
            failures=[_failure(run) for run in drained.failures],
            other_work=drained.other_work,
            drained=drained.nothing_left,
        )

    def _state(self) -> pb.Clock:
        controlled = isinstance(self.clock, ControlledClock)
        return pb.Clock(
            time=exact_timestamp(self.clock.now_micros()),
            controlled=controlled,
            stopped=isinstance(self.clock, ControlledClock) and self.clock.stopped,
        )

    def _turn_to(self, micros: int) -> None:
        self._controlled().turn_to(micros)
        # Whoever waits for a time has to look again.
        self.signals.notify_all()

    def _controlled(self) -> ControlledClock:
        if not isinstance(self.clock, ControlledClock):
            raise WrongState(
                "CLOCK_NOT_CONTROLLED",
                "the engine goes by the machine's clock; for tests, start it with the setting clock=controlled",
            )
        return self.clock


def _failure(run: Run) -> pb.DrainResponse.Failure:
    row = run.job.row
    return pb.DrainResponse.Failure(
        job_id=member_id(run.job.instance_id, run.job.key),
        kind=row[KIND],
        element_id=row[ELEMENT_ID],
        process_instance_id=run.job.instance_id,
        reason=reason_of(run.error) if run.error else "",
        message=message_of(run.error) if run.error else "",
        dead_letter=run.result is Result.DEAD_LETTER,
    )
