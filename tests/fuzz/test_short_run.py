"""A small part of `make fuzz`, of every operation a little."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("schemathesis")

from tests.fuzz import answers
from tests.fuzz.__main__ import SETTINGS
from tests.fuzz.kept_out import SHORT, spared
from tests.fuzz.run import Run, log_lines
from tests.infrastructure.mesh import running_mesh

REQUESTS = 700


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_answer_is_documented(tmp_path: Path) -> None:
    with running_mesh(tmp_path, settings=SETTINGS) as mesh:
        report = Run(mesh, seed=1).go(REQUESTS)
    assert not report.defects, "\n".join(report.lines())
    assert not log_lines(tmp_path)
    assert report.requests >= REQUESTS
    # Most of what is made up is refused; that some of it is not shows that more than the refusals was looked at.
    assert report.statuses[200] > REQUESTS / 20


@pytest.mark.parametrize(
    ("status", "content_type", "content", "fault"),
    [
        (500, "application/json", b'{"code":13,"message":"x","details":[]}', "the server failed with 500"),
        (400, "text/html", b"<html>", "the content type of an error is text/html"),
        (400, "application/json", b"no", "an error is no JSON"),
        (400, "application/json", b'{"error": "x"}', "an error is no google.rpc.Status"),
        (404, "application/json", b'{"code":3,"message":"x","details":[]}', "404 does not tell the code 3"),
        (400, "application/json", b'{"code":3,"message":"x","details":[]}', "an error has no ErrorInfo"),
        (
            400,
            "application/json",
            b'{"code":3,"message":"x","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"BAD",'
            b'"domain":"flowmesh.engine","metadata":{}}]}',
            "the reason BAD is not in the contract",
        ),
    ],
)
def test_a_wrong_answer_is_found(status: int, content_type: str, content: bytes, fault: str) -> None:
    headers = dict.fromkeys(("x-correlation-id", "x-content-type-options", "cache-control"), "x")
    assert fault in list(answers.faults(status, {**headers, "content-type": content_type}, content))
    assert "the answer has no header x-correlation-id" in list(answers.faults(200, {"cache-control": "x"}, b""))


def test_what_ends_a_run_is_left_out_and_nothing_else() -> None:
    body = {"requestTimeout": "60s", "revokeNow": True, "list": [{"requestTimeout": "soon", "revokeNow": "yes"}]}
    assert spared(body) == {
        "requestTimeout": SHORT,
        "revokeNow": False,
        "list": [{"requestTimeout": "soon", "revokeNow": "yes"}],
    }
