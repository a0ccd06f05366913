"""`python -m bench.limits [CASE ...]`: instances as large as they get, and what they cost the others.

While each case runs, a probe starts another small instance every 10 ms; the table shows its slowest answer. The cost of
a step is measured over the first and over the last thousand of a case: it must not depend on how many there were.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
from flowmesh.engine.v1 import (
    deployment_pb2,
    deployment_service_pb2,
    process_instance_pb2,
    process_instance_service_pb2,
    user_task_service_pb2,
)
from flowmesh.engine.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from flowmesh.engine.v1.process_instance_service_pb2_grpc import ProcessInstanceServiceStub
from flowmesh.engine.v1.user_task_service_pb2_grpc import UserTaskServiceStub

from bench.processes import Server, server
from mesh.json_values import to_values

CHILDREN = 10_000
TOKENS = 1_000
DEPTH = 100
LOOP_STEPS = 100_000
TIMERS = 10_000
PROBE_SECONDS = 0.01
LONGEST_SECONDS = 300.0
SAMPLE = 1_000
"""Steps over which a cost is averaged."""

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:flowable="http://flowable.org/bpmn"'
    ' targetNamespace="limits">'
)
_ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def _model(key: str, nodes: str, *flows: str) -> bytes:
    connected = []
    for number, text in enumerate(flows):
        ends, _, condition = text.partition(":")
        source, target = ends.split(">")
        body = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        connected.append(
            f'<sequenceFlow id="flow{number}" sourceRef="{source}" targetRef="{target}">{body}</sequenceFlow>'
        )
    process = f'<process id="{key}" isExecutable="true">{nodes}{"".join(connected)}</process>'
    return f"{_HEAD}{process}</definitions>".encode()


def _many(kind: str, *, sequential: bool, attributes: str = "") -> str:
    return (
        f'<{kind} id="t" {attributes}><multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f"<loopCardinality>{CHILDREN}</loopCardinality></multiInstanceLoopCharacteristics></{kind}>"
    )


_COUNTING = 'flowable:expression="${nrOfInstances}"'
MODELS = {
    "probe": _model("probe", _ENDS, "s>e"),
    "loop": _model(
        "loop",
        _ENDS + '<serviceTask id="zero" flowable:expression="${0}" flowable:resultVariable="n"/>'
        '<exclusiveGateway id="merge"/><serviceTask id="count" flowable:expression="${n + 1}"'
        ' flowable:resultVariable="n"/><exclusiveGateway id="again" default="flow4"/>',
        "s>zero",
        "zero>merge",
        "merge>count",
        "count>again",
        "again>e",
        f"again>merge:${{n &lt; {LOOP_STEPS // 3}}}",
    ),
    "people": _model("people", _ENDS + _many("userTask", sequential=False), "s>t", "t>e"),
    "parallel": _model("parallel", _ENDS + _many("serviceTask", sequential=False, attributes=_COUNTING), "s>t", "t>e"),
    "sequential": _model(
        "sequential", _ENDS + _many("serviceTask", sequential=True, attributes=_COUNTING), "s>t", "t>e"
    ),
    "tokens": _model(
        "tokens",
        _ENDS
        + '<parallelGateway id="f"/><parallelGateway id="j"/>'
        + "".join(f'<userTask id="t{n}"/>' for n in range(TOKENS)),
        "s>f",
        *[flow for n in range(TOKENS) for flow in (f"f>t{n}", f"t{n}>j")],
        "j>e",
    ),
    "calls": _model(
        "calls",
        _ENDS + '<exclusiveGateway id="x" default="flow1"/><userTask id="bottom"/>'
        '<callActivity id="c" calledElement="calls"><extensionElements>'
        '<flowable:in sourceExpression="${depth - 1}" target="depth"/></extensionElements></callActivity>',
        "s>x",
        "x>bottom",
        "bottom>e",
        "x>c:${depth > 0}",
        "c>e",
    ),
    "timers": _model(
        "timers",
        _ENDS + '<intermediateCatchEvent id="w"><timerEventDefinition><timeDate>${due}</timeDate>'
        "</timerEventDefinition></intermediateCatchEvent>",
        "s>w",
        "w>e",
    ),
}


class Probe:
    """Starts a small instance every now and then and notes how long the answer takes, in seconds."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.answers: list[float] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Probe:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._running is not None
        self._running.cancel()
        await asyncio.wait([self._running])
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self) -> None:
        while True:
            task = asyncio.create_task(self._once())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(PROBE_SECONDS)

    async def _once(self) -> None:
        started = time.perf_counter()
        await self._client.start("probe")
        self.answers.append(time.perf_counter() - started)


class Client:
    """Calls of an engine."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        # Generated stubs serve channels of both kinds; typed as neither, they may be awaited.
        self.deployments: Any = DeploymentServiceStub(channel)
        self.instances: Any = ProcessInstanceServiceStub(channel)
        self.tasks: Any = UserTaskServiceStub(channel)

    async def deploy(self) -> None:
        """Deploy all models."""
        for key, content in MODELS.items():
            resource = deployment_pb2.Resource(name=f"{key}.bpmn", content=content)
            await self.deployments.CreateDeployment(
                deployment_service_pb2.CreateDeploymentRequest(resources=[resource])
            )

    async def start(self, key: str, **variables: Any) -> str:
        """Start an instance; return its id."""
        request = process_instance_service_pb2.CreateProcessInstanceRequest(
            process_definition_key=key, variables=to_values(variables)
        )
        instance_id: str = (await self.instances.CreateProcessInstance(request)).process_instance.id
        return instance_id

    async def start_many(self, key: str, count: int, **variables: Any) -> None:
        """Start instances in batches."""
        spec = process_instance_service_pb2.ProcessInstanceSpec(
            process_definition_key=key, variables=to_values(variables)
        )
        batch = process_instance_service_pb2.BatchCreateProcessInstancesRequest(instances=[spec] * 100)
        for _ in range(count // 100):
            await self.instances.BatchCreateProcessInstances(batch)

    async def running(self, key: str) -> bool:
        """Say whether an instance of a definition runs."""
        request = process_instance_service_pb2.ListProcessInstancesRequest(
            process_definition_key=key, status=process_instance_pb2.ProcessInstance.STATUS_RUNNING, page_size=1
        )
        return bool((await self.instances.ListProcessInstances(request)).process_instances)

    async def open_tasks(self, instance_id: str) -> list[str]:
        """Return the ids of an instance's open tasks."""
        found: list[str] = []
        token = ""
        while True:
            request = user_task_service_pb2.ListUserTasksRequest(
                process_instance_id=instance_id, page_size=1000, page_token=token
            )
            page = await self.tasks.ListUserTasks(request)
            found += [task.id for task in page.user_tasks]
            token = page.next_page_token
            if not token:
                return found

    async def complete(self, task_id: str) -> None:
        """Complete a task."""
        await self.tasks.CompleteUserTask(user_task_service_pb2.CompleteUserTaskRequest(id=task_id))

    async def until_ended(self, key: str) -> None:
        """Wait until no instance of a definition runs."""
        async with asyncio.timeout(LONGEST_SECONDS):
            while await self.running(key):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)


Costs = tuple[float, float]
"""Seconds of a step at the beginning and at the end."""
Case = Callable[[Client], Awaitable[Costs | None]]


async def _run_through(client: Client, key: str) -> None:
    await client.start(key)
    await client.until_ended(key)


async def _with_tasks(client: Client, key: str, count: int) -> Costs:
    instance_id = await client.start(key)
    async with asyncio.timeout(LONGEST_SECONDS):
        while len(tasks := await client.open_tasks(instance_id)) < count:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.1)
    taken = []
    for task_id in tasks:
        started = time.perf_counter()
        await client.complete(task_id)
        taken.append(time.perf_counter() - started)
    await client.until_ended(key)
    sample = min(SAMPLE, count // 4)
    return statistics.median(taken[:sample]), statistics.median(taken[-sample - 1 : -1])


async def _loop(client: Client) -> None:
    await _run_through(client, "loop")


async def _people(client: Client) -> Costs:
    return await _with_tasks(client, "people", CHILDREN)


async def _cancelled(client: Client) -> None:
    instance_id = await client.start("people")
    async with asyncio.timeout(LONGEST_SECONDS):
        while len(await client.open_tasks(instance_id)) < CHILDREN:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.1)
    await client.instances.CancelProcessInstance(
        process_instance_service_pb2.CancelProcessInstanceRequest(id=instance_id)
    )


async def _parallel(client: Client) -> None:
    await _run_through(client, "parallel")


async def _sequential(client: Client) -> None:
    await _run_through(client, "sequential")


async def _tokens(client: Client) -> Costs:
    return await _with_tasks(client, "tokens", TOKENS)


async def _calls(client: Client) -> None:
    await client.start("calls", depth=DEPTH)
    request = user_task_service_pb2.ListUserTasksRequest(process_definition_key="calls")
    (task,) = (await client.tasks.ListUserTasks(request)).user_tasks
    await client.complete(task.id)
    await client.until_ended("calls")


async def _timers(client: Client) -> None:
    due = datetime.now(UTC) + timedelta(seconds=8)
    await client.start_many("timers", TIMERS, due=due.isoformat())
    await client.until_ended("timers")


CASES: dict[str, tuple[str, Case]] = {
    "loop": (f"a loop of {LOOP_STEPS:,} automatic steps", _loop),
    "people": (f"{CHILDREN:,} parallel user tasks, completed", _people),
    "cancel": (f"{CHILDREN:,} parallel user tasks, cancelled", _cancelled),
    "parallel": (f"{CHILDREN:,} parallel automatic children", _parallel),
    "sequential": (f"{CHILDREN:,} sequential automatic children", _sequential),
    "tokens": (f"{TOKENS:,} tokens in one instance", _tokens),
    "calls": (f"calls {DEPTH} deep", _calls),
    "timers": (f"{TIMERS:,} timers due at once", _timers),
}


async def measure(wanted: list[str]) -> None:
    """Run the cases and print a row for each."""
    head = f"{'case':42} {'seconds':>8} {'first':>8} {'last':>8} {'probe p50':>10} {'p99':>8} {'worst':>8} {'MiB':>6}"
    print(head, "ms a step, ms a probe", sep="   ")
    for name in wanted:
        text, case = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'engine.db'}"
            async with server("engine", "bench.engine_process", url) as engine:
                await _measure(text, case, engine)


async def _measure(text: str, case: Case, engine: Server) -> None:
    async with (
        grpc.aio.insecure_channel(engine.address) as channel,
        grpc.aio.insecure_channel(engine.address, [("grpc.use_local_subchannel_pool", 1)]) as other,
    ):
        client = Client(channel)
        await client.deploy()
        await client.start("probe")
        async with Probe(Client(other)) as probe:
            started = time.perf_counter()
            costs = await case(client)
            seconds = time.perf_counter() - started
        answers = sorted(probe.answers)
        first, last = ("", "") if costs is None else (f"{costs[0] * 1e3:.2f}", f"{costs[1] * 1e3:.2f}")
        print(
            f"{text:42} {seconds:8.1f} {first:>8} {last:>8} {answers[len(answers) // 2] * 1e3:10.1f} "
            f"{answers[len(answers) * 99 // 100] * 1e3:8.1f} {answers[-1] * 1e3:8.1f} {engine.resident_mib():6.0f}",
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1:] or list(CASES)))
