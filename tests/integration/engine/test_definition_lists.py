"""Lists of definitions: filters, order, pages."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from flowmesh.engine.v1 import process_definition_service_pb2 as pb
from flowmesh.engine.v1.deployment_pb2 import Resource
from flowmesh.engine.v1.deployment_service_pb2 import CreateDeploymentRequest

from tests.integration.engine.serving import ENDS, Engine, model


def tagged(key: str, name: str, tag: str = "") -> bytes:
    content = model(key, ENDS, "s>e", name=name)
    return content.replace(b"<process ", f'<process flowable:versionTag="{tag}" '.encode()) if tag else content


async def found(engine: Engine, **fields: Any) -> list[str]:
    answer = await engine.definitions.ListProcessDefinitions(pb.ListProcessDefinitionsRequest(**fields))
    return [f"{definition.key}{definition.version}" for definition in answer.process_definitions]


@pytest.fixture
async def stocked(engine: Engine) -> Engine:
    """a1, a2 (tag v2), b1 (suspended), c1 (of tenant acme)."""
    for resource, content, tenant in (
        ("one.bpmn", tagged("a", "Zebra"), ""),
        ("two.bpmn", tagged("a", "Order %_ x", "v2"), ""),
        ("one.bpmn", tagged("b", "order"), ""),
        ("c.bpmn", tagged("c", "Apple"), "acme"),
    ):
        resources = [Resource(name=resource, content=content)]
        await engine.deployments.CreateDeployment(CreateDeploymentRequest(resources=resources, tenant_id=tenant))
    listed = await engine.definitions.ListProcessDefinitions(pb.ListProcessDefinitionsRequest(key="b"))
    await engine.definitions.SuspendProcessDefinition(
        pb.SuspendProcessDefinitionRequest(id=listed.process_definitions[0].id)
    )
    return engine


async def test_filters(stocked: Engine) -> None:
    assert await found(stocked) == ["c1", "b1", "a2", "a1"]
    for filters, expected in (
        ({"key": "a"}, ["a2", "a1"]),
        ({"latest_only": True}, ["c1", "b1", "a2"]),
        ({"version": 1}, ["c1", "b1", "a1"]),
        ({"version_tag": "v2"}, ["a2"]),
        ({"tenant_id": "acme"}, ["c1"]),
        ({"resource_name": "one.bpmn"}, ["b1", "a1"]),
        ({"name": "order"}, ["b1"]),
        ({"name_contains": "rder"}, ["b1", "a2"]),
        ({"name_contains": "Order"}, ["a2"]),
        ({"name_contains": "%_"}, ["a2"]),
        ({"key_contains": "c"}, ["c1"]),
        ({"suspended": True}, ["b1"]),
        ({"suspended": False}, ["c1", "a2", "a1"]),
        ({"key": "a", "version": 3}, []),
    ):
        assert await found(stocked, **filters) == expected, filters
    (one,) = (
        await stocked.definitions.ListProcessDefinitions(pb.ListProcessDefinitionsRequest(version_tag="v2"))
    ).process_definitions
    assert (one.latest, one.suspended) == (True, False)
    assert await found(stocked, deployment_id=one.deployment_id) == ["a2"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("key", ["a1", "a2", "b1", "c1"]),
        ("key desc", ["c1", "b1", "a2", "a1"]),
        ("name", ["c1", "a2", "a1", "b1"]),
        ("version", ["a1", "b1", "c1", "a2"]),
        ("version desc", ["a2", "c1", "b1", "a1"]),
        ("create_time", ["a1", "a2", "b1", "c1"]),
        ("create_time asc", ["a1", "a2", "b1", "c1"]),
        ("create_time desc", ["c1", "b1", "a2", "a1"]),
    ],
)
async def test_order_and_pages(stocked: Engine, order: str, expected: list[str]) -> None:
    assert await found(stocked, order_by=order) == expected
    seen: list[str] = []
    request = pb.ListProcessDefinitionsRequest(order_by=order, page_size=1)
    while True:
        answer = await stocked.definitions.ListProcessDefinitions(request)
        seen += [f"{definition.key}{definition.version}" for definition in answer.process_definitions]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert seen == expected


async def test_unknown_orders(engine: Engine) -> None:
    for order in ("id", "key; DROP TABLE x", "name  desc", "desc"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await found(engine, order_by=order)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
