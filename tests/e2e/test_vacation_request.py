"""A vacation request as its users live through it: forms, e-mails, reminders, history, statistics, audit; both profiles.

Everybody has signed in with a password and has the roles that such people have. What is checked of one service is checked
through the others as well: who fills in a form is read in history, what is overdue in an e-mail.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import grpc
import grpc.aio
import httpx
import pytest
from flowmesh.engine.v1 import clock_service_pb2 as engine_clock
from flowmesh.engine.v1.clock_service_pb2_grpc import ClockServiceStub
from flowmesh.form.v1 import start_form_service_pb2, task_form_service_pb2
from flowmesh.form.v1.start_form_service_pb2_grpc import StartFormServiceStub
from flowmesh.form.v1.task_form_service_pb2_grpc import TaskFormServiceStub
from flowmesh.notification.v1 import clock_service_pb2 as notification_clock
from flowmesh.notification.v1.clock_service_pb2_grpc import NotificationClockServiceStub
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.json_values import to_values
from tests.e2e.processes import call, eventually, only_task, read
from tests.infrastructure.distributed import PROFILES, profile_options
from tests.infrastructure.mesh import Mesh, running_mesh
from tests.integration.form.forms import faults_of
from tests.integration.notification.mail_catcher import MailCatcher, mail_catcher
from tests.launcher.running import ROOT, flowmesh
from tests.unit.bpmn_models import real_model

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "launcher" / "examples" / "vacation"
FLOWABLES = "flowable-vacation-request.bpmn20.xml"
CONSOLE = "https://flowmesh.example.com"
PASSWORD = "nine-lanterns-above-the-harbour"
WAIT_SECONDS = 60.0
"""Against hanging alone."""
PEOPLE: Mapping[str, tuple[str, dict[str, Any]]] = {
    "ada": ("user", {"displayName": "Ada Lovelace", "locale": "en"}),
    "wang": ("user", {"displayName": "王芳", "locale": "zh-CN", "attributes": {"manager": "chen"}}),
    "chen": ("user", {"displayName": "陈总", "locale": "zh-CN"}),
    "eve": ("user", {"displayName": "Eve", "locale": "en"}),
    "dora": ("developer", {"displayName": "Dora", "locale": "en"}),
    "amir": ("auditor", {"displayName": "Amir", "locale": "en", "allTenants": True}),
}
"""An employee, who decides, whose manager that is, an outsider; who deploys, and who looks at it all afterwards."""


@pytest.fixture(scope="module")
def mails() -> Iterator[MailCatcher]:
    with mail_catcher() as catcher:
        yield catcher


@pytest.fixture(scope="module", params=PROFILES)
def mesh(
    request: pytest.FixtureRequest, mails: MailCatcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mesh]:
    """A mesh that sends e-mail, and whose clock can be turned."""
    settings = {f"FLOWMESH_NOTIFICATION_{name.upper()}": str(value) for name, value in mails.settings().items()}
    settings["FLOWMESH_NOTIFICATION_CONSOLE_URL"] = CONSOLE
    with profile_options(request) as options:
        controlled = ["--clock", "controlled", *(["--force-clock"] if options else [])]
        with running_mesh(tmp_path_factory.mktemp("vacation"), [*options, *controlled], settings) as running:
            yield running


@dataclass(slots=True)
class Person:
    """Somebody who has signed in. `heard`: what the live stream of the inbox has told, as server-sent events."""

    id: str
    token: str
    rest: httpx.AsyncClient
    channel: grpc.aio.Channel
    heard: list[dict[str, Any]] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self.id}@example.com"

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What signs a call over gRPC."""
        return (("authorization", f"Bearer {self.token}"),)

    async def refused(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Make a call that must fail; return the answer with its status."""
        answer = await self.rest.request(method, path, **more)
        assert answer.status_code >= 400, answer.text
        return {"status": answer.status_code, **answer.json()}

    async def listen(self) -> None:
        """Follow the live stream of the inbox."""
        headers = {"accept": "text/event-stream"}
        async with self.rest.stream("GET", "/v1/notifications:watch", headers=headers) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            async for line in stream.aiter_lines():
                if line.startswith("data:") and "notification" in (message := json.loads(line[5:])):
                    self.heard.append(message["notification"])


People = dict[str, Person]


@pytest.fixture(scope="module")
def accounts(mesh: Mesh) -> None:
    """The users, their roles, and the groups of the two models."""
    with mesh.sync_rest() as rest:

        def made(path: str, **body: Any) -> None:
            answer = rest.post(path, json=body)
            assert answer.status_code == 200, answer.text

        for user, (role, details) in PEOPLE.items():
            made("/v1/users", id=user, details={"email": f"{user}@example.com", **details})
            made(f"/v1/users/{user}:setPassword", password=PASSWORD)
            made("/v1/roleAssignments", roleId=role, subjectId=user)
        made("/v1/groups", id="management", details={"displayName": "Management"})
        made("/v1/groups/management:addMembers", subjectIds=["wang"])


@pytest.fixture
async def people(mesh: Mesh, accounts: None, mails: MailCatcher) -> AsyncIterator[People]:
    """Everybody signed in; the employee, who decides and the outsider follow their inboxes."""
    await turn(mesh, None)
    mails.mails.clear()
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as listening:
        found: People = {}
        for user in PEOPLE:
            rest = await stack.enter_async_context(httpx.AsyncClient(base_url=mesh.url, timeout=WAIT_SECONDS))
            signed = await call(rest, "/v1/sessions:login", {"user": user, "password": PASSWORD})
            token = signed["tokens"]["accessToken"]
            rest.headers["authorization"] = f"Bearer {token}"
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(mesh.target))
            found[user] = Person(user, token, rest, channel)
        tasks = [listening.create_task(found[user].listen()) for user in ("ada", "wang", "eve")]
        yield found
        for task in tasks:
            task.cancel()


async def turn(mesh: Mesh, to: datetime | None) -> None:
    """Turn the clocks of all engines and of notifications; None: let them go as the machine's."""
    state = mesh.state()
    nodes = {name: node["grpc"] for name, node in state.get("nodes", {}).items()}
    for service in ("engine", "notification"):
        for target in [address for name, address in nodes.items() if name.startswith(service)] or [state[service]]:
            async with grpc.aio.insecure_channel(target, interceptors=mesh.auth.interceptors) as channel:
                await (turn_engine(channel, to) if service == "engine" else turn_notifications(channel, to))


async def turn_engine(channel: grpc.aio.Channel, to: datetime | None) -> None:
    stub = ClockServiceStub(channel)
    if to is None:
        await stub.ResetClock(engine_clock.ResetClockRequest())
    else:
        await stub.SetClock(engine_clock.SetClockRequest(time=timestamp(to)))


async def turn_notifications(channel: grpc.aio.Channel, to: datetime | None) -> None:
    stub = NotificationClockServiceStub(channel)
    if to is None:
        await stub.ResetNotificationClock(notification_clock.ResetNotificationClockRequest())
    else:
        await stub.SetNotificationClock(notification_clock.SetNotificationClockRequest(time=timestamp(to)))


def timestamp(at: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(at)
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def violations(answer: dict[str, Any]) -> dict[str, str]:
    """Return the faults of a form by the paths of its fields."""
    (info, bad) = answer["details"]
    assert (answer["status"], info["reason"]) == (400, "FORM_DATA_INVALID")
    return {each["field"]: each["description"] for each in bad["fieldViolations"]}


async def start_form_faults(person: Person, definition: str, data: dict[str, Any], language: str) -> dict[str, str]:
    """Submit wrong data for a start form by REST and by gRPC; return the faults, which must be the same."""
    body = {"data": data, "language": language}
    over_rest = violations(
        await person.refused("POST", f"/v1/processDefinitions/{definition}/form:submit", json=body)
    )  # fmt: skip
    request = start_form_service_pb2.SubmitStartFormRequest(
        process_definition_id=definition, data=to_values(data), language=language
    )
    stub = StartFormServiceStub(person.channel)  # type: ignore[no-untyped-call]
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.SubmitStartForm(request, metadata=person.metadata)
    assert faults_of(raised.value) == over_rest
    return over_rest


async def definition_of(person: Person, key: str) -> str:
    """Return the newest definition as somebody finds it who wants to start one."""
    found = await read(person.rest, "/v1/processDefinitions", key=key, latestOnly=True)
    (definition,) = found["processDefinitions"]
    definition_id: str = definition["id"]
    return definition_id


async def received(mails: MailCatcher, person: Person, count: int) -> EmailMessage:
    """Wait until somebody has got so many e-mails; return the last one."""

    async def there() -> bool:
        return len(mails.to(person.email)) >= count

    await eventually(there, WAIT_SECONDS)
    found = mails.to(person.email)
    assert len(found) == count, [str(mail["Subject"]) for mail in found]
    return found[-1]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def heard(person: Person, count: int) -> dict[str, Any]:
    """Wait until the live stream has told somebody of so many notifications; return the last one."""

    async def there() -> bool:
        return len(person.heard) >= count

    await eventually(there, WAIT_SECONDS)
    return person.heard[-1]


async def nothing_to_see(eve: Person, instance: str, task: str, file_id: str = "") -> None:
    """Whatever an outsider asks about a request is answered as if it had never been."""
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"/v1/userTasks/{task}", None),
        ("GET", f"/v1/userTasks/{task}/form", None),
        ("GET", f"/v1/userTasks/{task}/variables", None),
        ("POST", f"/v1/userTasks/{task}:claim", {}),
        ("POST", f"/v1/userTasks/{task}/form:saveDraft", {"data": {}}),
        ("POST", f"/v1/userTasks/{task}/form:submit", {"data": {"decision": "approve", "vacationApproved": "true"}}),
        ("POST", f"/v1/userTasks/{task}/form/files:upload?fileName=a.pdf", {}),
        ("GET", f"/v1/processInstances/{instance}", None),
        ("GET", f"/v1/history/processInstances/{instance}", None),
        ("GET", f"/v1/history/processInstances/{instance}/timeline", None),
        *([("GET", f"/v1/formFiles/{file_id}/content", None)] if file_id else []),
    ]
    for method, path, body in calls:
        answer = await eve.refused(method, path, json=body)
        assert answer["status"] == 404, (path, answer)
        assert "wang" not in json.dumps(answer), answer
    listings: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("/v1/userTasks", "userTasks", {}),
        ("/v1/userTasks", "userTasks", {"processInstanceId": instance}),
        ("/v1/processInstances", "processInstances", {}),
        ("/v1/submissions", "submissions", {"processInstanceId": instance}),
        ("/v1/history/processInstances", "historicProcessInstances", {}),
        ("/v1/history/tasks", "historicTasks", {"processInstanceId": instance}),
        ("/v1/history/variables", "historicVariables", {"processInstanceId": instance}),
        ("/v1/notifications", "notifications", {}),
    )
    for path, name, filters in listings:
        assert (await read(eve.rest, path, **filters))[name] == [], path
    assert (await call(eve.rest, "/v1/history:search", {"query": "motivation 年假 人手"}))["searchHits"] == []
    for accept in ("application/json", "text/event-stream"):
        headers = {"accept": accept}
        answer = await eve.refused("GET", "/v1/notifications:watch", params={"cursor": "made up"}, headers=headers)
        assert (answer["status"], answer["details"][0]["reason"]) == (400, "NOTIFICATION_CURSOR_INVALID")
    for path in ("/v1/deliveries", "/v1/auditRecords", "/v1/statistics/processes"):
        assert (await eve.refused("GET", path))["status"] == 403, path


async def sent_of(
    people: People, mails: MailCatcher, mesh: Mesh, instance: str, expected: list[tuple[str, str]]
) -> None:
    """Nobody was sent anything twice, and nothing else was sent. `expected`: the reader and the event of each."""
    async with mesh.rest() as rest:
        log = (await read(rest, "/v1/deliveries", processInstanceId=instance, pageSize=200))["deliveries"]
    found = sorted((each["userId"], each["eventType"].removeprefix("EVENT_TYPE_").lower()) for each in log)
    assert found == sorted(expected)
    assert {(each["state"], each["channel"], each["attempts"]) for each in log} == {
        ("STATE_DELIVERED", "CHANNEL_TYPE_EMAIL", 1)
    }
    assert sorted(str(mail["To"]).rpartition("<")[2] for mail in mails.mails) == sorted(
        f"{user}@example.com>" for user, _ in expected
    )
    assert set(mails.ids().values()) == {1}
    for person in people.values():
        inbox = (await read(person.rest, "/v1/notifications", pageSize=200))["notifications"]
        of_instance = [each["eventType"] for each in inbox if each["processInstanceId"] == instance]
        assert len(of_instance) == len([1 for user, _ in expected if user == person.id]), (person.id, of_instance)


def ran(person: Person, mesh: Mesh, *arguments: str) -> tuple[int, str]:
    """Run a command as somebody; return its exit code and all that it said."""
    done = flowmesh(*arguments, "--url", mesh.url, FLOWMESH_TOKEN=person.token)
    return done.returncode, done.stdout + done.stderr


async def test_a_request_from_its_form_to_its_approval(mesh: Mesh, people: People, mails: MailCatcher) -> None:
    ada, wang, chen, eve = (people[name] for name in ("ada", "wang", "chen", "eve"))
    # The process comes with its forms: all of them, or nothing.
    files = sorted(EXAMPLE.iterdir())
    resources = [{"name": file.name, "content": base64.b64encode(file.read_bytes()).decode()} for file in files]
    broken = [{**each} for each in resources]
    broken[1]["content"] = base64.b64encode(b'{"type": "default", "components": [{"type": "wish"}]}').decode()
    refused = await people["dora"].refused("POST", "/v1/deployments", json={"name": "vacation", "resources": broken})
    assert refused["details"][0]["reason"] == "BPMN_INVALID"
    assert {each["field"].partition("#")[0] for each in refused["details"][1]["fieldViolations"]} == {files[1].name}
    deployed = await call(people["dora"].rest, "/v1/deployments", {"name": "vacation", "resources": resources})
    assert [each["key"] for each in deployed["deployment"]["processDefinitions"]] == ["vacation"]
    definition = await definition_of(ada, "vacation")

    # The start form, and all that is wrong with what is filled in, at once.
    shown = await read(ada.rest, f"/v1/processDefinitions/{definition}/form")
    fields = {each["key"]: each for each in shown["form"]["schema"]["components"]}
    assert list(fields) == ["firstDay", "days", "kind", "motivation", "certificate"]
    assert fields["kind"]["defaultValue"] == "annual"
    wrong = {"firstDay": "2020-01-01", "days": 99, "kind": "sabbatical", "motivation": "x"}
    assert await start_form_faults(ada, definition, wrong, "en") == {
        "firstDay": "The date has passed; choose today or a later day.",
        "days": "The number is too large; enter 30 or less.",
        "kind": "sabbatical is none of the options; choose one that is offered.",
        "motivation": "Enter at least 5 characters; it has 1 now.",
    }
    in_chinese = await start_form_faults(ada, definition, {"days": "many", "kind": "special"}, "zh")
    assert list(in_chinese) == ["firstDay", "days", "motivation", "certificate"]
    assert all(re.fullmatch(r"[^a-zA-Z]+", text) for text in in_chinese.values()), in_chinese
    assert (await read(ada.rest, "/v1/processInstances"))["processInstances"] == []

    # A file that is not of its kind, then the right one.
    upload = f"/v1/processDefinitions/{definition}/form/files:upload"
    content = b"%PDF-1.7 " + uuid4().bytes * 5_000
    uploaded = []
    for name, kind in (("证明.txt", "text/plain"), ("证明.pdf", "application/pdf")):
        parameters = {"fileName": name, "fieldKey": "certificate", "requestId": uuid4().hex}
        answer = await ada.rest.post(upload, params=parameters, content=content, headers={"content-type": kind})
        assert answer.status_code == 200, answer.text
        uploaded.append(answer.json()["file"]["id"])
    first_day = (datetime.now(UTC) + timedelta(days=100)).date().isoformat()
    asked = {
        "firstDay": first_day,
        "days": 5,
        "kind": "special",
        "motivation": "Our wedding, 婚假 in Hangzhou",
        "certificate": "files::1",
    }
    body: dict[str, Any] = {"data": asked, "files": {"files::1": {"ids": uploaded[:1]}}, "requestId": uuid4().hex}
    fault = await ada.refused("POST", f"/v1/processDefinitions/{definition}/form:submit", json=body)
    assert list(violations(fault)) == ["certificate"]
    body["files"] = {"files::1": {"ids": uploaded[1:]}}
    started = await call(ada.rest, f"/v1/processDefinitions/{definition}/form:submit", body)
    assert await call(ada.rest, f"/v1/processDefinitions/{definition}/form:submit", body) == started
    instance: str = started["submission"]["processInstanceId"]
    assert started["submission"]["submittedBy"] == "ada"

    # Who may decide is told once, in Chinese, with a link to the task; the live stream says it as well.
    task = (await only_task(wang.rest, instance))["id"]
    mail = await received(mails, wang, 1)
    assert mail["Subject"] == "待认领任务：Decide on the vacation"
    written = text_of(mail)
    assert f"{CONSOLE}/tasks/{task}" in written
    assert "流程：Vacation request" in written
    assert "王芳，您好" in written
    notification = await heard(wang, 1)
    assert (notification["eventType"], notification["taskId"]) == ("EVENT_TYPE_TASK_OFFERED", task)
    assert notification["title"] == mail["Subject"]
    await nothing_to_see(eve, instance, task, uploaded[1])
    assert (await read(ada.rest, "/v1/userTasks"))["userTasks"] == []

    # The task's form shows what was asked for; what is filled in half is kept, for nobody else.
    await call(wang.rest, f"/v1/userTasks/{task}:claim")
    url = f"/v1/userTasks/{task}/form"
    rendered = await read(wang.rest, url)
    assert rendered["form"]["key"] == "vacation-decision"
    assert {name: rendered["data"][name] for name in ("days", "firstDay", "motivation", "employee")} == {
        "days": 5,
        "firstDay": first_day,
        "motivation": asked["motivation"],
        "employee": "ada",
    }
    (certificate,) = rendered["data"]["certificate"]
    assert (certificate["name"], certificate["sha256"]) == ("证明.pdf", hashlib.sha256(content).hexdigest())
    file = await wang.rest.get(f"{url}/files/{certificate['fileId']}/content")
    assert (file.content, file.headers["content-type"]) == (content, "application/pdf")
    draft = {"decision": "reject", "reason": "人手"}
    await call(wang.rest, f"{url}:saveDraft", {"data": draft})
    again = await read(wang.rest, url)
    assert (again["draft"]["data"], again["data"]["reason"]) == (draft, "人手")
    async with mesh.rest() as everything:
        # Not even for who may see everything.
        assert "draft" not in await read(everything, url)

    # The days go by: one reminder before the due time, one behind it, and then the manager's manager.
    due = moment((await read(wang.rest, f"/v1/userTasks/{task}"))["userTask"]["dueTime"])
    created = moment((await read(wang.rest, f"/v1/userTasks/{task}"))["userTask"]["createTime"])
    assert due - created == timedelta(days=3)
    for after, subject in ((timedelta(hours=-20), "任务即将到期"), (timedelta(hours=1), "任务已逾期")):
        count = len(mails.to(wang.email))
        await turn(mesh, due + after)
        assert (await received(mails, wang, count + 1))["Subject"] == f"{subject}：Decide on the vacation"
    overdue = {"processDefinitionKey": "vacation", "dueBefore": (due + timedelta(hours=1)).isoformat()}

    async def is_overdue() -> list[str]:
        found = await read(people["amir"].rest, "/v1/statistics/overdueTasks", **overdue)
        return [each["id"] for each in found["historicTasks"]]

    assert await is_overdue() == [task]
    await turn(mesh, due + timedelta(hours=25))
    mail = await received(mails, chen, 1)
    assert mail["Subject"] == "任务升级提醒：Decide on the vacation"
    assert "办理人：王芳" in text_of(mail)

    # A rejection needs a reason, by every way in.
    exit_code, said = await asyncio.to_thread(
        ran, wang, mesh, "forms", "submit", task, "--var", "decision=reject", "--language", "zh"
    )
    assert (exit_code, "reason" in said, "必填" in said) == (1, True, True), said
    fault = await wang.refused("POST", f"{url}:submit", json={"data": {"decision": "perhaps"}})
    assert list(violations(fault)) == ["decision"]
    fault = await wang.refused("POST", f"{url}:submit", json={"data": {"decision": "reject"}})
    assert violations(fault) == {"reason": "This must be filled in; enter or choose a value."}
    rejected = await call(
        wang.rest, f"{url}:submit", {"data": {"decision": "reject", "reason": "三月人手不足，请改期"}}
    )  # fmt: skip
    assert (rejected["submission"]["state"], rejected["processInstanceEnded"]) == ("STATE_SETTLED", False)
    assert (await wang.refused("GET", url))["status"] == 404
    assert (await wang.refused("POST", f"{url}:submit", json={"data": {"decision": "approve"}}))["status"] == 404

    # The employee is told in English, sees why, changes the request and sends it again.
    mail = await received(mails, ada, 1)
    assert mail["Subject"] == "Task for you: Change the request"
    change = (await only_task(ada.rest, instance))["id"]
    assert f"{CONSOLE}/tasks/{change}" in text_of(mail)
    assert (await heard(ada, 1))["taskId"] == change
    rendered = await read(ada.rest, f"/v1/userTasks/{change}/form")
    assert rendered["userTask"]["description"] == "It was rejected: 三月人手不足，请改期"
    assert (rendered["data"]["reason"], rendered["data"]["days"]) == ("三月人手不足，请改期", 5)
    fault = await ada.refused("POST", f"/v1/userTasks/{change}/form:submit", json={"data": {"days": 0, "firstDay": ""}})
    assert list(violations(fault)) == ["firstDay", "days"]
    await call(
        ada.rest,
        f"/v1/userTasks/{change}/form:submit",
        {"data": {"firstDay": first_day, "days": 4, "motivation": "改期到四月，四天就够", "sendAgain": True}},
    )

    # The second round, this time by gRPC.
    second = (await only_task(wang.rest, instance))["id"]
    assert (await received(mails, wang, 4))["Subject"] == "待认领任务：Decide on the vacation"
    stub = TaskFormServiceStub(wang.channel)  # type: ignore[no-untyped-call]
    form = await stub.GetTaskForm(
        task_form_service_pb2.GetTaskFormRequest(user_task_id=second), metadata=wang.metadata
    )  # fmt: skip
    assert form.data["days"].number_value == 4
    request = task_form_service_pb2.SubmitTaskFormRequest(
        user_task_id=second, data=to_values({"decision": "approve"}), request_id=uuid4().hex
    )
    approved = await stub.SubmitTaskForm(request, metadata=wang.metadata)
    assert approved.process_instance_ended
    assert await stub.SubmitTaskForm(request, metadata=wang.metadata) == approved
    mail = await received(mails, ada, 2)
    assert mail["Subject"] == "Completed: Vacation request"
    assert f"{CONSOLE}/instances/{instance}" in text_of(mail)
    await sent_of(
        people,
        mails,
        mesh,
        instance,
        [
            ("wang", "task_offered"),
            ("wang", "task_due_soon"),
            ("wang", "task_overdue"),
            ("chen", "task_escalated"),
            ("ada", "task_assigned"),
            ("wang", "task_offered"),
            ("ada", "process_completed"),
        ],
    )
    await nothing_to_see(eve, instance, task, uploaded[1])
    assert eve.heard == []

    # History: what was when, who did it, and all values that the variables had.
    token = approved.commit_token
    ended = (await read(ada.rest, f"/v1/history/processInstances/{instance}", afterCommitToken=token))[
        "historicProcessInstance"
    ]
    assert (ended["status"], ended["initiator"]) == ("STATUS_COMPLETED", "ada")
    seconds = float(ended["duration"].removesuffix("s"))
    assert seconds == pytest.approx(timedelta(days=4, hours=1).total_seconds(), abs=WAIT_SECONDS)
    timeline = (await read(ada.rest, f"/v1/history/processInstances/{instance}/timeline", pageSize=200))[
        "timelineEntries"
    ]
    told = [(each["kind"].removeprefix("KIND_"), each["elementId"], each["userId"]) for each in timeline]
    assert [each for each in told if each[0] in ("INSTANCE_STARTED", "TASK_COMPLETED", "INSTANCE_COMPLETED")] == [
        ("INSTANCE_STARTED", "", "ada"),
        ("TASK_COMPLETED", "decide", "wang"),
        ("TASK_COMPLETED", "change", "ada"),
        ("TASK_COMPLETED", "decide", "wang"),
        ("INSTANCE_COMPLETED", "", "wang"),
    ]
    values = [(each["value"], each["userId"]) for each in timeline if each["name"] == "days" and "value" in each]
    assert values == [(5, "ada"), (4, "ada")]
    variables = (await read(wang.rest, "/v1/history/variables", processInstanceId=instance))["historicVariables"]
    assert {each["name"]: each["value"] for each in variables}["reason"] == "三月人手不足，请改期"

    # Found by two characters of what was written, by whoever took part; and by those who see everything.
    for who in (ada, wang, people["amir"]):
        for query in ("人手", "改期"):
            hits = (await call(who.rest, "/v1/history:search", {"query": query}))["searchHits"]
            assert {"reason"} <= {hit["title"] for hit in hits if hit["processInstanceId"] == instance}, (who.id, query)

    # Statistics: it counts, with how long it took and where.
    amir = people["amir"].rest
    (counts,) = (await read(amir, "/v1/statistics/processes", processDefinitionKey="vacation"))["processStatistics"]
    assert (counts["completed"], counts["running"]) == ("1", "0")
    assert float(counts["durations"]["p50"].removesuffix("s")) == pytest.approx(seconds, rel=0.02)
    elements = (await read(amir, "/v1/statistics/activities", processDefinitionKey="vacation"))["activities"]
    by_id = {each["elementId"]: each for each in elements}
    assert (by_id["decide"]["completed"], by_id["change"]["completed"]) == ("2", "1")
    slowest = (await read(amir, "/v1/statistics/bottlenecks", processDefinitionKey="vacation"))["activities"][0]
    assert (slowest["elementId"], slowest["timeShare"] > 0.99) == ("decide", True)
    assert await is_overdue() == []

    # Audit: who did what, from where, in a chain that holds.
    async def audited() -> list[dict[str, Any]] | None:
        found = await read(amir, "/v1/auditRecords", resourceId=instance, orderBy="sequence")
        records: list[dict[str, Any]] = found["auditRecords"]
        return records if len(records) >= 5 else None

    records = await eventually(audited, WAIT_SECONDS)
    assert [(each["userId"], each["method"].rpartition("/")[2]) for each in records] == [
        ("ada", "StartSubmittedInstance"),
        ("wang", "ClaimUserTask"),
        ("wang", "CompleteSubmittedTask"),
        ("ada", "CompleteSubmittedTask"),
        ("wang", "CompleteSubmittedTask"),
    ]
    assert {each["clientAddress"] for each in records} == {"127.0.0.1"}
    exit_code, said = await asyncio.to_thread(ran, people["amir"], mesh, "audit", "verify")
    assert exit_code == 0, said


async def test_the_request_of_flowable(mesh: Mesh, people: People, mails: MailCatcher) -> None:
    """The model as its authors wrote it: forms made of `formProperty`, no due time of its own."""
    ada, wang, eve = (people[name] for name in ("ada", "wang", "eve"))
    answer = await people["dora"].rest.post(
        "/v1/deployments:upload",
        params={"resourceName": FLOWABLES},
        content=real_model(FLOWABLES),
        headers={"content-type": "application/xml"},
    )
    assert answer.status_code == 200, answer.text
    definition = await definition_of(ada, "vacationRequest")
    shown = await read(ada.rest, f"/v1/processDefinitions/{definition}/form")
    fields = {each["key"]: each for each in shown["form"]["schema"]["components"]}
    assert (fields["numberOfDays"]["type"], fields["numberOfDays"]["defaultValue"]) == ("number", 1)
    assert (fields["startDate"]["type"], fields["vacationMotivation"]["type"]) == ("datetime", "textfield")
    wrong = {"numberOfDays": 1.5, "startDate": "tomorrow"}
    assert list(await start_form_faults(ada, definition, wrong, "en")) == ["numberOfDays", "startDate"]
    assert list(await start_form_faults(ada, definition, {}, "zh")) == ["startDate"]
    given = {"numberOfDays": 4, "startDate": "2031-03-03T09:00", "vacationMotivation": "I am tired"}
    started = await call(ada.rest, f"/v1/processDefinitions/{definition}/form:submit", {"data": given})
    instance: str = started["submission"]["processInstanceId"]

    handle = await only_task(wang.rest, instance)
    task = handle["id"]
    assert "ada would like to take 4 day(s) of vacation (Motivation: I am tired)." in handle["description"]
    mail = await received(mails, wang, 1)
    assert mail["Subject"] == "待认领任务：Handle vacation request"
    assert "流程：Vacation request" in text_of(mail)
    await nothing_to_see(eve, instance, task)

    # It has no due time until somebody gives it one; then it is overdue like any other.
    due = datetime.now(UTC) + timedelta(days=2)
    changed = await wang.rest.patch(f"/v1/userTasks/{task}", json={"details": {"dueTime": due.isoformat()}})
    assert changed.status_code == 200, changed.text
    await turn(mesh, due + timedelta(minutes=1))
    assert (await received(mails, wang, 2))["Subject"] == "任务已逾期：Handle vacation request"

    url = f"/v1/userTasks/{task}/form"
    for data, faulty in (({}, "vacationApproved"), ({"vacationApproved": "maybe"}, "vacationApproved")):
        assert list(violations(await wang.refused("POST", f"{url}:submit", json={"data": data}))) == [faulty]
    no = {"vacationApproved": "false", "managerMotivation": "期限很紧"}
    await call(wang.rest, f"{url}:submit", {"data": no})
    change = (await only_task(ada.rest, instance))["id"]
    assert (await received(mails, ada, 1))["Subject"] == "Task for you: Adjust vacation request"
    rendered = await read(ada.rest, f"/v1/userTasks/{change}/form")
    assert {name: rendered["data"][name] for name in given} == given
    assert "Reason: 期限很紧" in rendered["userTask"]["description"]
    fault = await ada.refused("POST", f"/v1/userTasks/{change}/form:submit", json={"data": {"numberOfDays": 3}})
    assert list(violations(fault)) == ["resendRequest"]
    again = {"numberOfDays": 3, "resendRequest": "true"}
    await call(ada.rest, f"/v1/userTasks/{change}/form:submit", {"data": again})

    second = (await only_task(wang.rest, instance))["id"]
    rendered = await read(wang.rest, f"/v1/userTasks/{second}/form")
    assert (rendered["data"]["numberOfDays"], rendered["data"]["startDate"]) == (3, given["startDate"])
    await received(mails, wang, 3)
    done = await call(wang.rest, f"/v1/userTasks/{second}/form:submit", {"data": {"vacationApproved": "true"}})
    assert done["processInstanceEnded"]
    assert (await received(mails, ada, 2))["Subject"] == "Completed: Vacation request"
    await sent_of(
        people,
        mails,
        mesh,
        instance,
        [
            ("wang", "task_offered"),
            ("wang", "task_overdue"),
            ("ada", "task_assigned"),
            ("wang", "task_offered"),
            ("ada", "process_completed"),
        ],
    )
    after = {"query": "期限", "afterCommitToken": done["commitToken"]}
    hits = (await call(ada.rest, "/v1/history:search", after))["searchHits"]
    assert "managerMotivation" in {hit["title"] for hit in hits if hit["processInstanceId"] == instance}
    elements = (await read(people["amir"].rest, "/v1/statistics/activities", processDefinitionKey="vacationRequest"))[
        "activities"
    ]
    assert {each["elementId"]: each["completed"] for each in elements}["handleRequest"] == "2"
