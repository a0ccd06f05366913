"""Errors that several commands answer with."""

from __future__ import annotations

from mesh.errors import DependencyDown, InvalidField, NotFound, Violation, WrongState

RETRY_SECONDS = 1.0


def form_missing(definition_id: str) -> NotFound:
    """Return the error for a form that does not exist, or does not for the caller."""
    return NotFound("FORM_NOT_FOUND", f"there is no form {definition_id}", metadata={"id": definition_id})


def no_form(owner_id: str, what: str) -> NotFound:
    """Return the error for a task or start event that names no form."""
    return NotFound("FORM_NOT_FOUND", f"{what} {owner_id} has no form", metadata={"id": owner_id})


def named_form_missing(owner_id: str, key: str, how: str) -> NotFound:
    """Return the error for a form that a model names and that there is not."""
    return NotFound(
        "FORM_NOT_FOUND",
        f"there is no form for {key!r} as {owner_id} names it: {how}",
        metadata={"id": owner_id, "form_key": key},
    )


def file_missing(file_id: str) -> NotFound:
    """Return the error for a file that does not exist, does not for the caller, or is of no use here."""
    return NotFound("FORM_FILE_NOT_FOUND", f"there is no file {file_id} to be used here", metadata={"id": file_id})


def submission_missing(submission_id: str) -> NotFound:
    """Return the error for a submission that does not exist, or does not for the caller."""
    return NotFound(
        "FORM_SUBMISSION_NOT_FOUND", f"there is no submission {submission_id}", metadata={"id": submission_id}
    )


def tenant_missing(tenant_id: str) -> NotFound:
    """Return the error for a tenant that is closed to the caller."""
    return NotFound("TENANT_NOT_FOUND", f"there is no tenant {tenant_id!r}", metadata={"id": tenant_id})


def data_too_large(size: int, limit: int, how: str) -> InvalidField:
    """Return the error for more data than a submission may have."""
    description = f"has {size} bytes {how}; a submission may have {limit}: upload files instead"
    return InvalidField("FIELD_INVALID", f"data: {description}", violations=[Violation("data", description)])


def still_pending(submission_id: str, why: str) -> DependencyDown:
    """Return the error for a submission that is kept and not settled yet."""
    return DependencyDown(
        "FORM_SUBMISSION_PENDING",
        f"what was submitted is kept as {submission_id}; the engine has not said yet what becomes of it ({why}) and is "
        "asked again. Send the same call with the same request id to hear of it",
        metadata={"id": submission_id},
        retry_after_seconds=RETRY_SECONDS,
    )


def unclear(submission_id: str) -> WrongState:
    """Return the error for a submission of which nobody knows any more whether it took effect."""
    return WrongState(
        "FORM_SUBMISSION_UNCLEAR",
        f"the engine could not be asked for so long that it does not know any more whether submission {submission_id} "
        "has completed the task",
        metadata={"id": submission_id},
    )
