"""Callers whose deadline passes: what they asked for is done wholly or not at all, and nobody waits for them."""

from __future__ import annotations

import asyncio
import random

import grpc
from flowmesh.engine.v1 import user_task_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.json_values import to_values
from tests.integration.engine.serving import ENDS, Engine, model


async def test_calls_that_are_given_up(engine: Engine) -> None:
    """Parallel tasks of one instance are completed by callers of whom many give up, and who send again."""
    width = 20
    nodes = "".join(f'<userTask id="t{n}"/>' for n in range(width))
    branches = [flow for n in range(width) for flow in (f"f>t{n}", f"t{n}>j")]
    gateways = '<parallelGateway id="f"/><parallelGateway id="j"/><userTask id="last"/>'
    await engine.deploy(model("wide", ENDS + gateways + nodes, "s>f", *branches, "j>last", "last>e"))
    instance = await engine.start("wide")
    patience = random.Random(11)

    async def complete(task_id: str, number: int) -> None:
        request = pb.CompleteUserTaskRequest(
            id=task_id, request_id=f"r{number}", variables=to_values({f"v{number}": number})
        )
        for timeout in (patience.uniform(0.001, 0.01), patience.uniform(0.001, 0.02), None):
            try:
                await engine.tasks.CompleteUserTask(request, timeout=timeout)
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            else:
                return

    tasks = await engine.user_tasks()
    await asyncio.gather(*[complete(task.id, number) for number, task in enumerate(tasks)])
    (last,) = await engine.user_tasks()
    assert last.element_id == "last"
    assert await engine.variables(instance.id) == {f"v{n}": n for n in range(width)}
    # One commit for the start and one for each task: none took effect twice.
    assert (await engine.get(instance.id)).etag == str(width + 1)
    await engine.complete_task(last.id)
    assert (await engine.get(instance.id)).status == ProcessInstance.STATUS_COMPLETED
