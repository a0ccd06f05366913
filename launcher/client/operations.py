"""Commands that operate on instances: `modify`, `migrate`, `revert`, `batches`, `batch` and what is done to one."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.engine.v1 import (
    batch_pb2,
    batch_service_pb2,
    migration_pb2,
    migration_service_pb2,
    modification_pb2,
    process_instance_service_pb2,
)

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.instances import status_name
from launcher.client.output import Output, moment

Instruction = modification_pb2.ModificationInstruction


def modify(connection: Connection, output: Output, arguments: Namespace) -> None:
    """End activities and begin others."""
    instructions = [
        Instruction(move=modification_pb2.MoveActivities(element_ids=sources, target_element_ids=targets))
        for sources, targets in map(_pair, arguments.move)
    ]
    if arguments.cancel:
        instructions.append(Instruction(cancel=modification_pb2.CancelActivities(element_ids=arguments.cancel)))
    for element_id in arguments.start_before:
        instructions.append(Instruction(start_before=modification_pb2.StartActivity(element_id=element_id)))
    for element_id in arguments.start_after:
        instructions.append(Instruction(start_after=modification_pb2.StartActivity(element_id=element_id)))
    if not instructions:
        raise CommandFailed("say what to do: --move, --cancel, --start-before or --start-after")
    request = process_instance_service_pb2.ModifyProcessInstanceRequest(
        request_id=new_request_id(),
        id=arguments.id,
        instructions=instructions,
        reason=arguments.reason,
        validate_only=arguments.dry_run,
    )
    instance = connection.call(connection.instances.ModifyProcessInstance, request).process_instance
    done = "can be modified so" if arguments.dry_run else f"is modified and {status_name(instance)}"
    output.message(instance, f"Instance {instance.id} {done}.")


def migrate(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Migrate an instance, or tell what that would do."""
    plan = migration_pb2.MigrationPlan(
        target_process_definition_id=arguments.to,
        mappings=[
            migration_pb2.ElementMapping(source_element_ids=sources, target_element_ids=targets)
            for sources, targets in map(_pair, arguments.map)
        ],
    )
    if arguments.preview:
        _preview(connection, output, arguments.id, plan)
        return
    request = migration_service_pb2.MigrateProcessInstanceRequest(
        request_id=new_request_id(), id=arguments.id, plan=plan
    )
    answer = connection.call(connection.migrations.MigrateProcessInstance, request)
    instance = answer.process_instance
    process = f"{instance.process_definition_key} version {instance.process_definition_version}"
    output.message(answer.migration, f"Instance {instance.id} is of {process} now; migration {answer.migration.id}.")


def _preview(connection: Connection, output: Output, instance_id: str, plan: migration_pb2.MigrationPlan) -> None:
    request = migration_service_pb2.PreviewMigrationRequest(process_instance_id=instance_id, plan=plan)
    preview = connection.call(connection.migrations.PreviewMigration, request).previews[0]
    if preview.problems:
        columns = {
            "problem": lambda problem: problem.code,
            "element": lambda problem: problem.element_id,
            "what": lambda problem: problem.message,
        }
        output.messages(preview.problems, columns, "")
        return
    columns = {
        "activity": lambda activity: activity.activity_id,
        "element": lambda activity: activity.element_id,
        "is": lambda activity: _name(migration_pb2.ActivityMigration.Action.Name(activity.action), "ACTION_"),
        "goes on at": lambda activity: ", ".join(activity.target_element_ids),
    }
    output.messages(preview.activities, columns, "Nothing is running in it.")


def revert(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Undo a migration."""
    request = migration_service_pb2.RevertMigrationRequest(request_id=new_request_id(), id=arguments.id)
    instance = connection.call(connection.migrations.RevertMigration, request).process_instance
    process = f"{instance.process_definition_key} version {instance.process_definition_version}"
    output.message(instance, f"Instance {instance.id} is of {process} again.")


def list_batches(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List batches, newest first."""
    request = batch_service_pb2.ListBatchesRequest(
        state=f"STATE_{arguments.state.upper()}" if arguments.state else None
    )
    found = connection.pages(connection.batches.ListBatches, request, lambda page: page.batches, arguments.limit)
    columns = {
        "id": lambda batch: batch.id,
        "name": lambda batch: batch.name,
        "kind": lambda batch: batch.kind,
        "state": _state,
        "done": lambda batch: f"{batch.done} of {batch.total}",
        "failed": lambda batch: batch.failed or "",
        "created": lambda batch: moment(batch.create_time),
    }
    output.messages(found, columns, "There are no batches.")


def show_batch(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show a batch with its items that failed."""
    request = batch_service_pb2.GetBatchRequest(id=arguments.id)
    batch = connection.call(connection.batches.GetBatch, request).batch
    output.message(batch, f"{batch.kind}: {_state(batch)}, {batch.done} of {batch.total} done, {batch.failed} failed")
    if output.as_json or not batch.failed:
        return
    items = batch_service_pb2.ListBatchItemsRequest(id=arguments.id, state=batch_pb2.BatchItem.STATE_FAILED)
    failed = connection.pages(connection.batches.ListBatchItems, items, lambda page: page.items, arguments.limit)
    columns = {
        "item": lambda item: item.target_id,
        "reason": lambda item: item.error_reason,
        "what": lambda item: item.error_message,
    }
    output.messages(failed, columns, "")


def cancel_batch(connection: Connection, output: Output, arguments: Namespace) -> None:
    """End a batch; what was done stays done."""
    request = batch_service_pb2.CancelBatchRequest(request_id=new_request_id(), id=arguments.id)
    _told(output, connection.call(connection.batches.CancelBatch, request).batch)


def suspend_batch(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Pause a batch."""
    request = batch_service_pb2.SuspendBatchRequest(request_id=new_request_id(), id=arguments.id)
    _told(output, connection.call(connection.batches.SuspendBatch, request).batch)


def resume_batch(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a paused batch go on."""
    request = batch_service_pb2.ResumeBatchRequest(request_id=new_request_id(), id=arguments.id)
    _told(output, connection.call(connection.batches.ResumeBatch, request).batch)


def _told(output: Output, batch: batch_pb2.Batch) -> None:
    output.message(batch, f"Batch {batch.id} is {_state(batch)}.")


def _state(batch: batch_pb2.Batch) -> str:
    return _name(batch_pb2.Batch.State.Name(batch.state), "STATE_")


def _name(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def _pair(text: str) -> tuple[list[str], list[str]]:
    sources, colon, targets = text.partition(":")
    pair = [part.strip() for part in sources.split(",")], [part.strip() for part in targets.split(",")]
    if not colon or not all(pair[0]) or not all(pair[1]):
        raise CommandFailed(f"write elements as FROM:TO, not {text}")
    return pair
