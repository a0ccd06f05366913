"""What can be read of a definition besides its row: image and start form."""

from __future__ import annotations

from typing import Any

import pytest
from flowmesh.engine.v1 import process_definition_service_pb2 as pb
from flowmesh.engine.v1 import process_instance_service_pb2 as instances_pb
from google.api import httpbody_pb2

from engine_svc.diagram import draw
from tests.integration.engine.serving import ENDS, Engine, model, refusal, user_task


async def image(engine: Engine, definition_id: str, *highlight: str) -> httpbody_pb2.HttpBody:
    request = pb.GetProcessDefinitionDiagramRequest(id=definition_id, highlight=highlight)
    answer: httpbody_pb2.HttpBody = await engine.definitions.GetProcessDefinitionDiagram(request)
    return answer


async def test_the_image(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    (definition,) = (await engine.deploy(user_task())).process_definitions
    plain = await image(engine, definition.id)
    assert plain.content_type == "image/svg+xml"
    assert b'data-element-id="t" class="userTask"' in plain.data
    assert b'data-element-id="t" class="userTask highlight"' in (await image(engine, definition.id, "t", "x")).data
    assert (await refusal(image(engine, "nothing"))).reason == "PROCESS_DEFINITION_NOT_FOUND"
    monkeypatch.setattr(draw, "MAX_ITEMS", 2)
    refused = await refusal(image(engine, definition.id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "DIAGRAM_TOO_LARGE")
    assert refused.metadata == {"id": definition.id, "count": "5", "limit": "2"}


async def test_the_start_form(engine: Engine) -> None:
    start = (
        '<startEvent id="s" flowable:formKey="order-form"><extensionElements>'
        '<flowable:formProperty id="amount" name="Amount" type="long" required="true"/>'
        "</extensionElements></startEvent>"
    )
    with_form = model("a", start + '<endEvent id="e"/>', "s>e")
    deployed = await engine.deploy(with_form, model("b", ENDS, "s>e"))
    ids = {definition.key: definition.id for definition in deployed.process_definitions}

    async def form(definition_id: str) -> Any:
        request = pb.GetProcessDefinitionStartFormRequest(id=definition_id)
        return await engine.definitions.GetProcessDefinitionStartForm(request)

    found = await form(ids["a"])
    assert found.form_key == "order-form"
    (field,) = found.fields
    assert (field.id, field.name, field.type, field.required) == ("amount", "Amount", "long", True)
    assert await form(ids["b"]) == pb.GetProcessDefinitionStartFormResponse()
    assert (await refusal(form("nothing"))).reason == "PROCESS_DEFINITION_NOT_FOUND"


async def test_the_instances_of_a_version_are_listed_newest_first(engine: Engine) -> None:
    (definition,) = (await engine.deploy(user_task())).process_definitions
    started = [(await engine.start("review")).id for _ in range(6)]
    await engine.suspend(started[2])
    for instance in (started[0], started[4]):
        (task,) = await engine.user_tasks(process_instance_id=instance)
        await engine.complete_task(task.id)
    await engine.deploy(user_task())
    await engine.start("review")
    request = instances_pb.ListProcessInstancesRequest(process_definition_id=definition.id, page_size=4)
    first = await engine.instances.ListProcessInstances(request)
    request.page_token = first.next_page_token
    second = await engine.instances.ListProcessInstances(request)
    assert not second.next_page_token
    listed = [instance.id for page in (first, second) for instance in page.process_instances]
    assert listed == started[::-1]
