"""What is closed to a call does not exist for it, whatever it asks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from flowmesh.engine.v1 import (
    activity_instance_service_pb2,
    ad_hoc_sub_process_service_pb2,
    attachment_service_pb2,
    batch_service_pb2,
    clock_service_pb2,
    comment_service_pb2,
    condition_service_pb2,
    deployment_service_pb2,
    event_subscription_service_pb2,
    explanation_service_pb2,
    incident_service_pb2,
    job_service_pb2,
    message_service_pb2,
    migration_service_pb2,
    process_definition_service_pb2,
    process_instance_service_pb2,
    saga_service_pb2,
    signal_service_pb2,
    user_task_service_pb2,
    variable_service_pb2,
)

from mesh.access.rows import RowGrant
from mesh.db.database import Database
from mesh.db.statements import Fetch, Row, fetch
from tests.infrastructure.walls import (
    DEFINITION,
    INVOLVEMENT,
    TENANT,
    Caller,
    Door,
    Elsewhere,
    Listed,
    Named,
    caller,
    methods_of,
    outcome,
    rows_of,
    without_ids,
)
from tests.integration.engine.serving import Engine, until
from tests.integration.engine.walled_things import CASES, make_things, never_was

METHODS = methods_of(
    (
        activity_instance_service_pb2,
        ad_hoc_sub_process_service_pb2,
        attachment_service_pb2,
        batch_service_pb2,
        clock_service_pb2,
        comment_service_pb2,
        condition_service_pb2,
        deployment_service_pb2,
        event_subscription_service_pb2,
        explanation_service_pb2,
        incident_service_pb2,
        job_service_pb2,
        message_service_pb2,
        migration_service_pb2,
        process_definition_service_pb2,
        process_instance_service_pb2,
        saga_service_pb2,
        signal_service_pb2,
        user_task_service_pb2,
        variable_service_pb2,
    )
)
OF_THE_MESH = {"GetClock", "SetClock", "AdvanceClock", "ResetClock", "Drain"}
"""Methods whose rows cannot be told apart: there is one clock."""

OWN = RowGrant(frozenset({"acme-inc"}))
WALLS: dict[int, tuple[Caller, Caller]] = {
    TENANT: (caller("eve", RowGrant(frozenset({"umbrella"}))), caller("ann", OWN)),
    DEFINITION: (
        caller("eve", RowGrant(frozenset({"acme-inc"}), ("revie", "reviews*")), RowGrant(frozenset({"umbrella"}))),
        caller("ann", RowGrant(frozenset({"acme-inc"}), ("other", "review*"))),
    ),
    INVOLVEMENT: (
        caller("eve", RowGrant(frozenset({"acme-inc"}), involved_only=True), groups=("it",)),
        caller("ann", RowGrant(frozenset({"acme-inc"}), ("review*",), involved_only=True), groups=("it",)),
    ),
}
"""By wall who stands outside and who inside. Things are of tenant `acme-inc` and process `review`; `ann` takes part."""

STATE = {
    "process_instance": "id, revision, status",
    "user_task": "instance_id, task_key, revision, assignee",
    "user_task_candidate": "instance_id, task_key, kind, candidate",
    "comment": "instance_id, comment_key",
    "attachment": "instance_id, attachment_key",
    "job": "instance_id, job_key, state, lease_sequence, retries, due_at",
    "incident": "instance_id, incident_key",
    "message": "id, state",
    "deployment": "id, deleting",
    "process_definition": "id, state",
    "batch": "id, state",
    "saga": "instance_id, state",
    "migration_journal": "id, state",
}


@pytest.fixture
def door() -> Door:
    """Says who calls."""
    return Door()


@pytest.fixture
async def walled(engine_database: Database, door: Door) -> AsyncIterator[Engine]:
    """An engine that lets everybody in as the door says."""
    running = await Engine.started(engine_database, authorize=door.authorize)
    yield running
    await running.stop()


async def state(database: Database) -> dict[str, list[Row]]:
    """What is stored of everything that a call could change."""
    return {
        table: sorted(await database.read(fetch(Fetch(f"SELECT {columns} FROM {table}"))))
        for table, columns in STATE.items()
    }


async def finished_batches(engine: Engine) -> bool:
    answer = await outcome(engine.channel, METHODS["ListBatches"], {})
    return all(batch["state"] == "STATE_COMPLETED" for batch in answer["batches"])


def test_every_method_has_a_case() -> None:
    with_rows = {name for name, method in METHODS.items() if rows_of(method)}
    assert set(METHODS) - with_rows == OF_THE_MESH
    assert set(CASES) == with_rows


@pytest.mark.parametrize("wall", WALLS, ids=["other tenant", "other definition", "not involved"])
async def test_what_is_closed_is_as_what_never_was(
    walled: Engine, door: Door, engine_database: Database, wall: int
) -> None:
    outside, inside = WALLS[wall]
    door.caller = caller("ann", OWN)
    things, nothing = await make_things(walled, "acme-inc", "review"), never_was()
    # The batch's work would change what is compared.
    await until(lambda: finished_batches(walled))
    ids, no_ids = things.texts(), nothing.texts()
    cases = {name: case for name, case in CASES.items() if rows_of(METHODS[name]) >= wall}
    before = await state(engine_database)
    closed: dict[tuple[str, int], str] = {}
    for name, case in cases.items():
        for number, fields in enumerate(case.fields if isinstance(case, Named | Listed) else ()):
            if wall not in case.walls:
                continue
            door.caller, door.calls = outside, []
            found = await outcome(walled.channel, METHODS[name], fields(things))
            closed[name, number] = without_ids(found, ids)
            assert door.calls[-1].rows_asked, name
            never = without_ids(await outcome(walled.channel, METHODS[name], fields(nothing)), no_ids)
            assert closed[name, number] == never, name
            if isinstance(case, Listed):
                assert found == {}, name
    assert await state(engine_database) == before
    door.caller = inside
    for name, case in cases.items():
        for number, fields in enumerate(case.fields if isinstance(case, Named | Listed) else ()):
            if wall not in case.walls:
                continue
            request = dict(fields(things))
            repeatable = "request_id" in METHODS[name].input_type.fields_by_name
            if repeatable:
                request["request_id"] = f"{name} {number}"
            found = await outcome(walled.channel, METHODS[name], request)
            assert without_ids(found, ids) != closed[name, number], f"{name} says the same where nothing is closed"
            assert door.calls[-1].rows_asked or "refused" in found, name
            if repeatable and "refused" not in found:
                # What was answered is answered again, whatever has become of the things, and with the rows asked for.
                again = await outcome(walled.channel, METHODS[name], request)
                assert door.calls[-1].rows_asked, name
                assert again.keys() == found.keys(), name


def test_what_has_no_case_says_why() -> None:
    assert {name for name, case in CASES.items() if isinstance(case, Elsewhere)} == {"ValidateDeployment", "StreamJobs"}
