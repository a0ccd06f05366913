"""Expressions and scripts of a model that want out of it, or never to end.

A model is deployed and started. It is refused, or its start is, in bounded time; nothing of the machine comes back.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import time
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import httpx
import pytest

from tests.attacks.victim import Victim, reason, refused
from tests.e2e.processes import deploy, read
from tests.unit.bpmn_models import around, definitions, flow

SECONDS = 15.0
"""The gateway's own limit for a call; the limits of scripts are three seconds in all."""
_numbers = itertools.count()

LEAKS = [
    "${''.class}",
    "${''.getClass()}",
    "${''.getClass().forName('java.lang.Runtime').getRuntime().exec('id')}",
    "${''.__class__.__mro__}",
    "${s.__class__}",
    "${s['__class__']}",
    "${s.__class__.__init__.__globals__}",
    "${execution.__class__}",
    "${execution.__dict__}",
    "${execution['__dict__']}",
    "${execution._instance}",
    "${execution.getClass().getClassLoader()}",
    "${execution.getVariable.__globals__}",
    "${execution.engineServices}",
    "${execution.getEngineServices().getRepositoryService()}",
    "${vars.__class__}",
    "${vars:__class__(s)}",
    "${__import__('os').system('id')}",
    "${open('/etc/passwd')}",
    "${eval('1')}",
    "${getattr(s, 'x')}",
    "${System.getenv()}",
    "${java.lang.System.exit(0)}",
    "${T(java.lang.Runtime).getRuntime()}",
    "${applicationContext}",
    "${dateTime().__class__}",
    "${now.__globals__}",
    "${s.format(s)}",
    "${s.encode()}",
    "${list.append(1)}",
    "${list.sort()}",
    "${obj.__setitem__}",
    "${obj.update(obj)}",
    "#{facesContext}",
]
BOMBS = [
    "${9**9**9}",
    "${" + "9" * 9_000 + "*" + "9" * 900 + "}",
    "${" + "*".join(["999999999999"] * 400) + "}",
    "${1e308 * 1e308}",
    "${" + "(" * 4_000 + "1" + ")" * 4_000 + "}",
    "${" + "!" * 9_000 + "true}",
    "${" + "-" * 9_000 + "1}",
    "${" + "a." * 4_900 + "b}",
    "${" + " ? 1 : ".join(["true"] * 1_000) + " : 1}",
    "${'" + "x" * 20_000 + "'}",
    "${" + "1+" * 50_000 + "1}",
    "${s.repeat(1000000000)}",
    "${" + "s.concat(" * 60 + "s" + ")" * 60 + "}",
    "${s.matches('(a+)+$')}",
    "${s.replaceAll('(a+)+$', '')}",
    "${dateTime().plusYears(999999999)}",
    "${dateTime().plusMillis(9223372036854775807)}",
    "${1 / 0}",
    "${1 % 0}",
]


async def started(rest: httpx.AsyncClient, model: bytes, variables: dict[str, Any] | None = None) -> httpx.Response:
    """Deploy a model and start it; return the answer that refused it, or that of the start."""
    name = f"m{next(_numbers)}.bpmn"
    content = base64.b64encode(model.replace(b'id="p"', f'id="{name[:-5]}"'.encode())).decode()
    body = {"resources": [{"name": name, "content": content}]}
    begun = time.monotonic()
    answer = await rest.post("/v1/deployments", json=body)
    if answer.status_code == 200:
        values = {"s": "a" * 30 + "!", "list": [1, 2], "obj": {"a": 1}, **(variables or {})}
        answer = await rest.post("/v1/processInstances", json={"processDefinitionKey": name[:-5], "variables": values})
    assert time.monotonic() - begun < SECONDS
    return answer


def refused_or_harmless(answer: httpx.Response) -> None:
    """What is refused is refused clearly; what is not has told nothing of what runs it."""
    if answer.status_code != 200:
        refused(answer)
        assert reason(answer) in (
            "BPMN_INVALID",
            "EXPRESSION_FAILED",
            "SCRIPT_FAILED",
            "VARIABLE_TOO_LARGE",
            "STEP_LIMIT_EXCEEDED",
            "START_EVENT_MISSING",
        ), answer.text
    for told in ("<class", "<built-in", "<bound", "<function", "root:", "uid="):
        assert told not in answer.text


@pytest.mark.parametrize("expression", LEAKS)
async def test_expression_that_wants_out(rest: httpx.AsyncClient, victim: Victim, expression: str) -> None:
    model = around(f"<serviceTask id='n' flowable:resultVariable='got' flowable:expression={quoteattr(expression)}/>")
    answer = await started(rest, model)
    if answer.status_code == 200:
        # A call on a name that is no variable is work for a worker of that name; nothing has been evaluated.
        instance = answer.json()["processInstance"]["id"]
        variables = (await read(rest, f"/v1/processInstances/{instance}/variables"))["variables"]
        assert set(variables) == {"s", "list", "obj"}
        jobs = (await read(rest, "/v1/jobs", processInstanceId=instance))["jobs"]
        assert [job["kind"] for job in jobs] == ["KIND_EXTERNAL"]
        return
    refused(answer)
    assert reason(answer) in ("BPMN_INVALID", "EXPRESSION_FAILED"), answer.text
    assert "<class" not in answer.text


@pytest.mark.parametrize("expression", BOMBS, ids=[bomb[:40] for bomb in BOMBS])
@pytest.mark.parametrize("place", ["task", "condition", "timer", "name"])
async def test_expression_that_grows(rest: httpx.AsyncClient, victim: Victim, expression: str, place: str) -> None:
    text, quoted = escape(expression), quoteattr(expression)
    if place == "task":
        model = around(f"<serviceTask id='n' flowable:resultVariable='got' flowable:expression={quoted}/>")
    elif place == "condition":
        model = definitions(
            '<process id="p" isExecutable="true"><startEvent id="s"/><endEvent id="e"/><endEvent id="f"/>'
            '<exclusiveGateway id="g" default="g_f"/>'
            + flow("s", "g")
            + f'<sequenceFlow id="g_e" sourceRef="g" targetRef="e"><conditionExpression>{text}</conditionExpression>'
            "</sequenceFlow>" + flow("g", "f") + "</process>"
        )
    elif place == "timer":
        model = around(
            '<intermediateCatchEvent id="n"><timerEventDefinition><timeDuration>'
            f"{text}</timeDuration></timerEventDefinition></intermediateCatchEvent>"
        )
    else:
        model = around(f"<userTask id='n' name={quoted}/>")
    refused_or_harmless(await started(rest, model))


async def test_text_that_doubles_and_doubles(rest: httpx.AsyncClient, victim: Victim) -> None:
    names = [f"n{number}" for number in range(60)]
    doubling = "".join(
        f"<serviceTask id='{name}' flowable:resultVariable='s' flowable:expression='${{s.concat(s)}}'/>"
        for name in names
    )
    flows = "".join(flow(*pair) for pair in itertools.pairwise(["b", *names, "e"]))
    model = definitions(
        f'<process id="p" isExecutable="true"><startEvent id="b"/>{doubling}<endEvent id="e"/>{flows}</process>'
    )
    answer = await started(rest, model)
    refused(answer)
    assert reason(answer) in ("EXPRESSION_FAILED", "VARIABLE_TOO_LARGE")


async def test_model_that_never_waits(rest: httpx.AsyncClient, victim: Victim) -> None:
    """It is cut into jobs, and others get their turn; it is stopped as a loop, or can be ended."""
    model = definitions(
        '<process id="p" isExecutable="true"><startEvent id="s"/><exclusiveGateway id="a"/><exclusiveGateway id="b"/>'
        + flow("s", "a")
        + flow("a", "b")
        + flow("b", "a")
        + "</process>"
    )
    answer = await started(rest, model)
    if answer.status_code != 200:
        refused(answer)
        return
    instance = answer.json()["processInstance"]["id"]
    await asyncio.sleep(1)
    ended = await rest.post(f"/v1/processInstances/{instance}:cancel", json={})
    assert ended.status_code == 200 or reason(ended) in ("PROCESS_INSTANCE_NOT_FOUND", "REVISION_CONFLICT"), ended.text
    if ended.status_code != 200:
        deleted = await rest.delete(f"/v1/processInstances/{instance}")
        assert deleted.status_code in (200, 404), deleted.text


async def test_model_that_calls_itself(rest: httpx.AsyncClient, victim: Victim) -> None:
    name = f"self{next(_numbers)}"
    model = around(f'<callActivity id="n" calledElement="{name}"/>').replace(b'id="p"', f'id="{name}"'.encode())
    await deploy(rest, f"{name}.bpmn", model)
    begun = time.monotonic()
    answer = await rest.post("/v1/processInstances", json={"processDefinitionKey": name})
    assert time.monotonic() - begun < SECONDS
    if answer.status_code != 200:
        refused(answer, 400, 409)
        return
    await asyncio.sleep(1)
    listed = await read(rest, "/v1/processInstances", processDefinitionKey=name, pageSize=1000)
    for instance in listed["processInstances"]:
        await rest.delete(f"/v1/processInstances/{instance['id']}")


async def test_many_children_at_once(rest: httpx.AsyncClient, victim: Victim) -> None:
    model = around(
        '<userTask id="n"><multiInstanceLoopCharacteristics isSequential="false"><loopCardinality>${1000000000}'
        "</loopCardinality></multiInstanceLoopCharacteristics></userTask>"
    )
    refused(await started(rest, model))


SCRIPTS = {
    "endless loop": "while (true) {}",
    "endless loop in a catch": "while (true) { try { while (true) {} } catch (e) {} }",
    "endless loop in finally": "try { while (true) {} } finally { while (true) {} }",
    "endless generator": "for (const x of (function*() { while (true) yield 1 })()) {}",
    "endless promise": "(async () => { while (true) await null })(); 1",
    "endless getter": "var o = {get a() { return this.a }}; o.a",
    "endless proxy": "var p = new Proxy({}, {get: () => { while (true) {} }}); p.x",
    "endless toJSON": "({toJSON() { while (true) {} }})",
    "stack": "function f() { f() } f()",
    "stack that is caught": "function f() { try { f() } catch (e) { f() } } f()",
    "stack of JSON": "var a = []; for (var i = 0; i < 100000; i++) a = [a]; JSON.stringify(a)",
    "stack of a result": "var a = []; for (var i = 0; i < 100000; i++) a = [a]; a",
    "memory of texts": "var s = 'x'; while (true) s += s",
    "memory of lists": "var a = []; while (true) a.push(new Array(1000).fill(1))",
    "memory of bytes": "new ArrayBuffer(4 * 1024 * 1024 * 1024)",
    "memory of bytes in many": "var a = []; while (true) a.push(new Uint8Array(1 << 20))",
    "memory of a list": "new Array(4294967295).fill(0)",
    "memory of repetition": "'x'.repeat(1 << 29)",
    "memory of padding": "'x'.padEnd(1 << 29, 'y')",
    "memory of a number": "2n ** (2n ** 32n)",
    "expression that never ends": "/^(a+)+$/.test('a'.repeat(40) + '!')",
    "sorting that never ends": "[3,2,1].sort(() => { while (true) {} })",
    "output": "'x'.repeat(20 * 1024 * 1024)",
    "output of a log": "for (;;) print('x'.repeat(1000))",
    "variable": "execution.setVariable('v', 'x'.repeat(20 * 1024 * 1024))",
    "many variables": "for (var i = 0; i < 1e7; i++) execution.setVariable('v' + i, i)",
    "object of itself": "var o = {}; o.o = o; o",
    "throws itself": "throw {get message() { while (true) {} }}",
    "error with a long text": "throw new Error('x'.repeat(10 * 1024 * 1024))",
}
ESCAPES = {
    "process": "process.exit(0)",
    "require": "require('child_process').execSync('id')",
    "import": "import('os')",
    "std": "std.loadFile('/etc/passwd')",
    "os": "os.exec(['id'])",
    "scriptArgs": "scriptArgs",
    "python": "__import__('os')",
    "java": "java.lang.Runtime.getRuntime().exec('id')",
    "Packages": "Packages.java.lang.System.exit(0)",
    "Java.type": "Java.type('java.lang.System').exit(0)",
    "load": "load('file:///etc/passwd')",
    "fetch": "fetch('http://127.0.0.1:1')",
    "setTimeout": "setTimeout(() => 0, 1)",
    "execution of Python": "execution.__class__.__init__.__globals__",
    "Function of a host": "execution.getVariable.constructor('return process')()",
    "Function of a global": "Function('return process')()",
    "eval": "(0, eval)('process')",
    "WebAssembly": "new WebAssembly.Module(new Uint8Array(8))",
    "Worker": "new Worker('x')",
    "SharedArrayBuffer": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e9)",
}


def script(text: str, result: str = "got") -> bytes:
    return around(
        f'<scriptTask id="n" scriptFormat="javascript" flowable:resultVariable="{result}"><script>{escape(text)}</script>'
        "</scriptTask>"
    )


@pytest.mark.parametrize("name", SCRIPTS)
async def test_script_that_never_ends_or_grows(rest: httpx.AsyncClient, victim: Victim, name: str) -> None:
    answer = await started(rest, script(SCRIPTS[name]))
    if answer.status_code in (409, 503):
        # The process of scripts was ended; the call may be made again, and the mesh is as it was.
        refused(answer, 409, 503)
    else:
        refused_or_harmless(answer)
    assert len(answer.content) < 100_000
    after = await started(rest, script("1 + 1"))
    assert after.status_code == 200, after.text


@pytest.mark.parametrize("name", ESCAPES)
async def test_script_that_wants_out(rest: httpx.AsyncClient, victim: Victim, name: str) -> None:
    answer = await started(rest, script(ESCAPES[name]))
    refused(answer)
    assert reason(answer) in ("SCRIPT_FAILED", "EXPRESSION_FAILED", "BPMN_INVALID"), answer.text


async def test_nothing_is_left_for_the_next_script(rest: httpx.AsyncClient, victim: Victim) -> None:
    poison = (
        "Object.prototype.polluted = 'yes'; Array.prototype.map = () => 'yes'; JSON.stringify = () => '\"yes\"';"
        "Object.defineProperty(Object.prototype, 'toJSON', {value: () => 'yes'});"
        "globalThis.polluted = 'yes'; String.prototype.toString = () => 'yes'; 1"
    )
    for _ in range(3):
        refused_or_harmless(await started(rest, script(poison)))
    probe = "[({}).polluted || '', typeof polluted, JSON.stringify({a: 1}), [1].map(x => x)[0]]"
    answer = await started(rest, around_waiting(probe))
    assert answer.status_code == 200, answer.text
    instance = answer.json()["processInstance"]["id"]
    variables = await read(rest, f"/v1/processInstances/{instance}/variables")
    assert variables["variables"]["got"] == ["", "undefined", '{"a":1}', 1]


async def test_variables_do_not_become_prototypes(rest: httpx.AsyncClient, victim: Victim) -> None:
    body = {"__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}, "toString": "x"}
    answer = await started(
        rest, around_waiting("[({}).polluted || '', Object.keys(obj).sort().join()]"), variables={"obj": body}
    )
    assert answer.status_code == 200, answer.text
    instance = answer.json()["processInstance"]["id"]
    variables = await read(rest, f"/v1/processInstances/{instance}/variables")
    assert variables["variables"]["got"][0] == ""


def around_waiting(text: str) -> bytes:
    return definitions(
        '<process id="p" isExecutable="true"><startEvent id="s"/>'
        f'<scriptTask id="n" scriptFormat="javascript" flowable:resultVariable="got"><script>{escape(text)}</script>'
        '</scriptTask><userTask id="u"/>' + flow("s", "n") + flow("n", "u") + "</process>"
    )


TIMES = [
    ("timeCycle", "R/PT0S"),
    ("timeCycle", "R1000000000/PT0.000001S"),
    ("timeCycle", "R-1/PT1S"),
    ("timeCycle", "R99999999999999999999/PT1S"),
    ("timeCycle", "R/P9999999999Y"),
    ("timeCycle", "R/9999-12-31T23:59:59Z/PT1S"),
    ("timeCycle", "R/-PT1S"),
    ("timeCycle", "* * * * * *"),
    ("timeCycle", "0 0 0 31 2 ?"),
    ("timeCycle", "0 0 0 29 2 ? 2199"),
    ("timeCycle", ",".join(["0"] * 20_000) + " * * * * *"),
    ("timeCycle", "0/0 * * * * ?"),
    ("timeCycle", "0-99999999999 * * * * ?"),
    ("timeDuration", "PT0S"),
    ("timeDuration", "P" + "9" * 5_000 + "Y"),
    ("timeDuration", "PT" + "9" * 300 + "S"),
    ("timeDuration", "-P1Y"),
    ("timeDuration", "P1Y" * 5_000),
    ("timeDuration", "PT1e99999S"),
    ("timeDate", "9999-12-31T23:59:59.999999Z"),
    ("timeDate", "10000-01-01T00:00:00Z"),
    ("timeDate", "0000-00-00T00:00:00Z"),
    ("timeDate", "-99999-01-01T00:00:00Z"),
    ("timeDate", "2020-02-30T25:61:61+99:99"),
    ("timeDate", "9" * 5_000),
]


@pytest.mark.parametrize("start", [True, False], ids=["start", "boundary"])
@pytest.mark.parametrize(("kind", "text"), TIMES, ids=[f"{kind} {text[:40]}" for kind, text in TIMES])
async def test_timer(rest: httpx.AsyncClient, victim: Victim, kind: str, text: str, start: bool) -> None:
    timer = f"<timerEventDefinition><{kind}>{escape(text)}</{kind}></timerEventDefinition>"
    if start:
        model = definitions(
            f'<process id="p" isExecutable="true"><startEvent id="s">{timer}</startEvent><endEvent id="e"/>'
            + flow("s", "e")
            + "</process>"
        )
    else:
        model = definitions(
            '<process id="p" isExecutable="true"><startEvent id="s"/><userTask id="u"/><endEvent id="e"/>'
            f'<boundaryEvent id="b" attachedToRef="u" cancelActivity="false">{timer}</boundaryEvent>'
            + flow("s", "u")
            + flow("u", "e")
            + flow("b", "e")
            + "</process>"
        )
    answer = await started(rest, model)
    refused_or_harmless(answer)
    await asyncio.sleep(0.3)
    deployments = await read(rest, "/v1/deployments", pageSize=1)
    if answer.status_code == 200:
        gone = await rest.delete(f"/v1/deployments/{deployments['deployments'][0]['id']}", params={"cascade": True})
        assert gone.status_code in (200, 400, 404, 409), gone.text
