"""Lets the form service check the forms of a bundle, so that a deployment is refused with all its problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc.aio
from flowmesh.form.v1 import form_definition_service_pb2 as pb
from flowmesh.form.v1.form_definition_service_pb2_grpc import FormDefinitionServiceStub

from engine_svc.model.problem import Problem, Severity
from engine_svc.model.rules import Rule
from mesh.channels import MeshChannel, open_channel
from mesh.errors import DependencyDown
from mesh.resilience.breaker import BreakerMetrics, BreakerOpen, CircuitBreaker
from mesh.settings import MeshSettings
from mesh.telemetry import Telemetry

_SERVICES = (pb.DESCRIPTOR.services_by_name["FormDefinitionService"],)


class FormChecks:
    """Asks the form service. It connects at the first bundle with a form."""

    def __init__(
        self, settings: MeshSettings, *, telemetry: Telemetry | None = None, breakers: BreakerMetrics | None = None
    ) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._breakers = breakers
        self._channel: MeshChannel | None = None

    async def __call__(self, forms: Sequence[tuple[str, bytes]]) -> list[tuple[str, Problem]]:
        """Return every problem of some files. Raises `DependencyDown` where the form service does not answer."""
        if self._channel is None:
            self._channel = open_channel(
                self._settings.form_address,
                self._settings,
                _SERVICES,
                telemetry=self._telemetry,
                breaker=CircuitBreaker("form", metrics=self._breakers),
            )
        stub: Any = FormDefinitionServiceStub(self._channel)
        request = pb.CheckFormsRequest(
            forms=[pb.FormFileContent(resource_name=name, content=content) for name, content in forms]
        )
        try:
            answer = await stub.CheckForms(request)
        except (grpc.aio.AioRpcError, BreakerOpen) as error:
            raise DependencyDown(
                "DEPENDENCY_UNAVAILABLE",
                "the form service does not answer, which has to check the forms of the bundle; send the call again",
                metadata={"dependency": "form"},
            ) from error
        return [
            (
                found.resource_name,
                Problem(Severity.ERROR, Rule.FORM_INVALID, found.path, 0, 0, found.message),
            )
            for found in answer.problems
        ]

    async def close(self) -> None:
        """Close the connection."""
        if self._channel is not None:
            await self._channel.close()
