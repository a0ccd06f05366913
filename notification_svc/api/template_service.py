"""`flowmesh.notification.v1.TemplateService`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flowmesh.notification.v1 import template_service_pb2 as pb

from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import InvalidField, Violation
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from notification_svc.api.callers import administering
from notification_svc.api.mapping import template_details, template_message
from notification_svc.api.masks import masked_fields
from notification_svc.commands import templates as commands
from notification_svc.commands.refusals import field_invalid, template_missing
from notification_svc.commands.writing import CommandWriter
from notification_svc.planning.facts import NAMES
from notification_svc.queries.listings import list_templates
from notification_svc.storage.layout import ChannelType, EventType
from notification_svc.storage.templates import TemplateRow
from notification_svc.templates.built_in import find_built_in
from notification_svc.templates.events import EVENTS
from notification_svc.templates.faults import RenderingFailed, TemplateFault, TemplateInvalid
from notification_svc.templates.renderer import Renderer
from notification_svc.templates.template import MessageTemplate, Reader
from notification_svc.templates.variables import Kind, Variable
from notification_svc.texts.wording import DIGEST_EVENT, MEDIA
from notification_svc.timing.wall_clock import find_zone, zone_of

_TEXTS = ("subject", "text", "html")


@dataclass(slots=True)
class TemplateServicer:
    """Serves TemplateService."""

    database: Database
    writer: CommandWriter
    renderer: Renderer

    async def CreateTemplate(self, request: pb.CreateTemplateRequest) -> bytes:
        """See the contract."""
        caller = administering()
        caller.demand(request.tenant_id, "templates.create")
        wanted = _row(request.tenant_id, request.details)
        await self._validate(wanted)
        if request.validate_only:
            return pb.CreateTemplateResponse(template=template_message(wanted)).SerializeToString()

        def work(now: int) -> Program[pb.CreateTemplateResponse]:
            template = yield from commands.create(caller, wanted, now)
            return pb.CreateTemplateResponse(template=template_message(template))

        return await self.writer.change(caller.id, request, work)

    async def GetTemplate(self, request: pb.GetTemplateRequest) -> pb.GetTemplateResponse:
        """See the contract."""
        template = await self.database.read(commands.require(administering(), request.id))
        return pb.GetTemplateResponse(template=template_message(template))

    async def GetBuiltInTemplate(self, request: pb.GetBuiltInTemplateRequest) -> pb.GetBuiltInTemplateResponse:
        """See the contract."""
        administering()
        channel = ChannelType(request.channel)
        event, language = _event(request.event_type), request.language or "en"
        found = find_built_in(event, MEDIA[channel], language)
        if found is None:
            raise template_missing(f"{event} in {language}")
        texts = TemplateRow("", "", request.event_type, channel, language, found.subject, found.text, found.html)
        return pb.GetBuiltInTemplateResponse(details=template_details(texts), variables=_variables(EVENTS[event]))

    async def ListTemplates(self, request: pb.ListTemplatesRequest) -> pb.ListTemplatesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        found = await self.database.read(
            list_templates(
                administering(),
                request.tenant_id if request.HasField("tenant_id") else None,
                request.event_type,
                request.channel,
                request.language,
                str(after[0]) if after else None,
                size + 1,
            )
        )
        return pb.ListTemplatesResponse(
            templates=map(template_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def UpdateTemplate(self, request: pb.UpdateTemplateRequest) -> bytes:
        """See the contract."""
        caller = administering()
        texts = {field: getattr(request, field) for field in masked_fields(request, request.update_mask, _TEXTS)}
        before = await self.database.read(commands.require(caller, request.id))
        wanted = replace(before, **texts)
        await self._validate(wanted)
        # What was looked at is what is stored: parts that somebody else changed meanwhile were not.
        etag = request.etag or str(before.revision)

        def work(now: int) -> Program[pb.UpdateTemplateResponse]:
            template = yield from commands.update(caller, request.id, texts, etag, now)
            return pb.UpdateTemplateResponse(template=template_message(template))

        return await self.writer.change(caller.id, request, work)

    async def DeleteTemplate(self, request: pb.DeleteTemplateRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.DeleteTemplateResponse]:
            yield from commands.delete(caller, request.id, request.etag, now)
            return pb.DeleteTemplateResponse()

        return await self.writer.change(caller.id, request, work)

    async def PreviewTemplate(self, request: pb.PreviewTemplateRequest) -> pb.PreviewTemplateResponse:
        """See the contract."""
        administering()
        if request.time_zone and find_zone(request.time_zone) is None:
            raise field_invalid("time_zone", f"there is no time zone {request.time_zone}; IANA: Asia/Shanghai")
        row = _row("", request.details)
        await self._validate(row)
        reader = Reader(row.language, zone_of(request.time_zone))
        try:
            said = await self.renderer.preview(_template(row), reader)
        except RenderingFailed as error:
            raise _invalid([error.fault]) from None
        return pb.PreviewTemplateResponse(subject=said.subject, text=said.text, html=said.html)

    async def _validate(self, row: TemplateRow) -> None:
        try:
            await self.renderer.validate(_template(row))
        except TemplateInvalid as error:
            raise _invalid(error.faults) from None


def _row(tenant_id: str, details: pb.TemplateDetails) -> TemplateRow:
    return TemplateRow(
        "",
        tenant_id,
        int(details.event_type),
        ChannelType(details.channel),
        details.language,
        details.subject,
        details.text,
        details.html,
    )


def _template(row: TemplateRow) -> MessageTemplate:
    return MessageTemplate(_event(row.event_type), MEDIA[row.channel], row.language, row.subject, row.text, row.html)


def _event(number: int) -> str:
    return NAMES[EventType(number)] if number else DIGEST_EVENT


def _variables(variables: Sequence[Variable], prefix: str = "", required: bool = True) -> Iterator[pb.TemplateVariable]:
    for each in variables:
        name, needed = f"{prefix}{each.name}", required and each.required
        yield pb.TemplateVariable(name=name, kind=each.kind.value, description=each.about, required=needed)
        if each.kind in (Kind.OBJECT, Kind.LIST):
            inner = f"{name}." if each.kind is Kind.OBJECT else f"{name}[]."
            yield from _variables(each.parts, inner, needed)


def _invalid(faults: Sequence[TemplateFault]) -> InvalidField:
    return InvalidField(
        "TEMPLATE_INVALID",
        "the template cannot be used",
        violations=[Violation(f"details.{one.part}", f"line {one.line}: {one.message}") for one in faults],
    )
