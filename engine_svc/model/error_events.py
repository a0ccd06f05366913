"""Reads errors (8.4.3) and the event definitions that throw and catch them (10.5.5.4), and termination (10.5.5.9)."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import ParseContext
from engine_svc.model.elements import (
    BoundaryErrorEvent,
    Definitions,
    ErrorCatch,
    ErrorDeclaration,
    ErrorEndEvent,
    ErrorStartEvent,
    ErrorThrow,
    TerminateEndEvent,
)
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, Schema, describe, read_common

_DECLARATION = Schema(attributes=dict.fromkeys(("errorCode", "structureRef"), ANY_VALUE))
_ERROR_DEFINITION = Schema(attributes={"errorRef": ANY_VALUE})
_TERMINATE_DEFINITION = Schema()


def read_error_declaration(context: ParseContext, element: etree._Element, definitions: Definitions) -> None:
    """Read an error, so that events can refer to it."""
    error = ErrorDeclaration(id=element.get("id", ""), code=element.get("errorCode", "").strip())
    read_common(context, element, error, _DECLARATION)
    definitions.errors.append(error)
    context.errors.setdefault(error.id, error)


def read_thrown_error(context: ParseContext, element: etree._Element, node: ErrorEndEvent) -> None:
    """Read what an error end event throws; an error that is declared without a code cannot be thrown."""
    thrown = node.error
    error = _read_definition(context, element, thrown)
    if error is not None:
        thrown.message = error.message
        if not thrown.code:
            context.error(
                Rule.ERROR_CODE_MISSING,
                element,
                f"The error {error.id!r} that {describe_owner(element)} throws has no errorCode. Give it one.",
            )


def read_caught_error(
    context: ParseContext, element: etree._Element, node: BoundaryErrorEvent | ErrorStartEvent
) -> None:
    """Read what a boundary or start event catches."""
    error = _read_definition(context, element, node.error)
    if error is not None and not node.error.code:
        context.warning(
            Rule.ERROR_CODE_MISSING,
            element,
            f"The error {error.id!r} has no errorCode: {describe_owner(element)} catches every error. Give it one, "
            "or remove errorRef.",
        )


def read_termination(context: ParseContext, element: etree._Element, node: TerminateEndEvent) -> None:
    """Read what a terminate end event ends."""
    node.termination.id = element.get("id", "")
    read_common(context, element, node.termination, _TERMINATE_DEFINITION)


def describe_owner(element: etree._Element) -> str:
    """Return type and id of the event that has an event definition, for messages."""
    owner = element.getparent()
    return describe(element if owner is None else owner)


def _read_definition(
    context: ParseContext, element: etree._Element, definition: ErrorThrow | ErrorCatch
) -> ErrorDeclaration | None:
    definition.id = element.get("id", "")
    read_common(context, element, definition, _ERROR_DEFINITION)
    reference = element.get("errorRef", "").strip()
    if not reference:
        return None
    # It is a qualified name; Flowable and Camunda 7 take one that names nothing as the code itself.
    error = context.errors.get(reference) or context.errors.get(reference.rpartition(":")[2])
    definition.code = reference if error is None else error.code
    if error is None:
        context.warning(
            Rule.ERROR_REF_UNKNOWN,
            element,
            f"errorRef of {describe_owner(element)} names no error of the file; {reference!r} is taken as the error "
            "code. Declare the error beside the process.",
        )
    if definition.code.startswith("="):
        context.error(
            Rule.EXPRESSION_LANGUAGE_NOT_SUPPORTED,
            element,
            f"The error code of {describe_owner(element)} is a FEEL expression; FEEL comes with a later release. "
            "Write a static value.",
        )
    return error
