"""Calls that the form service refuses are told to the audit."""

from __future__ import annotations

import grpc
import grpc.aio
import pytest
from flowmesh.auth.v1.permission_pb2 import MethodPermission
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.form.v1 import form_definition_service_pb2
from flowmesh.form.v1.form_definition_service_pb2_grpc import FormDefinitionServiceStub

from form_svc.main import FormService
from form_svc.settings import FormSettings
from mesh.bus.port import Bus
from mesh.bus.topics import AUDIT_EVENTS
from mesh.call import CallContext
from mesh.db.database import Database
from mesh.errors import Denied
from mesh.event_decoding import decode
from mesh.metrics import Metrics


async def test_refused_calls_are_told_with_their_number(form_database: Database, bus: Bus) -> None:
    async def authorize(call: CallContext, _: MethodPermission) -> None:
        call.user_id = "eve"
        raise Denied("ACCESS_DENIED", "eve may not do that")

    service = FormService(FormSettings(port=0, drain_seconds=0.2), form_database, bus, Metrics(), authorize=authorize)
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for _ in range(3):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await FormDefinitionServiceStub(channel).ListFormDefinitions(
                    form_definition_service_pb2.ListFormDefinitionsRequest()
                )
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    # What is left is told at the end at the latest.
    await service.stop()
    consumer = await bus.consumer("of-the-test", (AUDIT_EVENTS,))
    found: list[EventEnvelope] = []
    while sum(event.operation_refused.count for event in found) < 3:
        for message in await consumer.poll(10, 5.0):
            event = decode(message.value)
            assert event is not None
            found.append(event)
    await consumer.close()
    assert {event.source_service for event in found} == {"form"}
    assert {event.metadata.user_id for event in found} == {"eve"}
    assert {event.operation_refused.reason for event in found} == {"ACCESS_DENIED"}
    assert {event.operation_refused.method.rpartition("/")[2] for event in found} == {"ListFormDefinitions"}
