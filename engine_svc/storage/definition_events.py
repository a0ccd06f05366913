"""What becomes of deployments and definitions, told to the world and to the audit in the transaction that does it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from flowmesh.events.v1 import deployment_pb2, workflow_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope, EventMetadata
from flowmesh.events.v1.event_types import EVENT_TYPES
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.compile.load import is_form
from engine_svc.events.commit_record import SINGLE_EVENT
from engine_svc.storage.audit import SOURCE, tell_operation
from mesh.audit.operation import NOBODY, Maker
from mesh.bus.topics import FUNCTION_UNIT_EVENTS, WORKFLOW_EXECUTION_EVENTS
from mesh.db.statements import FetchKeys, Program, Row
from mesh.event_messages import EVENT_VERSION
from mesh.event_rows import event_row
from mesh.ids import new_id
from mesh.outbox import OutboxEntry, outbox_insert
from mesh.trace_context import parse_traceparent

REFERENCE_COLUMNS: Final = ("id", "definition_key", "version", "name", "deployment_id", "resource_name", "tenant_id")
"""Columns of a definition that events tell."""


@dataclass(slots=True)
class Telling:
    """Tells what one transaction does to deployments and definitions. `now`: microseconds since the Unix epoch."""

    now: int
    maker: Maker = field(default_factory=lambda: NOBODY)

    def deployed(
        self, deployment: Row, definitions: Sequence[Row], resources: Sequence[tuple[str, bytes]]
    ) -> Program[None]:
        """Tell a new deployment: id, name and tenant; its definitions as `REFERENCE_COLUMNS`; its files."""
        files = [
            workflow_pb2.DeployedResource(
                name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
            )
            for name, content in resources
        ]
        event = workflow_pb2.DeploymentCreated(
            deployment=_deployment(deployment), process_definitions=map(_definition, definitions), resources=files
        )
        after = {
            "name": deployment[1],
            "resources": {file.name: file.sha256 for file in files},
            "processDefinitions": {row[0]: f"{row[1]} {row[2]}" for row in definitions},
        }
        yield from self._tell("deployment_created", deployment[0], event)
        if forms := [file.name for file in files if is_form(file.name)]:
            told = deployment_pb2.FormsDeployed(
                deployment_id=deployment[0],
                deployment_name=deployment[1],
                tenant_id=deployment[2],
                resource_names=forms,
            )
            yield from self._tell_forms("forms_deployed", deployment[2], told)
        yield from tell_operation(self.maker, self.now, "deployment", deployment[0], deployment[2], after=after)

    def deleted(self, deployment: Row, definitions: Sequence[Row], resource_names: Sequence[str]) -> Program[None]:
        """Tell that a deployment is gone, with what it had."""
        event = workflow_pb2.DeploymentDeleted(
            deployment=_deployment(deployment),
            process_definitions=map(_definition, definitions),
            resource_names=resource_names,
        )
        before = {
            "name": deployment[1],
            "resources": list(resource_names),
            "processDefinitions": {row[0]: f"{row[1]} {row[2]}" for row in definitions},
        }
        yield from self._tell("deployment_deleted", deployment[0], event)
        if any(map(is_form, resource_names)):
            told = deployment_pb2.FormsDeleted(deployment_id=deployment[0], tenant_id=deployment[2])
            yield from self._tell_forms("forms_deleted", deployment[2], told)
        yield from tell_operation(self.maker, self.now, "deployment", deployment[0], deployment[2], before=before)

    def definition_changed(self, definition_id: str, *, suspended: bool) -> Program[None]:
        """Tell that a definition was suspended, or resumed."""
        rows: list[Row] = yield FetchKeys("process_definition", REFERENCE_COLUMNS, ("id",), [(definition_id,)])
        row = rows[0]
        kind = workflow_pb2.ProcessDefinitionSuspended if suspended else workflow_pb2.ProcessDefinitionResumed
        payload = "process_definition_suspended" if suspended else "process_definition_resumed"
        yield from self._tell(payload, row[0], kind(process_definition=_definition(row)))
        states = ("ACTIVE", "SUSPENDED") if suspended else ("SUSPENDED", "ACTIVE")
        yield from tell_operation(
            self.maker,
            self.now,
            "processDefinition",
            row[0],
            row[6],
            definition_key=row[1],
            before={"state": states[0]},
            after={"state": states[1], "version": row[2]},
        )

    def _tell_forms(self, payload: str, tenant_id: str, message: Message) -> Program[None]:
        # Those of a tenant stay in order: the versions of its forms count up by them.
        yield from self._tell(payload, f"tenant:{tenant_id}", message, FUNCTION_UNIT_EVENTS)

    def _tell(
        self, payload: str, biz_id: str, message: Message, topic: str = WORKFLOW_EXECUTION_EVENTS
    ) -> Program[None]:
        trace = parse_traceparent(self.maker.traceparent) if self.maker.traceparent else None
        envelope = EventEnvelope(
            event_id=new_id(),
            event_type=EVENT_TYPES[payload],
            event_version=EVENT_VERSION,
            timestamp=Timestamp(seconds=self.now // 1_000_000, nanos=self.now % 1_000_000 * 1000),
            source_service=SOURCE,
            correlation_id=self.maker.correlation_id,
            biz_id=biz_id,
            metadata=EventMetadata(
                user_id=self.maker.user_id,
                session_id=self.maker.session_id,
                trace_id=trace.trace_id if trace else "",
            ),
        )
        getattr(envelope, payload).CopyFrom(message)
        entry: OutboxEntry = event_row(SINGLE_EVENT, topic, envelope, self.maker.traceparent, self.now)
        yield outbox_insert([entry])


def _deployment(row: Row) -> workflow_pb2.DeploymentRef:
    return workflow_pb2.DeploymentRef(id=row[0], name=row[1], tenant_id=row[2])


def _definition(row: Row) -> workflow_pb2.ProcessDefinitionRef:
    values = dict(zip(REFERENCE_COLUMNS, row, strict=True))
    return workflow_pb2.ProcessDefinitionRef(key=values.pop("definition_key"), **values)
