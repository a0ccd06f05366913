"""Forms of tasks: found, shown, filled in, submitted."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import grpc.aio
import pytest
from flowmesh.engine.v1 import deployment_service_pb2
from flowmesh.engine.v1 import form_host_service_pb2 as host_pb
from flowmesh.form.v1 import form_definition_service_pb2, submission_pb2, task_form_service_pb2
from google.protobuf.json_format import MessageToDict

from form_svc.commands import submitting
from mesh.access.rows import RowGrant
from mesh.json_values import from_value
from mesh.status import error_info_of
from tests.infrastructure.walls import caller
from tests.integration.engine.serving import TurnedClock, model, refusal, until
from tests.integration.form.forms import ENDS, Forms, faults_of, form, listed_faults, review, text_field
from tests.integration.form.large_form import FAULTS, FAULTY, GOOD, VARIABLES, large_form

SETTLED = submission_pb2.Submission.STATE_SETTLED
REFUSED = submission_pb2.Submission.STATE_REFUSED
ANN, BOB = caller("ann", RowGrant()), caller("bob", RowGrant())


async def test_form_is_shown_with_what_the_task_sees(forms: Forms) -> None:
    made = await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task(variables={"name": "Ann", "count": 3})
    shown = await forms.task_form(task)
    assert (shown.form.form_definition_id, shown.form.key, shown.form.version) == (made.id, "request", 1)
    assert MessageToDict(shown.form.schema)["components"][0]["key"] == "name"
    assert {name: from_value(value) for name, value in shown.data.items()} == {"name": "Ann", "count": 3}
    assert shown.user_task.id == task
    assert not shown.HasField("draft")


async def test_submitting_completes_the_task_with_the_data(forms: Forms) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    answer = await forms.as_(ANN).submit(task, {"name": "Bo", "other": 1}, outcome="approve", request_id="r-1")
    assert not answer.process_instance_ended
    found = answer.submission
    assert (found.state, found.submitted_by, found.user_task_id, found.element_id) == (SETTLED, "ann", task, "t")
    assert {name: from_value(value) for name, value in found.data.items()} == {"name": "Bo"}
    assert (found.form_key, found.form_version, found.outcome) == ("request", 1, "approve")
    variables = await forms.engine.variables(found.process_instance_id)
    assert variables["name"] == "Bo"
    assert "other" not in variables
    # The same call again is answered in the same way.
    again = await forms.submit(task, {"name": "Bo", "other": 1}, outcome="approve", request_id="r-1")
    assert again == answer
    assert len(await forms.list_submissions(user_task_id=task)) == 1
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await forms.submit(task, {"name": "Another"}, request_id="r-1")
    info = error_info_of(raised.value)
    assert info is not None
    assert info.reason == "REQUEST_ID_REUSED"


async def test_request_ids_belong_to_users(forms: Forms) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    first, second = await forms.task(), await forms.task()
    mine = await forms.as_(ANN).submit(first, {"name": "a"}, request_id="r")
    theirs = await forms.as_(BOB).submit(second, {"name": "b"}, request_id="r")
    assert mine.submission.id != theirs.submission.id


async def test_every_fault_in_one_answer_in_both_languages(forms: Forms) -> None:
    components = [text_field(f"f{number}", validate={"required": True}) for number in range(15)]
    await forms.create(form("request", *components, {"type": "number", "id": "n", "key": "n", "validate": {"max": 3}}))
    await forms.engine.deploy(review())
    task = await forms.task()
    said = {}
    for language in ("", "zh"):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await forms.submit(task, {"n": 4}, language=language)
        info = error_info_of(raised.value)
        assert info is not None
        assert (raised.value.code(), info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "FORM_DATA_INVALID")
        said[language] = faults_of(raised.value)
    assert sorted(said[""]) == sorted(said["zh"]) == sorted([*(f"f{number}" for number in range(15)), "n"])
    assert said[""]["f0"] != said["zh"]["f0"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said["zh"]["f0"])
    # Nothing is kept of it, and the task is there.
    assert await forms.list_submissions() == []
    await forms.task_form(task)


async def test_forty_fields_of_every_type_with_fifteen_faults(forms: Forms) -> None:
    await forms.create(large_form())
    await forms.engine.deploy(review())
    task = await forms.task(variables=VARIABLES)
    for language in ("", "zh"):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await forms.submit(task, FAULTY, language=language)
        assert tuple(path for path, _ in listed_faults(raised.value)) == FAULTS
        info = error_info_of(raised.value)
        assert info is not None
        assert "violations_omitted" not in info.metadata
    answer = await forms.submit(task, GOOD)
    assert answer.submission.state == SETTLED
    variables = await forms.engine.variables(answer.submission.process_instance_id)
    assert {name: variables[name] for name in GOOD} == GOOD
    assert variables["doubled"] == 24.5
    assert "secret" not in variables
    assert "gone" not in variables


async def test_what_the_engine_refuses_is_refused_cleanly(forms: Forms) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    instance = (await forms.engine.user_tasks())[0].process_instance_id
    await forms.engine.suspend(instance)
    refused = await refusal(forms.submit(task, {"name": "a"}, request_id="r-1"))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PROCESS_INSTANCE_NOT_RUNNING")
    (kept,) = await forms.list_submissions()
    assert (kept.state, kept.refusal_reason) == (REFUSED, "PROCESS_INSTANCE_NOT_RUNNING")
    await forms.engine.resume(instance)
    # The same request stays refused; another one goes through.
    assert (await refusal(forms.submit(task, {"name": "a"}, request_id="r-1"))).reason == refused.reason
    assert (await forms.submit(task, {"name": "a"}, request_id="r-2")).submission.state == SETTLED


async def test_two_at_once(forms: Forms) -> None:
    """One of them completes the task, the other hears that it is done; each has its own submission."""
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    for _ in range(5):
        task = await forms.task()
        results = await asyncio.gather(
            *(forms.submit(task, {"name": f"n{number}"}, request_id=f"{task}-{number}") for number in range(4)),
            *(forms.submit(task, {"name": "n0"}, request_id=f"{task}-0") for _ in range(3)),
            return_exceptions=True,
        )
        settled = [each for each in await forms.list_submissions(user_task_id=task) if each.state == SETTLED]
        assert len(settled) == 1
        value = from_value((await forms.submission(settled[0].id)).data["name"])
        assert (await forms.engine.variables(settled[0].process_instance_id))["name"] == value
        reasons = {
            info.reason
            for each in results
            if isinstance(each, grpc.aio.AioRpcError) and (info := error_info_of(each)) is not None
        }
        assert reasons <= {"USER_TASK_ALREADY_COMPLETED", "USER_TASK_NOT_FOUND"}


async def test_engine_away_for_a_while(forms: Forms, clock: TurnedClock) -> None:
    """What was kept is completed once the engine is back, without anybody asking again."""
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    engine = forms.service._engine
    real, calls = engine.complete, 0

    async def away(request: object) -> object:
        nonlocal calls
        calls += 1
        from form_svc.engine.failures import _down

        if calls == 1:
            # Done, but nobody hears of it.
            await real(request)  # type: ignore[arg-type]
        raise _down("away")

    engine.complete = away  # type: ignore[assignment,method-assign]
    refused = await refusal(forms.submit(task, {"name": "a"}, request_id="r-1"))
    assert (refused.code, refused.reason) == ("UNAVAILABLE", "FORM_SUBMISSION_PENDING")
    found = await forms.submission(refused.metadata["id"])
    assert found.state == submission_pb2.Submission.STATE_PENDING
    engine.complete = real  # type: ignore[method-assign]
    clock.forward(120)
    async with asyncio.timeout(10):
        while (await forms.submission(found.id)).state != SETTLED:
            await asyncio.sleep(0.05)
    answer = await forms.submit(task, {"name": "a"}, request_id="r-1")
    assert answer.submission.id == found.id
    assert (await forms.engine.variables(answer.submission.process_instance_id))["name"] == "a"


async def test_engine_away_for_longer_than_it_remembers(forms: Forms, clock: TurnedClock) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    engine, real = forms.service._engine, forms.service._engine.complete

    async def away(request: object) -> object:
        from form_svc.engine.failures import _down

        raise _down("away")

    engine.complete = away  # type: ignore[assignment,method-assign]
    refused = await refusal(forms.submit(task, {"name": "a"}, request_id="r-1"))
    # Somebody completes it otherwise, and a day passes.
    await forms.engine.complete_task(task)
    clock.forward(90_000)
    engine.complete = real  # type: ignore[method-assign]
    async with asyncio.timeout(10):
        while (await forms.submission(refused.metadata["id"])).state == submission_pb2.Submission.STATE_PENDING:
            await asyncio.sleep(0.05)
    assert (await forms.submission(refused.metadata["id"])).state == submission_pb2.Submission.STATE_UNCLEAR
    assert (await refusal(forms.submit(task, {"name": "a"}, request_id="r-1"))).reason == "FORM_SUBMISSION_UNCLEAR"


async def test_the_task_is_completed_elsewhere_meanwhile(forms: Forms) -> None:
    """Behind the check and before the completion: the submission is refused, and nothing of its data is taken over."""
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    instance = (await forms.task_form(task)).user_task.process_instance_id
    await forms.as_(BOB).save_draft(task, {"name": "half"})
    engine, real = forms.service._engine, forms.service._engine.complete

    async def too_late(request: host_pb.CompleteSubmittedTaskRequest) -> object:
        await forms.engine.complete_task(task, {"name": "theirs"})
        return await real(request)

    engine.complete = too_late  # type: ignore[assignment,method-assign]
    refused = await refusal(forms.as_(ANN).submit(task, {"name": "mine"}, request_id="r"))
    assert refused.reason in ("USER_TASK_NOT_FOUND", "USER_TASK_ALREADY_COMPLETED")
    engine.complete = real  # type: ignore[method-assign]
    (kept,) = await forms.list_submissions()
    assert (kept.state, kept.refusal_reason) == (REFUSED, refused.reason)
    assert (await forms.engine.variables(instance))["name"] == "theirs"
    assert (await refusal(forms.submit(task, {"name": "mine"}, request_id="r"))).reason == refused.reason


async def test_form_is_deleted_between_showing_and_submitting(forms: Forms) -> None:
    made = await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    await forms.task_form(task)
    newer = await forms.create(form("request", text_field("other", validate={"required": True})))
    # It is checked by the form that the task has now.
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await forms.submit(task, {"name": "a"})
    assert set(faults_of(raised.value)) == {"other"}
    for each in (newer, made):
        delete = form_definition_service_pb2.DeleteFormDefinitionRequest(id=each.id)
        await forms.definitions.DeleteFormDefinition(delete)
    assert (await refusal(forms.submit(task, {"name": "a"}))).reason == "FORM_NOT_FOUND"
    assert await forms.list_submissions() == []
    await forms.create(form("request"))
    assert (await forms.submit(task, {"name": "a"})).submission.state == SETTLED


async def test_deployment_of_the_form_is_deleted_with_open_tasks(forms: Forms) -> None:
    bundle = await forms.deploy(request_form=form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()

    async def there() -> bool:
        try:
            return (await forms.task_form(task)).form.version == 1
        except grpc.aio.AioRpcError:
            return False

    await until(there)
    request = deployment_service_pb2.DeleteDeploymentRequest(id=bundle.id)
    await forms.engine.deployments.DeleteDeployment(request)

    async def gone() -> bool:
        return not await there()

    await until(gone)
    assert (await refusal(forms.submit(task, {"name": "a"}))).reason == "FORM_NOT_FOUND"
    await forms.create(form("request"))
    assert (await forms.submit(task, {"name": "a"})).submission.form_version == 2


async def test_submission_outlives_form_and_deployment(forms: Forms) -> None:
    deployment = await forms.deploy(m_bpmn=review(), request_form=form("request"))
    task = await forms.task()
    done = (await forms.submit(task, {"name": "a"}, request_id="r")).submission
    request = deployment_service_pb2.DeleteDeploymentRequest(id=deployment.id, cascade=True)
    await forms.engine.deployments.DeleteDeployment(request)
    assert await forms.submission(done.id) == done
    assert (await forms.submit(task, {"name": "a"}, request_id="r")).submission == done


ANYTHING = {"type": "taglist", "id": "t", "key": "t", "valuesKey": "offered"}


async def test_much_data(forms: Forms) -> None:
    """Up to the bound it goes through as it is; beyond it nothing is kept, and nobody waits for the engine."""
    keys = ("a", "b", "c", "d")
    await forms.create(form("request", *({"type": "textarea", "id": key, "key": key} for key in keys)))
    await forms.engine.deploy(review())
    task = await forms.task()
    for text in ("x" * 800_000, "\U0001f600" * 200_000):
        assert (await refusal(forms.submit(task, dict.fromkeys(keys, text)))).reason == "FIELD_INVALID"
    assert await forms.list_submissions() == []
    # Half of it has to be escaped, in JSON and in SQL.
    text = "\\'" * 255_000
    done = (await forms.submit(task, dict.fromkeys(keys, text))).submission
    found = (await forms.submission(done.id)).data
    assert {key: from_value(found[key]) for key in keys} == dict.fromkeys(keys, text)


async def test_data_that_is_larger_as_a_message(forms: Forms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small numbers take five times the room that they have as JSON."""
    await forms.create(form("request", ANYTHING))
    await forms.engine.deploy(review())
    task = await forms.task(variables={"offered": [0, 1]})
    monkeypatch.setattr(submitting, "MAX_REQUEST_BYTES", 40_000)
    refused = await refusal(forms.submit(task, {"t": [0] * 4_000}))
    assert (refused.reason, "upload files" in refused.message) == ("FIELD_INVALID", True)
    assert await forms.list_submissions() == []
    done = (await forms.submit(task, {"t": [0, 1] * 1_500})).submission
    assert len(from_value((await forms.submission(done.id)).data["t"])) == 3_000


async def test_engine_that_never_takes_so_much(forms: Forms) -> None:
    """An engine that is told to take less: the submission is refused, it does not wait for ever."""
    await forms.create(form("request", ANYTHING))
    await forms.engine.deploy(review())
    task = await forms.task(variables={"offered": [0]})
    server = forms.engine.service.server
    settings, small = server._settings, dataclasses.replace(server._settings, max_message_bytes=20_000)
    server._settings = small
    refused = await refusal(forms.submit(task, {"t": [0] * 4_000}))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "MESSAGE_TOO_LARGE")
    server._settings = settings
    (kept,) = await forms.list_submissions()
    assert kept.state == REFUSED


async def test_drafts_are_each_users_own(forms: Forms) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task(variables={"name": "Ann"})
    draft = await forms.as_(ANN).save_draft(task, {"name": "half", "note": [1, {"a": None}]})
    assert draft.etag == "1"
    shown = await forms.task_form(task)
    assert from_value(shown.data["name"]) == "half"
    assert from_value(shown.draft.data["note"]) == [1, {"a": None}]
    assert from_value((await forms.as_(BOB).task_form(task)).data["name"]) == "Ann"
    # Sent again it is the same; from an old window it is refused.
    assert (await forms.as_(ANN).save_draft(task, {"name": "half", "note": [1, {"a": None}]}, etag="9")).etag == "1"
    assert (await forms.save_draft(task, {"name": "more"}, etag="1")).etag == "2"
    assert (await refusal(forms.save_draft(task, {"name": "old"}, etag="1"))).reason == "REVISION_CONFLICT"
    await forms.tasks.DeleteTaskFormDraft(task_form_service_pb2.DeleteTaskFormDraftRequest(user_task_id=task))
    assert not (await forms.task_form(task)).HasField("draft")
    await forms.save_draft(task, {"name": "x"})
    other = await forms.as_(BOB).save_draft(task, {"name": "y"})
    assert other.etag == "1"
    await forms.submit(task, {"name": "z"})
    assert await forms.service._database.read(_count("form_draft")) == 0


def _count(table: str):  # type: ignore[no-untyped-def]
    from mesh.db.statements import Fetch

    rows = yield Fetch(f"SELECT COUNT(*) FROM {table}")
    return rows[0][0]


async def test_draft_that_is_too_large(forms: Forms) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    assert (await refusal(forms.save_draft(task, {"name": "x" * 1_100_000}))).reason == "FIELD_INVALID"


async def test_unknown_tasks(forms: Forms) -> None:
    never = "01890000-0000-7000-8000-000000000000.1"
    assert (await refusal(forms.task_form(never))).reason == "USER_TASK_NOT_FOUND"
    assert (await refusal(forms.task_form("x"))).reason == "USER_TASK_NOT_FOUND"
    assert (await refusal(forms.submit(never, {}))).reason == "USER_TASK_NOT_FOUND"
    assert (await refusal(forms.save_draft(never, {}))).reason == "USER_TASK_NOT_FOUND"


async def test_task_without_a_form(forms: Forms) -> None:
    await forms.engine.deploy(model("plain", ENDS + '<userTask id="t"/>', "s>t", "t>e"))
    assert (await refusal(forms.task_form(await forms.task("plain")))).reason == "FORM_NOT_FOUND"
    await forms.engine.deploy(review("named"))
    refused = await refusal(forms.task_form(await forms.task("named")))
    assert (refused.reason, refused.metadata["form_key"]) == ("FORM_NOT_FOUND", "request")


async def test_form_key_is_evaluated(forms: Forms) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review(attributes='flowable:formKey="${kind}"'))
    assert (await forms.task_form(await forms.task(variables={"kind": "request"}))).form.key == "request"


LISTED = """
<flowable:formProperty id="reason" name="Reason" type="string" required="true"/>
<flowable:formProperty id="days" name="Days" type="long" value="3"/>
<flowable:formProperty id="kind" name="Kind" type="enum">
  <flowable:value id="a" name="First"/><flowable:value id="b" name="Second"/>
</flowable:formProperty>
<flowable:formProperty id="urgent" type="boolean"/>
<flowable:formProperty id="secret" type="string" readable="false"/>
<flowable:formProperty id="fixed" type="string" writable="false"/>
"""


async def test_fields_that_the_model_lists(forms: Forms) -> None:
    await forms.engine.deploy(review(attributes="", extension=LISTED))
    task = await forms.task(variables={"fixed": "as it is"})
    schema = json.loads(json.dumps(MessageToDict((await forms.task_form(task)).form.schema)))
    by_key = {component["key"]: component for component in schema["components"]}
    assert list(by_key) == ["reason", "days", "kind", "urgent", "fixed"]
    assert [by_key[key]["type"] for key in by_key] == ["textfield", "number", "select", "checkbox", "textfield"]
    assert by_key["days"]["defaultValue"] == 3
    assert by_key["fixed"]["readonly"] is True
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await forms.submit(task, {"days": 1.5, "kind": "c"})
    assert set(faults_of(raised.value)) == {"reason", "days", "kind"}
    answer = await forms.submit(task, {"reason": "rest", "days": 5, "kind": "b", "urgent": True})
    variables = await forms.engine.variables(answer.submission.process_instance_id)
    assert {name: variables[name] for name in ("reason", "days", "kind", "urgent", "fixed")} == {
        "reason": "rest",
        "days": 5,
        "kind": "b",
        "urgent": True,
        "fixed": "as it is",
    }


async def test_a_listed_field_whose_variable_is_no_key(forms: Forms) -> None:
    listed = '<flowable:formProperty id="customer.name" type="string"/>'
    await forms.engine.deploy(review(attributes="", extension=listed))
    task = await forms.task(variables={"customer.name": "Ann"})
    shown = await forms.task_form(task)
    (component,) = MessageToDict(shown.form.schema)["components"]
    assert shown.data[component["key"]].string_value == "Ann"
    answer = await forms.submit(task, {component["key"]: "Bob"})
    variables = await forms.engine.variables(answer.submission.process_instance_id)
    assert variables == {"customer.name": "Bob"}


CAMUNDA = """
<camunda:formData>
  <camunda:formField id="amount" label="Amount" type="long" defaultValue="7">
    <camunda:validation>
      <camunda:constraint name="min" config="1"/><camunda:constraint name="max" config="9"/>
      <camunda:constraint name="required"/>
    </camunda:validation>
  </camunda:formField>
</camunda:formData>
"""


async def test_fields_of_camunda_with_their_rules(forms: Forms) -> None:
    await forms.engine.deploy(review(attributes="", extension=CAMUNDA))
    task = await forms.task()
    (component,) = MessageToDict((await forms.task_form(task)).form.schema)["components"]
    assert component["validate"] == {"min": 1, "max": 9, "required": True}
    assert component["defaultValue"] == 7
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await forms.submit(task, {"amount": 10})
    assert set(faults_of(raised.value)) == {"amount"}
    await forms.submit(task, {"amount": 9})


async def test_walls(forms: Forms) -> None:
    """What is closed comes to what never was."""
    await forms.create(form("request"), tenant_id="acme")
    await forms.engine.deploy(review(), tenant_id="acme")
    task = await forms.task(tenant_id="acme")
    inside = caller("ann", RowGrant(frozenset({"acme"})))
    involved = caller("eve", RowGrant(involved_only=True))
    for closed in (caller("bob", RowGrant(frozenset({"other"}))), caller("bob", RowGrant(None, ("else",))), involved):
        forms.as_(closed)
        assert (await refusal(forms.task_form(task))).reason == "USER_TASK_NOT_FOUND"
        assert (await refusal(forms.submit(task, {"name": "a"}))).reason == "USER_TASK_NOT_FOUND"
        assert (await refusal(forms.save_draft(task, {}))).reason == "USER_TASK_NOT_FOUND"
        assert (await refusal(forms.upload(task, b"x"))).reason == "USER_TASK_NOT_FOUND"
    assert (await forms.as_(inside).task_form(task)).form.key == "request"
    done = (await forms.submit(task, {"name": "a"})).submission
    assert [each.id for each in await forms.list_submissions()] == [done.id]
    for closed in (caller("bob", RowGrant(frozenset({"other"}))), involved):
        forms.as_(closed)
        assert await forms.list_submissions() == []
        assert (await refusal(forms.submission(done.id))).reason == "FORM_SUBMISSION_NOT_FOUND"
    own = forms.as_(caller("ann", RowGrant(involved_only=True)))
    assert [each.id for each in await own.list_submissions()] == [done.id]
    assert (await own.submission(done.id)).id == done.id


async def test_candidates_see_the_form(forms: Forms) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review(attributes='flowable:formKey="request" flowable:candidateGroups="clerks"'))
    task = await forms.task()
    clerk = caller("carl", RowGrant(involved_only=True), groups=("clerks",))
    assert (await forms.as_(clerk).task_form(task)).form.key == "request"
    assert (await forms.submit(task, {"name": "a"})).submission.state == SETTLED
