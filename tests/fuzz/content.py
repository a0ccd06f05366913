"""What a run has the mesh hold before each round, so that lists have rows and ids lead somewhere: the requests of the
round before have deleted, ended and disabled most of it."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx

from tests.fuzz.known import KnownValues
from tests.unit.bpmn_models import definitions, flow

KEY = "fuzzed"
_MODEL = definitions(
    f'<message id="m" name="paid"/><signal id="sig" name="alarm"/><process id="{KEY}" isExecutable="true">'
    '<startEvent id="s"/><parallelGateway id="f"/>'
    '<userTask id="ask" name="Ask" flowable:candidateUsers="ada" flowable:candidateGroups="clerks"/>'
    '<serviceTask id="work" flowable:type="external" flowable:topic="work"/>'
    '<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    '<intermediateCatchEvent id="later"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>'
    "</intermediateCatchEvent>"
    '<receiveTask id="hold"/><adHocSubProcess id="choose"><userTask id="one"/><userTask id="two"/></adHocSubProcess>'
    + "".join(flow(*pair) for pair in (("s", "f"), *(("f", node) for node in ("ask", "work", "wait", "later", "hold", "choose"))))
    + "</process>"
)  # fmt: skip
_INSTANCES = 12
_PASSWORD = "teapots-dislike-gravel-9"


def make(rest: httpx.Client, known: KnownValues, round_number: int) -> None:
    """Make it, and tell `known` of it. Raises `AssertionError` where the mesh refuses."""
    key = f"{KEY}{round_number}"
    model = _MODEL.replace(f'id="{KEY}"'.encode(), f'id="{key}"'.encode())
    resource = {"name": "fuzzed.bpmn", "content": base64.b64encode(model).decode()}
    known.learn({"password": _PASSWORD, "newPassword": _PASSWORD, "content": resource["content"]})
    deployment = _post(rest, "/v1/deployments", {"name": "of the run", "resources": [resource]})
    known.learn(deployment)
    for number in range(_INSTANCES):
        body = {"processDefinitionKey": key, "businessKey": f"b{number}", "variables": {"n": number, "s": "text"}}
        known.learn(_post(rest, "/v1/processInstances", body))
    north, ada = f"north{round_number}", f"ada{round_number}"
    known.learn(_post(rest, "/v1/tenants", {"id": north}))
    known.learn(_post(rest, "/v1/users", {"id": ada, "details": {"tenantIds": [north]}}))
    known.learn(_post(rest, "/v1/groups", {"id": f"clerks{round_number}", "tenantId": north}))
    known.learn(_post(rest, "/v1/serviceAccounts", {"id": f"robot{round_number}", "details": {"tenantIds": [north]}}))
    known.learn(_post(rest, "/v1/roleAssignments", {"roleId": "user", "subjectId": ada}))
    for path in (
        "/v1/processInstances",
        "/v1/userTasks",
        "/v1/jobs",
        "/v1/processDefinitions",
        "/v1/eventSubscriptions",
        "/v1/roles",
        "/v1/tenants",
        "/v1/system/topics",
        "/v1/system/consumerGroups",
        "/v1/permissions",
    ):
        answer = rest.get(path, params={} if path.endswith(("topics", "permissions")) else {"pageSize": 5})
        assert answer.status_code == 200, answer.text
        known.learn(answer.json())
    time.sleep(0.5)
    history = rest.get("/v1/history/processInstances", params={"pageSize": 5})
    known.learn(history.json())


def _post(rest: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = rest.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()
