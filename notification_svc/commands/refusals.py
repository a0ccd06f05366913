"""Errors that several commands and reads answer with."""

from __future__ import annotations

from mesh.errors import Conflict, DomainError, NotFound, Violation
from mesh.validation import invalid


def missing(reason: str, what: str, one: str) -> NotFound:
    """Return the error for something that does not exist, or does not for the caller."""
    return NotFound(f"{reason}_NOT_FOUND", f"there is no {what} {one}", metadata={"id": one})


def notification_missing(one: str) -> NotFound:
    """Return the error for a notification that is not in the caller's inbox."""
    return missing("NOTIFICATION", "notification", one)


def rule_missing(one: str) -> NotFound:
    """Return the error for a rule."""
    return missing("NOTIFICATION_RULE", "notification rule", one)


def webhook_missing(one: str) -> NotFound:
    """Return the error for a webhook."""
    return missing("WEBHOOK", "webhook", one)


def template_missing(one: str) -> NotFound:
    """Return the error for a template."""
    return missing("TEMPLATE", "template", one)


def delivery_missing(one: str) -> NotFound:
    """Return the error for a delivery."""
    return missing("DELIVERY", "delivery", one)


def user_missing(one: str) -> NotFound:
    """Return the error for a user."""
    return missing("USER", "user", one)


def field_invalid(field: str, how: str) -> DomainError:
    """Return the error for one field of a request that breaks a rule."""
    return invalid([Violation(field, how)])


def check_etag(etag: str, revision: int, what: str, one: str) -> None:
    """Refuse a change of something that has changed since it was read. Raises `Conflict` (REVISION_CONFLICT)."""
    if etag and etag != str(revision):
        raise Conflict("REVISION_CONFLICT", f"{what} {one} was changed since; read it again", metadata={"id": one})
