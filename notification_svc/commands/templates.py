"""Changes of tenants' texts. They were looked at before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mesh.db.statements import Program
from mesh.errors import AlreadyExists
from mesh.ids import new_id
from notification_svc.commands.refusals import check_etag, template_missing
from notification_svc.planning.facts import NAMES
from notification_svc.queries.caller import Caller
from notification_svc.storage.audit import tell_change
from notification_svc.storage.layout import EventType
from notification_svc.storage.templates import TemplateRow, delete_template, find_template, find_use, write_template


def create(caller: Caller, wanted: TemplateRow, now: int) -> Program[TemplateRow]:
    """Make a template. Raises `Denied`, `AlreadyExists`."""
    caller.demand(wanted.tenant_id, "templates.create")
    there = yield from find_use(wanted.tenant_id, wanted.event_type, wanted.channel, wanted.language)
    if there is not None:
        raise AlreadyExists(
            "TEMPLATE_EXISTS",
            f"the tenant has the template {there.id} for this event, channel and language: change that one",
            metadata={"id": there.id},
        )
    template = replace(wanted, id=new_id(), created_at=now, updated_at=now)
    yield from write_template(template)
    yield from _audit(caller, now, template, {}, _told(template))
    return template


def update(caller: Caller, template_id: str, texts: Mapping[str, str], etag: str, now: int) -> Program[TemplateRow]:
    """Change the texts of a template. Raises `NotFound`, `Conflict`."""
    before = yield from require(caller, template_id)
    check_etag(etag, before.revision, "template", template_id)
    changed = replace(before, **texts)  # type: ignore[arg-type] # all of them are texts
    if changed == before:
        return before
    changed = replace(changed, revision=before.revision + 1, updated_at=now)
    yield from write_template(changed)
    yield from _audit(caller, now, changed, _told(before), _told(changed))
    return changed


def delete(caller: Caller, template_id: str, etag: str, now: int) -> Program[None]:
    """Delete a template. Raises `NotFound`, `Conflict`."""
    template = yield from require(caller, template_id)
    check_etag(etag, template.revision, "template", template_id)
    yield from delete_template(template_id)
    yield from _audit(caller, now, template, _told(template), {})


def _audit(
    caller: Caller, now: int, template: TemplateRow, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Program[None]:
    yield from tell_change(caller.maker, now, "template", template.id, [template.tenant_id], before, after)


def _told(template: TemplateRow) -> dict[str, Any]:
    return {
        "eventType": NAMES[EventType(template.event_type)] if template.event_type else "digest",
        "channel": template.channel.name,
        "language": template.language,
        "subject": template.subject,
        "text": template.text,
        "html": template.html,
    }


def require(caller: Caller, template_id: str) -> Program[TemplateRow]:
    """Return a template that the caller sees. Raises `NotFound`."""
    template = yield from find_template(template_id)
    if template is None or not caller.sees(template.tenant_id):
        raise template_missing(template_id)
    return template
