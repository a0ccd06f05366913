"""The commands of `flowmesh` against a running mesh."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from launcher.client.failure import CommandFailed
from launcher.client.variables import parse_variables
from tests.integration.engine.test_sagas import ordered
from tests.launcher.running import LIMIT_SECONDS, ROOT, Up, command, environment, eventually, flowmesh

ORDER = ROOT / "launcher" / "examples" / "order.bpmn"


class Commands:
    def __init__(self, url: str) -> None:
        self.url = url

    def text(self, *arguments: str) -> str:
        done = flowmesh(*arguments, "--url", self.url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.text(*arguments, "--json"))

    def failure(self, *arguments: str) -> tuple[int, str]:
        done = flowmesh(*arguments, "--url", self.url)
        return done.returncode, done.stderr


@pytest.fixture(scope="module")
def commands(mesh: Up) -> Commands:
    made = Commands(mesh.url)
    made.text("deploy", str(ORDER))
    return made


def history_of(commands: Commands, instance: str, status: str) -> Any:
    def found() -> Any:
        done = flowmesh("history", instance, "--json", "--url", commands.url)
        content = json.loads(done.stdout) if done.returncode == 0 else {}
        return content if content.get("status") == f"STATUS_{status}" else None

    return eventually(found, "history", 20)


def test_an_order_from_start_to_end(commands: Commands) -> None:
    started = commands.json(
        "start",
        "order",
        "--business-key",
        "A-1",
        "--var",
        "customer=Ada",
        "--var",
        "amount=120",
        "--var",
        'x={"a":[1]}',
    )
    instance = started["id"]
    (task,) = commands.json("tasks", "--instance", instance)
    assert task["name"] == "Approve the order"
    assert task["candidateGroups"] == ["sales"]
    assert "Approve the order" in commands.text("tasks", "--candidate-group", "sales", "--instance", instance)
    assert "belongs to lena" in commands.text("claim", task["id"], "lena")
    assert [one["id"] for one in commands.json("tasks", "--assignee", "lena")] == [task["id"]]
    assert [one["id"] for one in commands.json("tasks", "--mine", "lena")] == [task["id"]]
    assert "delegated to kim and stays with lena" in commands.text("task", "delegate", task["id"], "kim")
    code, complaint = commands.failure("complete", task["id"])
    assert (code, "resolved first" in complaint) == (1, True)
    assert "is resolved and belongs to lena" in commands.text("task", "resolve", task["id"])
    assert "belongs to lena" in commands.text("task", "assign", task["id"], "lena")
    commands.text("task", "comment", task["id"], "looks right", "--user", "lena")
    assert "looks right" in commands.text("task", "comments", task["id"])
    assert commands.json("task", "variables", task["id"], "--local", "--var", "seen=true") == {"seen": True}
    assert "amount" in commands.text("task", "variables", task["id"])
    assert "goes on" in commands.text("complete", task["id"], "--var", "approved=true")

    shown = commands.json("instance", instance)
    assert shown["variables"]["amount"] == 120
    assert shown["variables"]["x"] == {"a": [1]}
    (job,) = commands.json("jobs", "--instance", instance)
    assert job["type"] == "ship-parcel"
    assert "ship-parcel" in commands.text("instance", instance)
    assert "has ended" in commands.text("work", "ship-parcel", "--set", "parcel=P-7", "--count", "1")

    assert "completed" in commands.text("instance", instance)
    history = history_of(commands, instance, "COMPLETED")
    values = {variable["name"]: variable["value"] for variable in history["variables"]}
    assert values == {
        "customer": "Ada",
        "amount": 120,
        "x": {"a": [1]},
        "approved": True,
        "invoiceTotal": 124.5,
        "parcel": "P-7",
        # The task's own.
        "seen": True,
    }
    assert {"approve", "ship", "invoice", "delivered"} <= {run["elementId"] for run in history["activities"]}
    assert "Ship the parcel" in commands.text("history", instance)
    assert "sequenceFlow" in commands.text("history", instance, "--flows")
    assert instance in commands.text("history", "--finished")
    assert instance not in commands.text("history", "--running")
    assert instance in commands.text("history", "--business-key", "A-1")


def test_a_small_order_is_declined_by_nobody(commands: Commands) -> None:
    instance = commands.json("start", "order", "--var", "amount=5")["id"]
    assert commands.json("tasks", "--instance", instance) == []
    assert len(commands.json("jobs", "--instance", instance, "--state", "ready")) == 1
    assert "terminated" in commands.text("cancel", instance, "--reason", "not wanted")
    assert history_of(commands, instance, "TERMINATED")["endReason"] == "not wanted"
    assert instance in commands.text("instances", "--status", "terminated", "--key", "order")
    assert "There are no tasks" in commands.text("tasks", "--instance", instance)
    assert "no open incidents" in commands.text("incidents")


def test_the_same_request_id_starts_one_instance(commands: Commands) -> None:
    start = ("start", "order", "--var", "amount=1", "--request-id", "only-once")
    assert commands.json(*start)["id"] == commands.json(*start)["id"]


def test_lists_page_by_themselves(commands: Commands) -> None:
    for number in range(3):
        commands.json("start", "order", "--business-key", "paged", "--var", f"amount={number}")
    assert len(commands.json("instances", "--business-key", "paged", "--limit", "2")) == 2
    assert len(commands.json("instances", "--business-key", "paged")) == 3


def test_deploying_again_changes_nothing(commands: Commands) -> None:
    assert "unchanged" in commands.text("deploy", str(ORDER))
    (answer,) = commands.json("deploy", str(ORDER), "--force")
    assert answer["deployment"]["processDefinitions"][0]["version"] > 1


def test_a_yaml_definition(commands: Commands, tmp_path: Path) -> None:
    order = tmp_path / "letter.yaml"
    order.write_text("id: letter\ntasks:\n  - {id: write, type: USER_TASK, assignee: ada}\ntransitions: []\n")
    assert "letter version 1 is deployed." in commands.text("deploy", str(order))
    instance = commands.json("start", "letter")["id"]
    (task,) = commands.json("tasks", "--instance", instance)
    commands.text("complete", task["id"])
    order.write_text(order.read_text().replace("USER_TASK", "LUNCH"))
    code, text = commands.failure("deploy", str(order))
    assert code == 1
    assert "line 3, column 23, DOCUMENT_TYPE_UNKNOWN: tasks[0].type: 'LUNCH' is no type." in text


def test_the_schema_needs_no_mesh() -> None:
    done = flowmesh("schema")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["title"] == "Flowmesh process definition"


def test_what_cannot_be_deployed_is_told_line_by_line(commands: Commands, tmp_path: Path) -> None:
    broken = tmp_path / "broken.bpmn"
    broken.write_text(ORDER.read_text().replace('targetRef="size"', 'targetRef="nowhere"'))
    code, text = commands.failure("deploy", str(broken))
    assert code == 1
    assert "BPMN_INVALID" in text
    assert any(line.startswith("  ") and "line" in line for line in text.splitlines()[1:])
    code, text = commands.failure("deploy", str(broken), str(ORDER), str(tmp_path / "missing.bpmn"))
    assert code == 1
    assert "2 of 3 files failed" in text
    assert "cannot be read: No such file" in text


def test_the_life_of_a_definition(commands: Commands, tmp_path: Path) -> None:
    model = tmp_path / "life.bpmn"
    model.write_text(ORDER.read_text().replace('id="order"', 'id="life"').replace('="order"', '="life"'))
    (deployed,) = commands.json("deploy", str(model))
    deployment = deployed["deployment"]["id"]
    instance = commands.json("start", "life", "--var", "amount=120")["id"]
    other = commands.json("start", "life", "--var", "amount=120")["id"]
    assert "is suspended, 2 instances paused" in commands.text("definitions", "suspend", "life", "--instances")
    (definition,) = commands.json("definitions", "list", "--key", "life", "--suspended")
    assert (definition["suspended"], definition["latest"]) == (True, True)
    assert "suspended, newest" in commands.text("definitions", "list", "--key", "life")
    code, text = commands.failure("start", "life")
    assert code == 1
    assert "PROCESS_DEFINITION_SUSPENDED" in text
    assert "2 instances resumed" in commands.text("definitions", "resume", "life:1", "--instances")
    picture = tmp_path / "life.svg"
    assert str(picture) in commands.text(
        "definitions", "diagram", definition["id"], "--out", str(picture), "--highlight", "approve"
    )
    assert b'class="userTask highlight"' in picture.read_bytes()
    assert commands.text("definitions", "diagram", "life").startswith("<?xml")
    assert commands.text("definitions", "xml", "life") == model.read_text()
    assert "is removed" in commands.text("delete", other, "--reason", "twice")
    assert history_of(commands, other, "TERMINATED")["endReason"] == "twice"
    code, text = commands.failure("deployments", "delete", deployment)
    assert code == 1
    assert "DEPLOYMENT_IN_USE" in text
    assert deployment in commands.text("deployments", "list", "--name", "life.bpmn")
    told = commands.text("deployments", "delete", deployment, "--cascade", "--reason", "over")
    assert "is deleted, 1 running instance terminated" in told
    assert history_of(commands, instance, "TERMINATED")["endReason"] == "over"
    assert "no deployments" in commands.text("deployments", "list", "--name", "life.bpmn")
    assert commands.failure("definitions", "diagram", "life:1") == (
        1,
        "There is no process definition life:1; flowmesh definitions list shows them.\n",
    )


def test_instances_are_modified_and_migrated(commands: Commands) -> None:
    started = commands.json("start", "order", "--var", "amount=500")
    instance, definition = started["id"], started["processDefinitionId"]
    assert "can be modified" in commands.text("modify", instance, "--move", "approve:decision", "--dry-run")
    code, told = commands.failure("modify", instance, "--move", "ship:approve")
    assert code != 0
    assert "MODIFICATION_INVALID" in told
    commands.text("modify", instance, "--move", "approve:ship", "--reason", "by telephone")
    (activity,) = commands.json("migrate", instance, "--to", definition, "--preview")
    assert activity["elementId"] == "ship"
    migration = commands.json("migrate", instance, "--to", definition)
    assert "again" in commands.text("revert", migration["id"])
    commands.text("cancel", instance)
    assert commands.json("batches") == []
    assert commands.failure("batch", "nothing")[0] != 0


def test_refusals_are_one_line_with_their_reason(commands: Commands) -> None:
    assert commands.failure("start", "nothing") == (
        1,
        "there is no process nothing; deploy it first or check its key (PROCESS_DEFINITION_NOT_FOUND)\n",
    )
    code, text = commands.failure("complete", "no-such-task")
    assert (code, text.count("\n")) == (1, 1)
    assert "USER_TASK_NOT_FOUND" in text
    code, text = commands.failure("start", "order", "--business-key", "x" * 300)
    assert code == 1
    assert "\n  business_key: " in text


def test_wrong_usage_is_refused_before_any_call(commands: Commands) -> None:
    assert commands.failure("start", "order", "--var", "amount") == (1, "A variable reads NAME=VALUE, not 'amount'.\n")
    assert commands.failure("instances", "--status", "dead")[0] == 2
    assert commands.failure("instances", "--limit", "0")[0] == 2


def test_no_mesh_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = flowmesh("tasks", "--url", f"http://127.0.0.1:{port}")
    assert done.returncode == 3
    assert done.stderr == (
        f"Nothing answers at http://127.0.0.1:{port}: start the mesh (flowmesh up), or name another one by --url.\n"
    )
    for url in ("ftp://127.0.0.1", "http://127.0.0.1:99999", "http://127.0.0.1:1/path"):
        assert flowmesh("tasks", "--url", url).returncode == 1


def test_a_worker_ends_with_ctrl_c(commands: Commands) -> None:
    worker = subprocess.Popen(
        command("work", "nothing-to-do", "--url", commands.url), cwd=ROOT, env=environment(), stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    assert b"Waiting for jobs" in worker.stdout.readline()
    worker.send_signal(signal.SIGINT)
    assert worker.wait(LIMIT_SECONDS) == 130
    worker.stdout.close()


def test_version() -> None:
    assert flowmesh("version").stdout.startswith("flowmesh 0.")
    assert "flowmesh" in json.loads(flowmesh("version", "--json").stdout)


def test_variables_are_json_where_they_can_be() -> None:
    parsed = parse_variables(
        ["a=1", "b=true", 'c="1"', "d=text with = sign", "e=[1,{}]", "f=null", "g=", "h=NaN", "i=01"]
    )
    assert parsed["a"].number_value == 1
    assert parsed["b"].bool_value is True
    assert parsed["c"].string_value == "1"
    assert parsed["d"].string_value == "text with = sign"
    assert len(parsed["e"].list_value.values) == 2
    assert parsed["f"].HasField("null_value")
    assert parsed["g"].HasField("string_value")
    assert parsed["h"].string_value == "NaN"
    assert parsed["i"].string_value == "01"
    for wrong in (["a"], ["=1"], ["a=1", "a=2"], ["a=1e999"], ["a=" + "[" * 5000 + "]" * 5000]):
        with pytest.raises(CommandFailed):
            parse_variables(wrong)


def test_sagas(commands: Commands, tmp_path: Path) -> None:
    model = tmp_path / "saga.bpmn"
    model.write_bytes(ordered("saga-cli"))
    commands.text("deploy", str(model))
    first, second = (commands.json("start", "saga-cli")["id"] for _ in range(2))
    for task in commands.json("tasks", "--key", "saga-cli"):
        commands.text("complete", task["id"])
    listed = commands.json("sagas", "list", "--key", "saga-cli", "--state", "pending")
    assert [saga["id"] for saga in listed] == [f"saga:process:{second}", f"saga:process:{first}"]
    assert "COMPLETED" in commands.text("sagas", "acknowledge", f"saga:process:{first}")
    assert "COMPENSATED" in commands.text("sagas", "reject", f"saga:process:{second}", "--reason", "no stock")
    log = commands.text("sagas", "show", f"saga:process:{second}")
    assert "COMPENSATE_COMPLETION" in log
    assert "no stock" in log
    assert commands.json("sagas", "list", "--key", "saga-cli", "--state", "pending") == []
    code, error = commands.failure("sagas", "show", "saga:process:none")
    assert code == 1
    assert "SAGA_NOT_FOUND" in error


def test_forms(commands: Commands, tmp_path: Path) -> None:
    """A bundle of a process with its forms, from the start form to the submission."""
    from tests.integration.form.forms import form, review, text_field

    (tmp_path / "cli.bpmn").write_bytes(review("cli-review"))
    (tmp_path / "order.form").write_bytes(form("order"))
    (tmp_path / "request.form").write_bytes(form("request", text_field("name", validate={"required": True})))
    files = [str(tmp_path / name) for name in ("cli.bpmn", "order.form", "request.form")]
    told = commands.text("deploy", *files, "--bundle", "reviews")
    assert "cli-review version 1 is deployed." in told
    assert "order.form is deployed." in told
    (definition,) = commands.json("definitions", "list", "--key", "cli-review")
    assert commands.json("forms", "show", definition["id"], "--start")["form"]["key"] == "order"
    started = commands.json("forms", "start", definition["id"], "--var", "name=Ada", "--business-key", "F-1")
    (task,) = commands.json("tasks", "--instance", started["processInstanceId"])
    assert commands.json("forms", "show", task["id"])["data"] == {"name": "Ada"}
    code, error = commands.failure("forms", "submit", task["id"], "--var", "name=", "--language", "zh")
    assert (code, "name" in error) == (1, True)
    file = commands.json("forms", "upload", task["id"], files[0], "--field", "file", "--type", "text/xml")
    assert int(file["sizeBytes"]) == len(review("cli-review"))
    submitted = commands.json("forms", "submit", task["id"], "--var", "name=Bo", "--outcome", "yes")
    assert submitted["data"] == {"name": "Bo"}
    again = commands.json("forms", "start", "cli-review:1", "--var", "name=Bo")
    assert again["processDefinitionId"] == definition["id"]
    for wrong, said in (
        (("start", "cli-review:9"), "There is no process definition cli-review:9"),
        (("start", "cli-review", "--file", "name"), "A file reads FIELD=PATH"),
        (("start", "cli-review", "--file", "name=/nowhere"), "/nowhere cannot be read"),
        (("submit", task["id"], "--var", "name=a", "--file", f"name={files[0]}"), "given twice"),
    ):
        code, error = commands.failure("forms", *wrong)
        assert (code, said in error) == (1, True), error
    listed = commands.json("forms", "submissions", "--task", task["id"], "--state", "settled")
    assert [each["id"] for each in listed] == [submitted["id"]]
    assert commands.json("forms", "submission", submitted["id"])["outcome"] == "yes"

    own = tmp_path / "own.form"
    own.write_bytes(form("own"))
    assert "can be deployed" in commands.text("forms", "validate", str(own))
    made = commands.json("forms", "create", str(own))
    assert "(unchanged)" in commands.text("forms", "create", str(own))
    assert commands.text("forms", "schema", made["id"]) == form("own").decode()
    assert [each["version"] for each in commands.json("forms", "list", "--key", "own", "--all")] == [1]
    assert "is deleted" in commands.text("forms", "delete", made["id"])
    own.write_text('{"type": "default", "components": [{"type": "never"}]}')
    code, error = commands.failure("forms", "validate", str(own))
    assert (code, "$.components[0].type" in error) == (1, True)
