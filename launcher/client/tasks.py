"""Commands about the tasks of people: `tasks`, `claim`, `complete`."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.engine.v1 import user_task_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment
from launcher.client.variables import parse_variables


def list_tasks(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List open tasks."""
    request = user_task_service_pb2.ListUserTasksRequest(
        assignee=arguments.assignee,
        candidate_user=arguments.candidate_user,
        candidate_groups=arguments.candidate_group,
        process_instance_id=arguments.instance,
        process_definition_key=arguments.key,
        tenant_id=arguments.tenant,
    )
    columns = {
        "id": lambda task: task.id,
        "task": lambda task: task.name or task.element_id,
        "process": lambda task: task.process_definition_key,
        "assignee": lambda task: task.assignee,
        "candidates": lambda task: ", ".join([*task.candidate_users, *task.candidate_groups]),
        "priority": lambda task: task.priority,
        "due": lambda task: moment(task.due_time),
        "created": lambda task: moment(task.create_time),
    }
    found = connection.pages(connection.tasks.ListUserTasks, request, lambda page: page.user_tasks, arguments.limit)
    output.messages(found, columns, "There are no tasks.")


def claim(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a task to a user."""
    request = user_task_service_pb2.ClaimUserTaskRequest(
        request_id=new_request_id(), id=arguments.task_id, user_id=arguments.user
    )
    task = connection.call(connection.tasks.ClaimUserTask, request).user_task
    output.message(task, f"Task {task.id} ({task.name or task.element_id}) belongs to {task.assignee}.")


def complete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Complete a task with variables."""
    request = user_task_service_pb2.CompleteUserTaskRequest(
        request_id=new_request_id(), id=arguments.task_id, variables=parse_variables(arguments.var)
    )
    response = connection.call(connection.tasks.CompleteUserTask, request)
    after = "has ended" if response.process_instance_ended else "goes on"
    output.message(response, f"Task {arguments.task_id} is completed; instance {response.process_instance_id} {after}.")
