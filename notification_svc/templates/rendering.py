"""Rendering: a template and the data of an event become the texts of a message, in bounded time and size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template
from jinja2.exceptions import TemplateError

from notification_svc.templates.budget import CONTEXT_NAME, Budget, LimitReached
from notification_svc.templates.checking import check, parsed
from notification_svc.templates.environment import SOURCE_NAME, compiled
from notification_svc.templates.events import EVENTS
from notification_svc.templates.faults import RenderingFailed, TemplateFault, TemplateInvalid
from notification_svc.templates.filters import FilterMisused, locale_of
from notification_svc.templates.html_document import html_document
from notification_svc.templates.template import PARTS, MessageTemplate, Reader, Rendered, RenderLimits
from notification_svc.templates.variables import prepared

LIMITS = RenderLimits()
_KEPT = 256
"""Templates kept compiled; compiling one takes some milliseconds, rendering it a few tenths."""
_FAULTS = (TemplateError, FilterMisused, LimitReached, TypeError, ValueError, ArithmeticError, LookupError)


def render(
    template: MessageTemplate, data: Mapping[str, Any], reader: Reader | None = None, limits: RenderLimits = LIMITS
) -> Rendered:
    """Render a template. It takes no more computing time than the limits say.

    Raises `TemplateInvalid` where the template cannot be used at all, `RenderingFailed` where it fails with this data.
    """
    reader = reader or Reader(template.language)
    variables = EVENTS.get(template.event_type)
    if variables is None:
        raise TemplateInvalid([TemplateFault("event_type", 1, f"there is no event {template.event_type}.")])
    given = prepared(variables, data)
    parts = {part: _ready(template.event_type, part, getattr(template, part), limits) for part in PARTS}
    locale_of(reader.language)
    # One budget for all parts; what is done once and kept is not counted.
    budget = Budget(limits, reader)
    subject = _part("subject", parts, given, budget, limits.subject_characters * 4)
    text = _part("text", parts, given, budget, limits.text_characters)
    html = ""
    if template.html:
        html = _part("html", parts, given, budget, limits.html_characters)
        html = html_document(html, subject, reader.language)
    return Rendered(_in_one_line(subject, limits.subject_characters), text.strip() + "\n", html)


@lru_cache(maxsize=_KEPT)
def _ready(event_type: str, part: str, source: str, limits: RenderLimits) -> Template:
    """Return a part of a template compiled. Raises TemplateInvalid."""
    html = part == "html"
    tree, fault = parsed(source, part, limits, html=html)
    if tree is None:
        raise TemplateInvalid([fault])
    faults = check(tree, part, EVENTS[event_type], limits)
    if faults:
        raise TemplateInvalid(faults)
    try:
        return compiled(tree, html=html)
    except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise TemplateInvalid([TemplateFault(part, line, f"it cannot be compiled: {error}.")]) from error


def faults_of(template: MessageTemplate, limits: RenderLimits = LIMITS) -> tuple[TemplateFault, ...]:
    """Return what is wrong with the parts of a template of a known event, without rendering it."""
    found: list[TemplateFault] = []
    for part in PARTS:
        try:
            _ready(template.event_type, part, getattr(template, part), limits)
        except TemplateInvalid as error:
            found.extend(error.faults)
    return tuple(found)


def _part(part: str, parts: Mapping[str, Template], data: Mapping[str, Any], budget: Budget, most: int) -> str:
    ready = parts[part]
    context = ready.new_context({**data, CONTEXT_NAME: budget})
    pieces: list[str] = []
    size = 0
    try:
        for piece in ready.root_render_func(context):
            budget.step()
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise LimitReached(f"it comes to more than {most} characters")
        budget.look()
    except _FAULTS as error:
        raise RenderingFailed(TemplateFault(part, _line_of(error, ready), f"{_said(error)}.")) from error
    whole = "".join(pieces)
    try:
        whole.encode()
    except UnicodeEncodeError as error:
        # Halves of characters, which neither messages nor channels can carry.
        fault = TemplateFault(part, 1, f"it has \\u{ord(whole[error.start]):04x}, which is half a character.")
        raise RenderingFailed(fault) from error
    return whole


def _line_of(error: BaseException, ready: Template) -> int:
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == SOURCE_NAME:
            line = ready.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _said(error: BaseException) -> str:
    if isinstance(error, TypeError):
        # Python's own words name functions of this package.
        return "a filter or an operator was given what it does not take"
    return str(error).rstrip(".")


def _in_one_line(text: str, most: int) -> str:
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
