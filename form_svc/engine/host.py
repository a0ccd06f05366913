"""The engine as the form service asks it: for users whose permission was checked here."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

import grpc.aio
from flowmesh.engine.v1 import form_host_service_pb2 as pb
from flowmesh.engine.v1.form_host_service_pb2_grpc import FormHostServiceStub

from form_svc.engine.failures import failure_of
from mesh.call import CallContext
from mesh.channels import MeshChannel, open_channel
from mesh.resilience.breaker import BreakerMetrics, BreakerOpen, CircuitBreaker
from mesh.settings import MeshSettings
from mesh.telemetry import Telemetry

_SERVICE = pb.DESCRIPTOR.services_by_name["FormHostService"]
_RETRIED = tuple(f"{_SERVICE.full_name}/{name}" for name in ("CompleteSubmittedTask", "StartSubmittedInstance"))
"""They always have a request id."""
MAX_ADDRESS = 255

T = TypeVar("T")


def actor_of(call: CallContext) -> pb.FormActor:
    """Return the caller of a call, with the rows that are open to it."""
    return pb.FormActor(
        user_id=call.user_id or "",
        rows=call.rows.to_json(),
        session_id=call.session_id,
        client_address=call.client_address[:MAX_ADDRESS],
    )


class EngineHost:
    """Asks the engine. It connects at the first call; each raises what `failure_of` returns."""

    def __init__(
        self, settings: MeshSettings, *, telemetry: Telemetry | None = None, breakers: BreakerMetrics | None = None
    ) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._breakers = breakers
        self._channel: MeshChannel | None = None
        self._stub: Any = None

    def open(self) -> None:
        """Make the channel; nothing is connected yet."""
        self._channel = open_channel(
            self._settings.engine_address,
            self._settings,
            (_SERVICE,),
            telemetry=self._telemetry,
            retried=_RETRIED,
            breaker=CircuitBreaker("engine", metrics=self._breakers),
        )
        self._stub = FormHostServiceStub(self._channel)

    async def task(
        self, actor: pb.FormActor, user_task_id: str, *, with_variables: bool = False
    ) -> pb.GetTaskFormHostResponse:
        """Read an open task that the actor may see."""
        request = pb.GetTaskFormHostRequest(actor=actor, user_task_id=user_task_id, with_variables=with_variables)
        answer: pb.GetTaskFormHostResponse = await _answer(self._stub.GetTaskFormHost, request)
        return answer

    async def start(self, actor: pb.FormActor, process_definition_id: str) -> pb.GetStartFormHostResponse:
        """Read a definition that the actor may see."""
        request = pb.GetStartFormHostRequest(actor=actor, process_definition_id=process_definition_id)
        answer: pb.GetStartFormHostResponse = await _answer(self._stub.GetStartFormHost, request)
        return answer

    async def complete(self, request: pb.CompleteSubmittedTaskRequest) -> pb.CompleteSubmittedTaskResponse:
        """Complete a task for its actor, once."""
        answer: pb.CompleteSubmittedTaskResponse = await _answer(self._stub.CompleteSubmittedTask, request)
        return answer

    async def start_instance(self, request: pb.StartSubmittedInstanceRequest) -> pb.StartSubmittedInstanceResponse:
        """Start an instance for its actor, once."""
        answer: pb.StartSubmittedInstanceResponse = await _answer(self._stub.StartSubmittedInstance, request)
        return answer

    async def deployment_forms(self, deployment_id: str) -> pb.GetDeploymentFormsResponse:
        """Read the forms of a deployment."""
        request = pb.GetDeploymentFormsRequest(deployment_id=deployment_id)
        answer: pb.GetDeploymentFormsResponse = await _answer(self._stub.GetDeploymentForms, request)
        return answer

    async def close(self) -> None:
        """Close the connection."""
        if self._channel is not None:
            await self._channel.close()


async def _answer(method: Any, request: Any) -> Any:
    try:
        begun: Awaitable[Any] = method(request)
        return await begun
    except (grpc.aio.AioRpcError, BreakerOpen) as error:
        raise failure_of(error) from error
