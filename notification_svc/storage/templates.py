"""Rows of the texts that tenants have of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mesh.db.statements import DeleteMany, FetchKeys, Program, Row, UpsertMany
from notification_svc.storage.layout import ChannelType

COLUMNS = (
    "id",
    "tenant_id",
    "event_type",
    "channel",
    "language",
    "subject",
    "text",
    "html",
    "revision",
    "created_at",
    "updated_at",
)
_USE = ("tenant_id", "event_type", "channel")
DIGEST = 0
"""In the place of an event: the text around a digest."""


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """Texts of a tenant, for an event (`DIGEST`: around a digest), a channel and a language."""

    id: str
    tenant_id: str
    event_type: int
    channel: ChannelType
    language: str
    subject: str
    text: str
    html: str = ""
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0


def template_of_row(row: Row) -> TemplateRow:
    """Return the template of a row of `COLUMNS`."""
    one, tenant_id, event_type, channel, *texts = row
    return TemplateRow(one, tenant_id, event_type, ChannelType(channel), *texts)


def write_template(template: TemplateRow) -> Program[None]:
    """Write a template."""
    row = (
        template.id,
        template.tenant_id,
        template.event_type,
        int(template.channel),
        template.language,
        template.subject,
        template.text,
        template.html,
        template.revision,
        template.created_at,
        template.updated_at,
    )
    yield UpsertMany("template", COLUMNS, ("id",), COLUMNS[1:], [row])


def find_template(template_id: str) -> Program[TemplateRow | None]:
    """Return a template, None where there is none."""
    rows: list[Row] = yield FetchKeys("template", COLUMNS, ("id",), [(template_id,)])
    return template_of_row(rows[0]) if rows else None


def find_use(tenant_id: str, event_type: int, channel: ChannelType, language: str) -> Program[TemplateRow | None]:
    """Return the template of a tenant for a use, None where there is none."""
    key = (tenant_id, event_type, int(channel), language)
    rows: list[Row] = yield FetchKeys("template", COLUMNS, (*_USE, "language"), [key])
    return template_of_row(rows[0]) if rows else None


def delete_template(template_id: str) -> Program[None]:
    """Delete a template."""
    yield DeleteMany("template", ("id",), [(template_id,)])


def templates_for(uses: Collection[tuple[str, int, int]]) -> Program[dict[tuple[str, int, int, str], TemplateRow]]:
    """Return the templates for some uses (tenant, event, channel), by use and language."""
    if not uses:
        return {}
    rows: list[Row] = yield FetchKeys("template", COLUMNS, _USE, sorted(uses))
    return {(row[1], row[2], row[3], row[4]): template_of_row(row) for row in rows}
