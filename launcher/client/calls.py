"""What a command calls: methods of the mesh's services, one by one or page by page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from flowmesh.monitoring.v1 import (
        consumer_group_service_pb2_grpc,
        dead_letter_service_pb2_grpc,
        topic_service_pb2_grpc,
    )

CALL_SECONDS = 30.0

Request = TypeVar("Request", contravariant=True)
Response = TypeVar("Response", covariant=True)
Item = TypeVar("Item")


class Call(Protocol[Request, Response]):
    """A method of a stub."""

    def __call__(
        self, request: Request, timeout: float | None = None, metadata: tuple[tuple[str, str], ...] | None = None
    ) -> Response:
        """Call it."""


class Calls(ABC):
    """The services about the event bus, however they are reached."""

    topics: topic_service_pb2_grpc.TopicServiceStub
    consumer_groups: consumer_group_service_pb2_grpc.ConsumerGroupServiceStub
    dead_letters: dead_letter_service_pb2_grpc.DeadLetterServiceStub

    @abstractmethod
    def call(self, method: Call[Request, Response], request: Request, seconds: float = CALL_SECONDS) -> Response:
        """Call a method. Raises `Unreachable`, or CommandFailed with what the service says."""

    def pages(
        self,
        method: Call[Any, Any],
        request: Any,
        items: Callable[[Any], list[Item]],
        limit: int,
        page_size: int = 500,
    ) -> Iterator[Item]:
        """Yield what a list method finds, up to `limit`, page by page of `page_size` at most."""
        left = limit
        while left > 0:
            request.page_size = min(left, page_size)
            response = self.call(method, request)
            found = list(items(response))
            yield from found[:left]
            left -= len(found)
            request.page_token = response.next_page_token
            if not request.page_token:
                return
