"""A mesh whose clock a test turns by commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.launcher.running import ROOT, Up, eventually, flowmesh
from tests.unit.bpmn_models import process

WAIT = process(
    '<startEvent id="s"/><intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>P30D</timeDuration>'
    '</timerEventDefinition></intermediateCatchEvent><endEvent id="e"/>'
    '<sequenceFlow id="f0" sourceRef="s" targetRef="c"/><sequenceFlow id="f1" sourceRef="c" targetRef="e"/>'
)


def test_a_month_passes_in_a_moment(start_up: Callable[..., Up], tmp_path: Path) -> None:
    up = start_up("--clock", "controlled").ready()

    def told(*arguments: str) -> str:
        done = flowmesh(*arguments, "--url", up.url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    file = tmp_path / "wait.bpmn"
    file.write_bytes(WAIT)
    told("deploy", str(file))
    instance = json.loads(told("start", "p", "--json"))
    assert json.loads(told("jobs", "--kind", "timer", "--json"))[0]["processInstanceId"] == instance["id"]
    told("clock", "advance", "P29D")
    assert "0 jobs are done" in told("clock", "drain")
    told("clock", "advance", "P1D")
    assert "1 jobs are done, 0 attempts failed" in told("clock", "drain")
    assert json.loads(told("instances", "--json"))[0]["status"] == "STATUS_COMPLETED"
    assert "stands still" in told("clock", "show")
    assert "2031-05-06T07:08:09+00:00" in told("clock", "set", "2031-05-06T07:08:09Z")
    assert "runs as the machine's" in told("clock", "reset")


def test_the_tour_of_the_readme(start_up: Callable[..., Up]) -> None:
    up = start_up("--clock", "controlled").ready()
    examples = ROOT / "launcher" / "examples"

    def told(*arguments: str) -> str:
        done = flowmesh(*arguments, "--url", up.url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    told("deploy", str(examples / "offer.bpmn"), str(examples / "order.bpmn"))
    items = 'items=[{"price": 40, "count": 3}]'
    started = told("start", "offer", "--business-key", "A-1", "--var", "customer=Ada", "--var", items, "--json")
    instance = json.loads(started)["id"]
    assert "waits for the message 'answer', and 2 more" in told("explain", instance)
    told("clock", "advance", "P7D")
    assert "1 jobs are done, 0 attempts failed" in told("clock", "drain")
    assert "1 jobs are completed" in told("work", "send-mail", "--count", "1")

    def correlate(**message: object) -> httpx.Response:
        return httpx.post(
            f"{up.url}/v1/messages:correlate", json={"name": "answer", **message}, auth=up.auth, timeout=30
        )

    assert "business key 'A-1'" in correlate(businessKey="A-7").json()["message"]
    assert correlate(businessKey="A-1", variables={"accepted": True}).status_code == 200
    assert "that it called to end" in told("explain", instance)
    (task,) = json.loads(told("tasks", "--candidate-group", "sales", "--json"))
    told("complete", task["id"], "--var", "approved=true")
    assert "which has ended" in told("work", "ship-parcel", "--set", "tracking=T-1", "--count", "1")

    def ended() -> str | None:
        done = flowmesh("history", instance, "--url", up.url)
        return done.stdout if "offer version 1, completed" in done.stdout else None

    assert '"T-1"' in eventually(ended, "history", 20)


def test_a_mesh_goes_by_the_machines_clock(mesh: Up) -> None:
    done = flowmesh("clock", "advance", "PT1H", "--url", mesh.url)
    assert done.returncode == 1
    assert "CLOCK_NOT_CONTROLLED" in done.stderr
