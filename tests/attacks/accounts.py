"""People and machines that sign in, for attacks on signing in."""

from __future__ import annotations

import itertools
from typing import Any

import grpc
import httpx
from flowmesh.engine.v1 import process_instance_service_pb2, process_instance_service_pb2_grpc
from flowmesh.history.v1 import history_service_pb2, history_service_pb2_grpc
from flowmesh.identity.v1 import user_service_pb2, user_service_pb2_grpc
from flowmesh.monitoring.v1 import topic_service_pb2, topic_service_pb2_grpc

from tests.infrastructure.mesh import Mesh

PASSWORD = "teapots-dislike-gravel-9"
_numbers = itertools.count()


def new_name(kind: str = "user") -> str:
    """Return a name that nobody has yet."""
    return f"{kind}-{next(_numbers)}"


async def make_user(rest: httpx.AsyncClient, *, password: str = PASSWORD, role: str = "administrator") -> str:
    """Make a user with a password and a role; return its id."""
    name = new_name()
    details = {"email": f"{name}@example.com", "allTenants": True}
    await done(rest.post("/v1/users", json={"id": name, "details": details}))
    if password:
        await done(rest.post(f"/v1/users/{name}:setPassword", json={"password": password}))
    if role:
        await done(rest.post("/v1/roleAssignments", json={"roleId": role, "subjectId": name}))
    return name


async def done(calling: Any) -> Any:
    """Return the answer of a call that must succeed."""
    answer = await calling
    assert answer.status_code == 200, answer.text
    return answer.json()


async def login(http: httpx.AsyncClient, user: str, password: str = PASSWORD) -> httpx.Response:
    """Try to sign in."""
    return await http.post("/v1/sessions:login", json={"user": user, "password": password})


async def tokens(http: httpx.AsyncClient, user: str, password: str = PASSWORD) -> dict[str, Any]:
    """Sign in; return the tokens."""
    answer = await login(http, user, password)
    assert answer.status_code == 200, answer.text
    got: dict[str, Any] = answer.json()["tokens"]
    return got


async def let_in(mesh: Mesh, token: str) -> dict[str, bool]:
    """Return which services a token opens, asked at their own ports, and the gateway."""
    state = mesh.state()
    metadata = (("authorization", f"Bearer {token}"),)
    calls = {
        "engine": (
            process_instance_service_pb2_grpc.ProcessInstanceServiceStub,
            "ListProcessInstances",
            process_instance_service_pb2.ListProcessInstancesRequest(page_size=1),
        ),
        "history": (
            history_service_pb2_grpc.HistoryServiceStub,
            "ListHistoricTasks",
            history_service_pb2.ListHistoricTasksRequest(page_size=1),
        ),
        "identity": (
            user_service_pb2_grpc.UserServiceStub,
            "ListUsers",
            user_service_pb2.ListUsersRequest(page_size=1),
        ),
        "monitoring": (
            topic_service_pb2_grpc.TopicServiceStub,
            "ListTopics",
            topic_service_pb2.ListTopicsRequest(),
        ),
    }
    opened = {}
    for service, (stub, method, request) in calls.items():
        async with grpc.aio.insecure_channel(state[service]) as channel:
            try:
                await getattr(stub(channel), method)(request, metadata=metadata, timeout=10)
                opened[service] = True
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.UNAUTHENTICATED, error
                opened[service] = False
    async with httpx.AsyncClient(base_url=mesh.url, timeout=10) as http:
        answer = await http.get("/v1/processInstances", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code in (200, 401), answer.text
        opened["gateway"] = answer.status_code == 200
    return opened
