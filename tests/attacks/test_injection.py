"""Filters, page tokens and ids that try to be more than text."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.attacks.victim import Victim, reason, refused
from tests.e2e.processes import call, deploy, eventually, read, start
from tests.infrastructure.mesh import ROOT
from tests.unit.bpmn_models import around

DOCUMENT = json.loads((ROOT / "gen" / "openapi.json").read_text("utf-8"))
PAYLOADS = [
    "' OR '1'='1",
    "' OR 1=1 --",
    '" OR ""="',
    "'; DROP TABLE process_instance; --",
    "x' UNION SELECT name, sql, 1, 2 FROM sqlite_master --",
    "1) OR (1=1",
    "/**/OR/**/1=1#",
    "\\' OR 1=1 --",
    "%' OR '%'='",
    "%",
    "_",
    "*",
    "?",
    ":p0",
    "%(name)s",
    "{0}",
    "${1+1}",
    "$where: 1",
    "ʼ OR 1=1 --",
    "\u202e\u0000\ufeff",
    "a\x00b",
    "\U0001f600" * 16,
    "İıſK",
    "\r\nset-cookie: a=b",
    "../../../../etc/passwd",
    "x" * 300,
    "x" * 5000,
]
LISTS = sorted(
    (path, parameter["name"])
    for path, verbs in DOCUMENT["paths"].items()
    if "get" in verbs and "{" not in path
    for parameter in verbs["get"].get("parameters", [])
    if parameter["schema"].get("type") == "string"
    and "enum" not in parameter["schema"]
    and parameter["name"] != "afterCommitToken"
    and verbs["get"]["operationId"] != "StreamJobs"
)
ONES = sorted(
    path for path, verbs in DOCUMENT["paths"].items() if "get" in verbs and "{" in path
)  # fmt: skip
QUERIES = sorted(path for path in DOCUMENT["paths"] if path.endswith(":query"))
WILD = {"%", "_"}
"""What means something in a pattern, and is not to be found as it stands."""


def resolved(schema: Any) -> Any:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def filter_fields(path: str) -> dict[str, Any]:
    """Return the fields of a query's filter that take text, each with what makes text its value."""
    body = resolved(DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"])
    fields: dict[str, Any] = {}
    for name, unresolved in resolved(body["properties"]["filter"])["properties"].items():
        schema = resolved(unresolved)
        many = schema.get("type") == "array"
        one = resolved(schema["items"]) if many else schema
        if one.get("type") == "string" and "enum" not in one and not name.startswith("excluded"):
            fields[name] = (lambda text: [text]) if many else (lambda text: text)
        elif many and {"name", "value"} <= set(one.get("properties", {})):
            fields[name] = lambda text: [{"name": text, "operator": "OPERATOR_EQUAL", "value": text}]
    return fields


def rows(answer: Any) -> Iterator[Any]:
    for value in answer.values():
        if isinstance(value, list):
            yield from value


async def test_there_is_something_to_find(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "task.bpmn", around('<userTask id="n"/>'))
    await start(rest, "p")
    assert len(LISTS) > 50
    assert len(ONES) > 30
    assert list(rows(await read(rest, "/v1/processInstances")))


@pytest.mark.parametrize(("path", "parameter"), LISTS, ids=[f"{path} {name}" for path, name in LISTS])
async def test_filter(rest: httpx.AsyncClient, path: str, parameter: str) -> None:
    for payload in PAYLOADS:
        required = {"type": "t", "worker": "w"} if path.endswith(":stream") else {}
        answer = await rest.get(path, params={**required, parameter: payload})
        if answer.status_code == 200:
            # Taken for more than text it would match everything; as text it is nobody's name, or its own.
            for row in rows(answer.json()):
                if parameter == "tenantId" and row.get("details", {}).get("allTenants"):
                    continue
                assert json.dumps(payload)[1:-1] in json.dumps(row), (payload, row)
        else:
            refused(answer, 400, 404)


async def told_history(rest: httpx.AsyncClient) -> None:
    """Wait until there is something of every kind but incidents and jobs that a query could find."""
    await deploy(rest, "task.bpmn", around('<userTask id="n"/>'))
    instance = await start(rest, "p", n="a text", m=7)

    async def told() -> bool:
        answers = [
            await rest.post(path, json={"filter": {"processInstanceIds": [instance]}})
            for path in ("/v1/history/tasks:query", "/v1/history/variables:query")
        ]
        return all(list(rows(answer.json())) for answer in answers)

    await eventually(told)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", QUERIES)
async def test_filter_of_a_query(rest: httpx.AsyncClient, path: str) -> None:
    await told_history(rest)
    fields = filter_fields(path)
    assert len(fields) > 8
    for name, value in fields.items():
        for payload in PAYLOADS:
            if payload in WILD and name.endswith("Like"):
                continue
            bodies: list[dict[str, Any]] = [{"filter": {name: value(payload)}}]
            if payload in PAYLOADS[:4]:
                bodies.append({"orGroups": [{name: value(payload)}]})
            for body in bodies:
                answer = await rest.post(path, json=body)
                if answer.status_code == 200:
                    for row in rows(answer.json()):
                        assert json.dumps(payload)[1:-1] in json.dumps(row), (body, row)
                else:
                    refused(answer)
    for payload in PAYLOADS:
        refused(await rest.post(path, json={"orderBy": payload}))
        refused(await rest.post(path, json={"pageToken": payload}))


async def test_words_of_a_search(rest: httpx.AsyncClient) -> None:
    await told_history(rest)
    for payload in PAYLOADS:
        answer = await rest.post("/v1/history:search", json={"query": payload})
        if answer.status_code != 200:
            refused(answer)
            continue
        for row in rows(answer.json()):
            words = [word for word in re.findall(r"[0-9a-z]+", payload.lower()) if word]
            assert all(word in json.dumps(row, ensure_ascii=False).lower() for word in words), (payload, row)


@pytest.mark.parametrize("path", ONES)
async def test_id(rest: httpx.AsyncClient, path: str) -> None:
    names = [part.split("}")[0] for part in path.split("{")[1:]]
    for payload in PAYLOADS:
        filled = path
        for name in names:
            filled = filled.replace("{" + name + "}", quote(payload, safe=""))
        answer = await rest.get(filled)
        if answer.status_code == 200:
            # Lists of what belongs to something that never was; nothing else may be found.
            assert not list(rows(answer.json())), (payload, answer.text[:300])
        else:
            refused(answer, 400, 404)


@pytest.mark.parametrize(
    "path", sorted({path for path, name in LISTS if name == "pageToken"}), ids=lambda path: str(path)
)
async def test_page_token(rest: httpx.AsyncClient, path: str) -> None:
    forged = [
        base64.urlsafe_b64encode(content).decode().rstrip("=")
        for content in (
            b"\x00" * 8,
            b"\x00" * 8 + b'["\' OR 1=1 --"]',
            b"\x00" * 8 + b"[" * 500,
            b"\x00" * 8 + b"[1e999]",
            b"\x00" * 8 + b"[null,null,null]",
            b"\x80\x04\x95cposix\nsystem\n",
        )
    ]
    for token in (*PAYLOADS, *forged):
        required = {"topic": "function-unit-events"} if path.endswith("/deadLetters") else {}
        answer = await rest.get(path, params={**required, "pageToken": token})
        refused(answer)
        assert reason(answer) in ("PAGE_TOKEN_INVALID", "FIELD_INVALID"), answer.text


async def test_a_token_is_not_a_way_around_a_filter(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "task.bpmn", around('<userTask id="n"/>'))
    for number in range(3):
        body = {"processDefinitionKey": "p", "businessKey": f"{number}"}
        await call(rest, "/v1/processInstances", body)
    page = await read(rest, "/v1/processInstances", pageSize=1)
    token = page["nextPageToken"]
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for position in range(len(raw)):
        changed = bytes(raw[:position]) + bytes([raw[position] ^ 1]) + bytes(raw[position + 1 :])
        text = base64.urlsafe_b64encode(changed).decode().rstrip("=")
        answer = await rest.get("/v1/processInstances", params={"pageSize": 1, "pageToken": text})
        assert reason(answer) == "PAGE_TOKEN_INVALID"


TEXTS = [*PAYLOADS[:-2], "x" * 250]


async def test_text_stays_text(rest: httpx.AsyncClient, victim: Victim) -> None:
    """What is stored comes back as it was, is found by itself, and by nothing else."""
    await deploy(rest, "task.bpmn", around('<userTask id="n"/>'))
    for text in TEXTS:
        answer = await rest.post(
            "/v1/processInstances",
            json={
                "processDefinitionKey": "p",
                "businessKey": text,
                "variables": {"text": text},
                "requestId": text[:64],
            },
        )
        if answer.status_code == 400:
            refused(answer)
            continue
        instance = answer.json()["processInstance"]
        assert instance["businessKey"] == text
        found = await read(rest, "/v1/processInstances", businessKey=text)
        assert {each["businessKey"] for each in rows(found)} == {text}
        variables = await read(rest, f"/v1/processInstances/{instance['id']}/variables")
        assert variables["variables"]["text"] == text
        comment = await call(rest, f"/v1/processInstances/{instance['id']}/comments", {"text": text or "x"})
        assert comment["comment"]["text"] == text
