"""`flowmesh history`: what happened, as the history service tells it."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.history.v1 import history_pb2, history_service_pb2

from launcher.client import rebuilds
from launcher.client.connection import Connection
from launcher.client.output import Output, moment, shown, to_json

REBUILD = "rebuild"
"""Stands where the id of an instance may stand; none is called so."""
InstanceStatus = history_pb2.HistoricProcessInstance.Status
ActivityState = history_pb2.HistoricActivity.State


def history(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List instances, or show what happened in one; or build it all again."""
    if arguments.id == REBUILD:
        rebuilds.start(connection, output, arguments)
    elif arguments.id:
        _show(connection, output, arguments)
    else:
        _list(connection, output, arguments)


def _list(connection: Connection, output: Output, arguments: Namespace) -> None:
    request = history_service_pb2.ListHistoricProcessInstancesRequest(
        process_definition_key=arguments.key,
        business_key=arguments.business_key,
        tenant_id=arguments.tenant,
        parent_process_instance_id=arguments.parent,
        finished=arguments.finished,
        after_commit_token=arguments.after,
    )
    found = connection.pages(
        connection.history.ListHistoricProcessInstances,
        request,
        lambda page: page.historic_process_instances,
        arguments.limit,
    )
    columns = {
        "id": lambda instance: instance.id,
        "process": lambda instance: f"{instance.process_definition_key} v{instance.process_definition_version}",
        "business key": lambda instance: instance.business_key,
        "status": _status,
        "started": lambda instance: moment(instance.start_time),
        "ended": lambda instance: moment(instance.end_time),
    }
    output.messages(found, columns, "Nothing has happened yet.")


def _show(connection: Connection, output: Output, arguments: Namespace) -> None:
    stub = connection.history
    instance_id, limit = arguments.id, arguments.limit
    # What the first read waited for, the others find.
    get = history_service_pb2.GetHistoricProcessInstanceRequest(id=instance_id, after_commit_token=arguments.after)
    instance = connection.call(stub.GetHistoricProcessInstance, get).historic_process_instance
    activities = list(
        connection.pages(
            stub.ListHistoricActivities,
            history_service_pb2.ListHistoricActivitiesRequest(
                process_instance_id=instance_id, include_sequence_flows=arguments.flows
            ),
            lambda page: page.historic_activities,
            limit,
        )
    )
    variables = list(
        connection.pages(
            stub.ListHistoricVariables,
            history_service_pb2.ListHistoricVariablesRequest(process_instance_id=instance_id),
            lambda page: page.historic_variables,
            limit,
        )
    )
    if output.as_json:
        content = to_json(instance)
        content["activities"] = [to_json(activity) for activity in activities]
        content["variables"] = [to_json(variable) for variable in variables]
        output.json(content)
        return
    process = f"{instance.process_definition_key} version {instance.process_definition_version}"
    reason = f" ({instance.end_reason})" if instance.end_reason else ""
    output.say(f"{instance.id}: {process}, {_status(instance)}{reason}")
    rows = [
        [
            activity.element_name or activity.element_id,
            activity.element_type,
            ActivityState.Name(activity.state).removeprefix("STATE_").lower(),
            moment(activity.start_time),
            _duration(activity),
        ]
        for activity in activities
    ]
    output.table(["activity", "type", "state", "started", "took"], rows, "No activity is known yet.")
    if variables:
        output.table(["variable", "value"], [[variable.name, shown(variable.value)] for variable in variables], "")


def _status(instance: history_pb2.HistoricProcessInstance) -> str:
    return InstanceStatus.Name(instance.status).removeprefix("STATUS_").lower()


def _duration(activity: history_pb2.HistoricActivity) -> str:
    if not activity.HasField("duration"):
        return ""
    return f"{activity.duration.ToMicroseconds() / 1e6:.3f} s"
