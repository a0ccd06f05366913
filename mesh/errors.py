"""Errors of the domain: what services raise and the server factory turns into gRPC statuses.

The class says which gRPC code a caller gets; the reason is a value of `flowmesh.errors.v1.ErrorReason` without
its prefix. Pure Python, so that the domain may import it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Violation:
    """One fault of a request: `field` in the contract's spelling, `description` how to mend it."""

    field: str
    description: str


class DomainError(Exception):
    """A call that cannot be served, told to the caller as it stands.

    `retry_after_seconds`: when the caller may come back, for overloads, vain waits and dependencies that are down.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after_seconds: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.retry_after_seconds = retry_after_seconds


class NotFound(DomainError):
    """NOT_FOUND."""


class InvalidField(DomainError):
    """INVALID_ARGUMENT: the request itself is at fault."""


class InvalidModel(DomainError):
    """INVALID_ARGUMENT: a deployed model cannot run; one violation for each problem."""


class RequestIdReused(DomainError):
    """INVALID_ARGUMENT: the request id belongs to a request with other content."""


class AlreadyExists(DomainError):
    """ALREADY_EXISTS."""


class WrongState(DomainError):
    """FAILED_PRECONDITION: what is asked does not fit the state the thing is in."""


class LeaseLost(WrongState):
    """FAILED_PRECONDITION: the caller no longer holds the lease."""


class Conflict(DomainError):
    """ABORTED: others changed the same thing; the caller may try again."""


class Unauthenticated(DomainError):
    """UNAUTHENTICATED."""


class Denied(DomainError):
    """PERMISSION_DENIED."""


class Overload(DomainError):
    """RESOURCE_EXHAUSTED: come back after `retry_after_seconds`."""


class TooLate(DomainError):
    """DEADLINE_EXCEEDED: what was waited for did not come in time; come back after `retry_after_seconds`."""


class DependencyDown(DomainError):
    """UNAVAILABLE: something the service needs does not answer."""
