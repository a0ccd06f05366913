"""A bus that is asked without a mesh: what its monitoring service would do is done here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from flowmesh.monitoring.v1 import (
    consumer_group_service_pb2_grpc,
    dead_letter_service_pb2_grpc,
    topic_service_pb2_grpc,
)

from launcher.client.calls import CALL_SECONDS, Call, Calls, Request, Response
from launcher.client.failure import CommandFailed, Unreachable
from mesh.bus.opening import expected_copies, open_bus
from mesh.bus.port import BusError
from mesh.bus.topics import expected_topics
from mesh.db.database import DatabaseError
from mesh.errors import DependencyDown, DomainError
from mesh.validation import validate
from monitoring_svc.api.consumer_group_service import ConsumerGroupServicer
from monitoring_svc.api.dead_letter_service import DeadLetterServicer
from monitoring_svc.api.topic_service import TopicServicer

BUS_SECONDS = 60.0
"""More than the service allows: topics of a new cluster wait for their replicas."""

Result = TypeVar("Result")


class BusConnection(Calls):
    """The bus at a URL with the services about it. Use it in a `with` block."""

    def __init__(self, url: str, event_topics: str) -> None:
        """Open the bus; `event_topics` is the setting of the mesh. Raises `Unreachable`."""
        self._runner = asyncio.Runner()
        try:
            copies = expected_copies(url)
            self._bus = self._runner.run(asyncio.wait_for(open_bus(url, event_topics=event_topics), BUS_SECONDS))
        except (BusError, DatabaseError, OSError, TimeoutError) as error:
            self._runner.close()
            raise Unreachable(f"The bus cannot be used: {error or 'it does not answer'}.") from error
        topics = TopicServicer(self._bus, BUS_SECONDS, expected_topics(event_topics), copies)
        groups = ConsumerGroupServicer(self._bus, BUS_SECONDS)
        letters = DeadLetterServicer(self._bus, BUS_SECONDS)
        self.topics = cast("topic_service_pb2_grpc.TopicServiceStub", _Served(self._runner, topics))
        self.consumer_groups = cast(
            "consumer_group_service_pb2_grpc.ConsumerGroupServiceStub", _Served(self._runner, groups)
        )
        self.dead_letters = cast("dead_letter_service_pb2_grpc.DeadLetterServiceStub", _Served(self._runner, letters))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._bus.close())
        finally:
            self._runner.close()

    def call(self, method: Call[Request, Response], request: Request, seconds: float = CALL_SECONDS) -> Response:
        """See `Calls.call`. The bus may take longer than `seconds`."""
        try:
            return method(request, timeout=max(seconds, BUS_SECONDS))
        except DomainError as error:
            kind = Unreachable if isinstance(error, DependencyDown) else CommandFailed
            lines = [f"{error.message} ({error.reason})"]
            lines += [f"  {violation.field}: {violation.description}" for violation in error.violations]
            raise kind("\n".join(lines), error.reason) from error
        except TimeoutError as error:
            raise Unreachable("The bus does not answer in time.") from error


class _Served:
    """A servicer as a stub: its methods check the request and return when they are done."""

    def __init__(self, runner: asyncio.Runner, servicer: object) -> None:
        self._runner = runner
        self._servicer = servicer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[[Any], Coroutine[Any, Any, Any]] = getattr(self._servicer, name)

        def called(request: Any, timeout: float | None = None, metadata: object = None) -> Any:
            validate(request)
            return self._runner.run(asyncio.wait_for(method(request), timeout))

        return called
