"""Commands about process instances: `start`, `instances`, `instance`, `cancel`, `delete`, `explain`, `incidents`."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from flowmesh.engine.v1 import (
    explanation_service_pb2,
    incident_service_pb2,
    job_service_pb2,
    process_instance_pb2,
    process_instance_service_pb2,
    user_task_service_pb2,
)

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, to_json
from launcher.client.variables import parse_variables

Status = process_instance_pb2.ProcessInstance.Status


def start(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Start an instance of the newest version of a process."""
    request = process_instance_service_pb2.CreateProcessInstanceRequest(
        request_id=arguments.request_id or new_request_id(),
        process_definition_key=arguments.key,
        process_definition_version=arguments.version or 0,
        business_key=arguments.business_key,
        tenant_id=arguments.tenant,
        variables=parse_variables(arguments.var),
    )
    instance = connection.call(connection.instances.CreateProcessInstance, request).process_instance
    text = f"Instance {instance.id} of {instance.process_definition_key} version {instance.process_definition_version}"
    output.message(instance, f"{text} is {status_name(instance)}.")


def list_instances(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List instances, newest first."""
    request = process_instance_service_pb2.ListProcessInstancesRequest(
        process_definition_key=arguments.key,
        business_key=arguments.business_key,
        tenant_id=arguments.tenant,
        status=f"STATUS_{arguments.status.upper()}" if arguments.status else None,
    )
    found = connection.pages(
        connection.instances.ListProcessInstances, request, lambda page: page.process_instances, arguments.limit
    )
    columns = {
        "id": lambda instance: instance.id,
        "process": lambda instance: f"{instance.process_definition_key} v{instance.process_definition_version}",
        "business key": lambda instance: instance.business_key,
        "status": status_name,
        "incidents": lambda instance: instance.incident_count or "",
        "started": lambda instance: moment(instance.start_time),
        "ended": lambda instance: moment(instance.end_time),
    }
    output.messages(found, columns, "There are no instances.")


def show_instance(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show an instance with its variables and what it waits for."""
    get = process_instance_service_pb2.GetProcessInstanceRequest(id=arguments.id)
    instance = connection.call(connection.instances.GetProcessInstance, get).process_instance
    variables = _variables(connection, instance.id)
    tasks = list(
        connection.pages(
            connection.tasks.ListUserTasks,
            user_task_service_pb2.ListUserTasksRequest(process_instance_id=instance.id),
            lambda page: page.user_tasks,
            arguments.limit,
        )
    )
    jobs = list(
        connection.pages(
            connection.jobs.ListJobs,
            job_service_pb2.ListJobsRequest(process_instance_id=instance.id),
            lambda page: page.jobs,
            arguments.limit,
        )
    )
    incidents = list(_incidents(connection, arguments.limit, instance.id))
    if output.as_json:
        content = to_json(instance)
        content["variables"] = variables
        content["userTasks"] = [to_json(task) for task in tasks]
        content["jobs"] = [to_json(job) for job in jobs]
        content["incidents"] = [to_json(incident) for incident in incidents]
        output.json(content)
        return
    process = f"{instance.process_definition_key} version {instance.process_definition_version}"
    output.say(f"{instance.id}: {process}, {status_name(instance)}")
    output.say(f"started {moment(instance.start_time)}" + _ended(instance))
    if instance.business_key:
        output.say(f"business key {instance.business_key}")
    rows = [[name, json.dumps(value, ensure_ascii=False)] for name, value in sorted(variables.items())]
    if rows:
        output.table(["variable", "value"], rows, "")
    waits = [["user task", task.id, task.name or task.element_id, task.assignee] for task in tasks]
    waits += [["job", job.id, job.type, job.worker] for job in jobs]
    if waits:
        output.table(["waits for", "id", "what", "who"], waits, "")
    if incidents:
        output.table(["incident", "element", "message"], [[i.id, i.element_id, i.message] for i in incidents], "")


def cancel(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Terminate an instance."""
    request = process_instance_service_pb2.CancelProcessInstanceRequest(
        request_id=new_request_id(), id=arguments.id, reason=arguments.reason
    )
    instance = connection.call(connection.instances.CancelProcessInstance, request).process_instance
    output.message(instance, f"Instance {instance.id} is {status_name(instance)}.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Remove an instance."""
    request = process_instance_service_pb2.DeleteProcessInstanceRequest(
        request_id=new_request_id(), id=arguments.id, reason=arguments.reason
    )
    instance = connection.call(connection.instances.DeleteProcessInstance, request).process_instance
    output.message(instance, f"Instance {instance.id} ({status_name(instance)}) is removed.")


def explain(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Say what an instance waits for, and why it does not move."""
    request = explanation_service_pb2.ExplainProcessInstanceRequest(id=arguments.id, max_waits=arguments.limit)
    answer = connection.call(connection.explanations.ExplainProcessInstance, request)
    output.message(answer, answer.summary)
    if not output.as_json and answer.wait_count > 1:
        output.table(["since", "what"], [[moment(wait.start_time), wait.description] for wait in answer.waits], "")


def list_incidents(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List open incidents, oldest first."""
    columns = {
        "id": lambda incident: incident.id,
        "type": lambda incident: incident_service_pb2.Incident.Type.Name(incident.type).removeprefix("TYPE_").lower(),
        "process": lambda incident: incident.process_definition_key,
        "instance": lambda incident: incident.process_instance_id,
        "element": lambda incident: incident.element_id,
        "since": lambda incident: moment(incident.create_time),
        "message": lambda incident: incident.message,
    }
    found = _incidents(connection, arguments.limit, arguments.instance)
    output.messages(found, columns, "There are no open incidents.")


def status_name(instance: process_instance_pb2.ProcessInstance) -> str:
    """Return the status in lower case."""
    return Status.Name(instance.status).removeprefix("STATUS_").lower()


def _ended(instance: process_instance_pb2.ProcessInstance) -> str:
    return f", ended {moment(instance.end_time)}" if instance.HasField("end_time") else ""


def _incidents(connection: Connection, limit: int, instance_id: str) -> Iterator[incident_service_pb2.Incident]:
    request = incident_service_pb2.ListIncidentsRequest(process_instance_id=instance_id)
    return connection.pages(connection.incidents.ListIncidents, request, lambda page: page.incidents, limit)


def _variables(connection: Connection, instance_id: str) -> dict[str, Any]:
    request = process_instance_service_pb2.GetProcessInstanceVariablesRequest(id=instance_id)
    try:
        answer = to_json(connection.call(connection.instances.GetProcessInstanceVariables, request))
    except CommandFailed as failure:
        # The engine keeps no variables of what has ended; `flowmesh history ID` shows them.
        if failure.reason == "PROCESS_INSTANCE_NOT_RUNNING":
            return {}
        raise
    variables: dict[str, Any] = answer["variables"]
    return variables
