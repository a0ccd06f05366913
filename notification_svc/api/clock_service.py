"""`flowmesh.notification.v1.NotificationClockService`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowmesh.notification.v1 import clock_service_pb2 as pb

from mesh.clock import Clock, ControlledClock
from mesh.errors import WrongState
from notification_svc.api.mapping import timestamp


@dataclass(slots=True)
class NotificationClockServicer:
    """Serves NotificationClockService. `turned` is called behind each change."""

    clock: Clock
    turned: Callable[[], None]

    async def GetNotificationClock(self, _: pb.GetNotificationClockRequest) -> pb.GetNotificationClockResponse:
        """See the contract."""
        return pb.GetNotificationClockResponse(clock=self._state())

    async def SetNotificationClock(self, request: pb.SetNotificationClockRequest) -> pb.SetNotificationClockResponse:
        """See the contract."""
        self._controlled().turn_to(request.time.ToMicroseconds())
        self.turned()
        return pb.SetNotificationClockResponse(clock=self._state())

    async def ResetNotificationClock(self, _: pb.ResetNotificationClockRequest) -> pb.ResetNotificationClockResponse:
        """See the contract."""
        self._controlled().reset()
        self.turned()
        return pb.ResetNotificationClockResponse(clock=self._state())

    def _controlled(self) -> ControlledClock:
        if not isinstance(self.clock, ControlledClock):
            raise WrongState(
                "CLOCK_NOT_CONTROLLED",
                "the clock is the machine's: start the service with the setting clock=controlled",
            )
        return self.clock

    def _state(self) -> pb.NotificationClock:
        controlled = isinstance(self.clock, ControlledClock)
        stopped = isinstance(self.clock, ControlledClock) and self.clock.stopped
        return pb.NotificationClock(time=timestamp(self.clock.now_micros()), controlled=controlled, stopped=stopped)
