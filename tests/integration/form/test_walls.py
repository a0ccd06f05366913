"""What is closed to a call does not exist for it: every method of forms, from outside of each wall and from inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flowmesh.form.v1 import (
    form_definition_service_pb2,
    form_file_service_pb2,
    start_form_service_pb2,
    submission_service_pb2,
    task_form_service_pb2,
)

from mesh.access.rows import RowGrant
from tests.infrastructure.walls import (
    DEFINITION,
    INVOLVEMENT,
    TENANT,
    Caller,
    caller,
    methods_of,
    outcome,
    rows_of,
    without_ids,
)
from tests.integration.form.forms import Forms, form, review

MODULES = (
    form_definition_service_pb2,
    form_file_service_pb2,
    start_form_service_pb2,
    submission_service_pb2,
    task_form_service_pb2,
)
METHODS = {name: method for name, method in methods_of(MODULES).items() if rows_of(method)}
OUTSIDE: dict[int, Caller] = {
    TENANT: caller("bob", RowGrant(frozenset({"umbrella"}))),
    DEFINITION: caller("bob", RowGrant(frozenset({"acme"}), ("revie", "reviews*"))),
    INVOLVEMENT: caller("eve", RowGrant(frozenset({"acme"}), involved_only=True)),
}
INSIDE: dict[int, Caller] = {
    TENANT: caller("ann", RowGrant(frozenset({"acme"}))),
    DEFINITION: caller("ann", RowGrant(frozenset({"acme"}), ("other", "rev*"))),
    INVOLVEMENT: caller("ann", RowGrant(frozenset({"acme"}), involved_only=True)),
}
Fields = Callable[[dict[str, str]], dict[str, Any]]
NAMED: dict[str, Fields] = {
    "CreateFormDefinition": lambda x: {"tenant_id": x["tenant"], "schema": {"data": form("new")}},
    "GetFormDefinition": lambda x: {"id": x["form"]},
    "GetFormDefinitionSchema": lambda x: {"id": x["form"]},
    "GetTaskForm": lambda x: {"user_task_id": x["task"]},
    "SaveTaskFormDraft": lambda x: {"user_task_id": x["task"]},
    "DeleteTaskFormDraft": lambda x: {"user_task_id": x["task"]},
    "UploadTaskFormFile": lambda x: {"user_task_id": x["task"], "file_name": "a"},
    "GetStartForm": lambda x: {"process_definition_id": x["definition"]},
    "UploadStartFormFile": lambda x: {"process_definition_id": x["definition"], "file_name": "a"},
    "SubmitStartForm": lambda x: {"process_definition_id": x["definition"], "data": {"name": {"string_value": "a"}}},
    "GetSubmission": lambda x: {"id": x["submission"]},
    "GetFormFile": lambda x: {"id": x["file"]},
    "DownloadFormFile": lambda x: {"id": x["file"]},
    "DownloadTaskFormFile": lambda x: {"user_task_id": x["task"], "id": x["file"]},
    # Last, as from inside they take away what the others name.
    "DeleteFormFile": lambda x: {"id": x["file"]},
    "SubmitTaskForm": lambda x: {"user_task_id": x["task"], "data": {"name": {"string_value": "a"}}},
    "DeleteFormDefinition": lambda x: {"id": x["form"]},
}
LISTED: dict[str, Fields] = {
    "ListFormDefinitions": lambda x: {"tenant_id": x["tenant"]},
    "ListSubmissions": lambda x: {"tenant_id": x["tenant"]},
}
ELSEWHERE = {"ValidateFormDefinition": "It reads nothing that is stored."}


def test_every_method_has_its_case() -> None:
    assert set(METHODS) == {*NAMED, *LISTED, *ELSEWHERE}


async def _things(forms: Forms) -> dict[str, str]:
    """What there is in a tenant; `ann` takes part in all of it."""
    forms.as_(INSIDE[TENANT])
    order = await forms.create(form("order"), tenant_id="acme")
    await forms.create(form("request"), tenant_id="acme")
    deployment = await forms.engine.deploy(
        review("review", 'flowable:formKey="request" flowable:assignee="ann"'), tenant_id="acme"
    )
    (definition,) = deployment.process_definitions
    task = await forms.task(tenant_id="acme")
    done = await forms.task(tenant_id="acme")
    submitted = await forms.submit(done, {"name": "a"})
    file = await forms.upload(task, b"content")
    return {
        "tenant": "acme",
        "form": order.id,
        "definition": definition.id,
        "task": task,
        "submission": submitted.submission.id,
        "file": file.id,
    }


NEVER = {
    "tenant": "nowhere",
    "form": "01890000-0000-7000-8000-000000000001",
    "definition": "01890000-0000-7000-8000-000000000002",
    "task": "01890000-0000-7000-8000-000000000003.1",
    "submission": "01890000-0000-7000-8000-000000000004",
    "file": "01890000-0000-7000-8000-000000000005",
}


@pytest.mark.parametrize("wall", OUTSIDE)
async def test_walls(forms: Forms, wall: int) -> None:
    things = await _things(forms)
    wrong = {}
    # By involvement a definition that may be started is narrowed by nothing.
    methods = {name: method for name, method in METHODS.items() if rows_of(method) >= wall}
    assert methods
    forms.as_(OUTSIDE[wall])
    for name in NAMED:
        if name in methods:
            closed = await outcome(forms.channel, methods[name], NAMED[name](things))
            never = await outcome(forms.channel, methods[name], NAMED[name](NEVER))
            told, expected = without_ids(closed, things), without_ids(never, NEVER)
            if "refused" not in closed or told != expected:
                wrong[name] = (told, expected)
    for name in LISTED:
        if name in methods:
            for fields in ({}, LISTED[name](things)):
                found = await outcome(forms.channel, methods[name], fields)
                if found:
                    wrong[name] = (str(found), "")
    assert wrong == {}
    forms.as_(INSIDE[wall])
    for name in [*LISTED, *NAMED]:
        if name in methods:
            case = LISTED.get(name) or NAMED[name]
            found = await outcome(forms.channel, methods[name], case(things))
            assert "refused" not in found, (name, found)
            if name in LISTED:
                assert any(found.values()), name
