"""Files to deploy that want more of the reader than it should give."""

from __future__ import annotations

import base64
import gzip
import io
import json
import time
import zipfile

import httpx
import pytest

from tests.attacks.victim import Victim, refused
from tests.unit.bpmn_models import around, definitions, process

BOUND_SECONDS = 15.0
"""The gateway gives no call longer; what is refused is refused long before, unless a machine is very busy."""
LAUGHS = "".join(f'<!ENTITY l{n} "' + f"&l{n - 1};" * 10 + '">' for n in range(1, 10))
TASK = '<process id="p" isExecutable="true"><startEvent id="s"/></process>'


def xml(dtd: str, content: str = "&x;") -> bytes:
    return (
        f'<?xml version="1.0"?><!DOCTYPE definitions [{dtd}]>'
        f'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"><documentation>{content}'
        "</documentation></process></definitions>"
    ).encode()


XML = {
    "billion laughs": xml(f'<!ENTITY l0 "ha">{LAUGHS}', "&l9;"),
    "quadratic entity": xml(f'<!ENTITY x "{"a" * 100_000}">', "&x;" * 5000),
    "entity of itself": xml('<!ENTITY x "&y;"><!ENTITY y "&x;">'),
    "external file": xml('<!ENTITY x SYSTEM "file:///etc/passwd">'),
    "external address": xml('<!ENTITY x SYSTEM "http://127.0.0.1:1/x">'),
    "parameter entity": xml('<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;', ""),
    "external DTD": b'<!DOCTYPE definitions SYSTEM "file:///etc/passwd"><definitions/>',
    "public DTD": b'<!DOCTYPE definitions PUBLIC "x" "http://127.0.0.1:1/x.dtd"><definitions/>',
    "DTD in UTF-16": xml('<!ENTITY x "a">').decode().encode("utf-16"),
    "default attribute": xml('<!ATTLIST process isExecutable CDATA "true">', ""),
    "XInclude": definitions(
        '<process id="p"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
        "</process>"
    ),
    "stylesheet": b'<?xml-stylesheet href="file:///etc/passwd"?><definitions/>',
    "deep nesting": b"<a>" * 200_000 + b"</a>" * 200_000,
    "deep sub-processes": definitions(
        '<process id="p" isExecutable="true">'
        + "".join(f'<subProcess id="s{n}"><startEvent id="b{n}"/>' for n in range(5000))
        + "</subProcess>" * 5000
        + "</process>"
    ),
    "huge attribute": definitions(f'<process id="p" name="{"a" * 4_000_000}" isExecutable="true"/>'),
    "many attributes": definitions('<process id="p" ' + " ".join(f'a{n}=""' for n in range(100_000)) + "/>"),
    "many namespaces": ("<definitions " + " ".join(f'xmlns:n{n}="u{n}"' for n in range(50_000)) + "/>").encode(),
    "many elements": process("".join(f'<task id="t{n}"/>' for n in range(100_000))),
    "open tags": b"<" * 1_000_000,
    "open comment": b"<!--" + b"-" * 1_000_000,
    "characters by number": definitions(f"<process id='p' name='{'&#65;' * 500_000}'/>"),
    "NUL by number": definitions("<process id='p' name='&#0;'/>"),
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-definitions/+AD4-',
    "unknown encoding": b'<?xml version="1.0" encoding="x-secret"?><definitions/>',
    "wrong bytes": b'<?xml version="1.0" encoding="UTF-8"?><definitions name="\xff\xfe"/>',
    "gzip": gzip.compress(definitions(TASK), mtime=0),
    "empty": b" ",
}
ANCHORS = "\n".join(
    [f"a0: &a0 [{','.join(['x'] * 10)}]"] + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)
YAML = {
    "billion laughs": ANCHORS.encode(),
    "anchor of itself": b"a: &a [*a]",
    "merge keys": b"a: &a {b: 1}\nc: {<<: *a}",
    "python object": b"!!python/object/apply:os.system ['true']",
    "python name": b"key: !!python/name:os.system",
    "tag of one's own": b"!secret {a: 1}",
    "deep nesting": b"[" * 100_000,
    "deep mapping": "\n".join(" " * n + f"k{n}:" for n in range(2000)).encode(),
    "many documents": b"--- {}\n" * 100_000,
    "huge key": b"? " + b"k" * 2_000_000 + b"\n: 1",
    "number of base 60": b"key: " + b"1:" * 100_000 + b"1",
    "huge number": b"process: {id: 1" + b"0" * 1_000_000 + b"}",
    "binary": b"key: !!binary |\n  AAAA",
    "bytes": b"\x00\x01\xff",
}
JSON = {
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "huge number": b'{"process": 1' + b"0" * 1_000_000 + b"}",
    "huge exponent": b'{"process": 1e999999999}',
    "key twice": b'{"process": {}, "process": {}}',
    "many keys": json.dumps({f"k{n}": n for n in range(200_000)}).encode(),
    "not a number": b'{"process": NaN}',
    "prototype": b'{"__proto__": {"polluted": 1}, "process": {"id": "p"}}',
    "half a character": b'{"process": "\\ud800"}',
}


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../tmp/evil.bpmn", b"\0" * 50_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(pytest.param("m.bpmn", content, id=f"XML {name}") for name, content in XML.items()),
        *(pytest.param("m.yaml", content, id=f"YAML {name}") for name, content in YAML.items()),
        *(pytest.param("m.json", content, id=f"JSON {name}") for name, content in JSON.items()),
        pytest.param("m.bpmn", zipped(), id="ZIP bomb as BPMN"),
        pytest.param("m.zip", zipped(), id="ZIP bomb"),
        pytest.param("m.bar", zipped(), id="archive of Flowable"),
    ],
)
async def test_file(rest: httpx.AsyncClient, victim: Victim, name: str, content: bytes) -> None:
    body = {"resources": [{"name": name, "content": base64.b64encode(content).decode()}]}
    for path in ("/v1/deployments:validate", "/v1/deployments"):
        begun = time.monotonic()
        answer = await rest.post(path, json=body)
        assert time.monotonic() - begun < BOUND_SECONDS
        assert "root:" not in answer.text, "it has read a file of the machine"
        if path.endswith(":validate") and answer.status_code == 200:
            assert answer.json()["problems"], answer.text[:300]
        else:
            refused(answer, 400)


async def test_upload_says_the_same(rest: httpx.AsyncClient, victim: Victim) -> None:
    for name, content in XML.items():
        answer = await rest.post(
            "/v1/deployments:upload",
            params={"resourceName": "m.bpmn"},
            content=content,
            headers={"content-type": "application/xml"},
        )
        refused(answer, 400)
        assert "root:" not in answer.text, name


@pytest.mark.parametrize(
    "name",
    ["../../../../tmp/evil.bpmn", "..\\evil.bpmn", "/etc/passwd", "a\x00.bpmn", "a\r\nb.bpmn", "", "x" * 300 + ".bpmn"],
)
async def test_name_of_a_file(rest: httpx.AsyncClient, victim: Victim, name: str) -> None:
    content = around('<userTask id="n"/>')
    body = {"resources": [{"name": name, "content": base64.b64encode(content).decode()}]}
    refused(await rest.post("/v1/deployments", json=body))
    uploaded = await rest.post(
        "/v1/deployments:upload",
        params={"resourceName": name},
        content=content,
        headers={"content-type": "application/xml"},
    )
    refused(uploaded)


async def test_what_is_deployed_is_no_page(rest: httpx.AsyncClient, victim: Victim) -> None:
    """A file with a script in it is not shown as a page of the mesh."""
    page = b"<html><script>alert(1)</script></html>"
    model = around('<userTask id="n" name="&lt;script&gt;alert(1)&lt;/script&gt;"/>')
    body = {
        "resources": [
            {"name": "m.bpmn", "content": base64.b64encode(model).decode()},
            {"name": "page.html", "content": base64.b64encode(page).decode()},
            {"name": "page.svg", "content": base64.b64encode(b"<svg onload='alert(1)'/>").decode()},
        ]
    }
    answer = await rest.post("/v1/deployments", json=body)
    if answer.status_code != 200:
        refused(answer)
        body["resources"] = body["resources"][:1]
        answer = await rest.post("/v1/deployments", json=body)
        assert answer.status_code == 200, answer.text
    deployment = answer.json()["deployment"]
    paths = [f"/v1/deployments/{deployment['id']}/resources/{each['name']}" for each in body["resources"]]
    definition = deployment["processDefinitions"][0]["id"]
    for path in (*paths, f"/v1/processDefinitions/{definition}/diagram", f"/v1/processDefinitions/{definition}/xml"):
        shown = await rest.get(path)
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.headers["content-security-policy"].startswith("default-src 'none'")
        assert "html" not in shown.headers["content-type"]
        if "svg" in shown.headers["content-type"]:
            assert "<script" not in shown.text
            assert "onload" not in shown.text
