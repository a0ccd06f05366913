"""Whether a template can be stored, and what it looks like."""

from __future__ import annotations

from notification_svc.templates.events import EVENTS
from notification_svc.templates.faults import RenderingFailed, TemplateFault, TemplateInvalid
from notification_svc.templates.rendering import LIMITS, faults_of, render
from notification_svc.templates.template import Medium, MessageTemplate, Reader, Rendered, RenderLimits
from notification_svc.templates.variables import sample_of

_BARE_EVENT = ", where an event has no more than every one has: ask with {% if %}."


def validate(template: MessageTemplate, limits: RenderLimits = LIMITS) -> None:
    """Look at a template before it is stored, and try it with sample data: all of it, and no more than there must be.

    Raises `TemplateInvalid` with all that is wrong.
    """
    if template.event_type not in EVENTS:
        raise TemplateInvalid([TemplateFault("event_type", 1, f"there is no event {template.event_type}.")])
    faults = list(faults_of(template, limits))
    if not template.subject.strip():
        faults.append(TemplateFault("subject", 1, "it is empty."))
    if not template.text.strip():
        faults.append(TemplateFault("text", 1, "it is empty: not everybody reads HTML."))
    if template.html and template.medium is not Medium.EMAIL:
        faults.append(TemplateFault("html", 1, "only e-mail has HTML."))
    if faults:
        raise TemplateInvalid(faults)
    for everything in (True, False):
        try:
            rendered = _tried(template, everything=everything, reader=None, limits=limits)
        except RenderingFailed as error:
            fault = error.fault
            if not everything:
                message = (
                    f"{fault.message.rstrip('.')}, where an event has no more than every one has: ask with {{% if %}}."
                )
                fault = TemplateFault(fault.part, fault.line, message)
            raise TemplateInvalid([fault]) from error
        if not rendered.subject:
            raise TemplateInvalid([TemplateFault("subject", 1, "it comes to nothing with sample data.")])


def preview(template: MessageTemplate, reader: Reader | None = None, limits: RenderLimits = LIMITS) -> Rendered:
    """Render a template with sample data. Raises `TemplateInvalid` and `RenderingFailed`."""
    return _tried(template, everything=True, reader=reader, limits=limits)


def _tried(template: MessageTemplate, *, everything: bool, reader: Reader | None, limits: RenderLimits) -> Rendered:
    sample = sample_of(EVENTS.get(template.event_type, ()), everything=everything)
    return render(template, sample, reader, limits)
