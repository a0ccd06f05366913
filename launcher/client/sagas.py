"""`flowmesh sagas`: what business systems have to answer to completions, and the transaction log."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.engine.v1 import saga_pb2
from flowmesh.engine.v1 import saga_service_pb2 as pb

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment, to_json


def list_sagas(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List sagas, the latest first."""
    columns = {
        "saga": lambda saga: saga.id,
        "state": _state,
        "process": lambda saga: saga.process_definition_key,
        "told": lambda saga: saga.attempts,
        "answer due": lambda saga: moment(saga.due_time) if saga.HasField("due_time") else "",
        "reason": lambda saga: saga.reason,
    }
    request = pb.ListSagasRequest(
        state=f"STATE_{arguments.state.upper()}" if arguments.state else None,
        process_definition_key=arguments.key,
        tenant_id=arguments.tenant,
    )
    found = connection.pages(connection.sagas.ListSagas, request, lambda page: page.sagas, arguments.limit)
    output.messages(found, columns, "There are no sagas.")


def show(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show a saga with its transaction log."""
    saga = connection.call(connection.sagas.GetSaga, pb.GetSagaRequest(id=arguments.saga)).saga
    request = pb.ListSagaStepsRequest(saga_id=saga.id)
    steps = list(connection.pages(connection.sagas.ListSagaSteps, request, lambda page: page.steps, 1000))
    if output.as_json:
        output.json({**to_json(saga), "steps": [to_json(step) for step in steps]})
        return
    rows = [
        [
            str(step.number),
            step.step,
            saga_pb2.SagaStep.Status.Name(step.status).removeprefix("STATUS_"),
            moment(step.start_time),
            str(step.duration.ToMilliseconds()) if step.HasField("duration") else "",
            step.error,
        ]
        for step in steps
    ]
    headings = ("step", "what", "status", "start", "ms", "error")
    output.table(headings, rows, "It has no steps yet.", title=f"{saga.id}: {_state(saga)} {saga.reason}".rstrip())


def acknowledge(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Say that what had to follow a completion is done."""
    request = pb.AcknowledgeCompletionRequest(request_id=new_request_id(), saga_id=arguments.saga)
    _tell(output, connection.call(connection.sagas.AcknowledgeCompletion, request).saga)


def reject(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Say that what had to follow a completion cannot be done."""
    request = pb.RejectCompletionRequest(request_id=new_request_id(), saga_id=arguments.saga, reason=arguments.reason)
    _tell(output, connection.call(connection.sagas.RejectCompletion, request).saga)


def _tell(output: Output, saga: saga_pb2.Saga) -> None:
    output.message(saga, f"{saga.id} is {_state(saga)}.")


def _state(saga: saga_pb2.Saga) -> str:
    return saga_pb2.Saga.State.Name(saga.state).removeprefix("STATE_")
