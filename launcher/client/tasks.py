"""Commands about the tasks of people: `tasks`, `claim`, `complete`, `task ...`."""

from __future__ import annotations

import json
from argparse import Namespace

from flowmesh.engine.v1 import comment_service_pb2, user_task_pb2, user_task_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment, to_json
from launcher.client.variables import parse_variables


def list_tasks(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List open tasks."""
    request = user_task_service_pb2.ListUserTasksRequest(
        assignee=arguments.assignee,
        candidate_user=arguments.candidate_user,
        candidate_groups=arguments.candidate_group,
        assignee_or_candidate=arguments.mine,
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
        request_id=new_request_id(),
        id=arguments.task_id,
        variables=parse_variables(arguments.var),
        outcome=arguments.outcome,
    )
    response = connection.call(connection.tasks.CompleteUserTask, request)
    text = f"Task {arguments.task_id} is completed"
    if response.process_instance_id:
        after = "has ended" if response.process_instance_ended else "goes on"
        text += f"; instance {response.process_instance_id} {after}"
    output.message(response, f"{text}.")


def assign(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a task to a user, whoever has it."""
    request = user_task_service_pb2.AssignUserTaskRequest(
        request_id=new_request_id(), id=arguments.task_id, user_id=arguments.user
    )
    task = connection.call(connection.tasks.AssignUserTask, request).user_task
    output.message(task, f"{_named(task)} belongs to {task.assignee}.")


def delegate(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a user work on a task for its owner."""
    request = user_task_service_pb2.DelegateUserTaskRequest(
        request_id=new_request_id(), id=arguments.task_id, user_id=arguments.user
    )
    task = connection.call(connection.tasks.DelegateUserTask, request).user_task
    output.message(task, f"{_named(task)} is delegated to {task.assignee} and stays {_owned(task)}.")


def resolve(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a delegated task back to its owner."""
    request = user_task_service_pb2.ResolveUserTaskRequest(
        request_id=new_request_id(), id=arguments.task_id, variables=parse_variables(arguments.var)
    )
    task = connection.call(connection.tasks.ResolveUserTask, request).user_task
    output.message(task, f"{_named(task)} is resolved and belongs to {task.assignee or 'nobody'}.")


def comment(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Write a comment on a task."""
    request = comment_service_pb2.CreateUserTaskCommentRequest(
        request_id=new_request_id(), user_task_id=arguments.task_id, text=arguments.text, user_id=arguments.user
    )
    made = connection.call(connection.comments.CreateUserTaskComment, request).comment
    output.message(made, f"Comment {made.id} is on task {made.user_task_id}.")


def list_comments(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List the comments of a task, oldest first."""
    request = comment_service_pb2.ListUserTaskCommentsRequest(user_task_id=arguments.task_id)
    columns = {
        "id": lambda comment: comment.id,
        "user": lambda comment: comment.user_id,
        "created": lambda comment: moment(comment.create_time),
        "text": lambda comment: comment.text,
    }
    found = connection.pages(
        connection.comments.ListUserTaskComments, request, lambda page: page.comments, arguments.limit
    )
    output.messages(found, columns, "There are no comments.")


def variables(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show the variables of a task, after setting those that are given."""
    given = parse_variables(arguments.var)
    if given:
        request = user_task_service_pb2.UpdateUserTaskVariablesRequest(
            request_id=new_request_id(), id=arguments.task_id, variables=given, local=arguments.local
        )
        connection.call(connection.tasks.UpdateUserTaskVariables, request)
    get = user_task_service_pb2.GetUserTaskVariablesRequest(id=arguments.task_id, local=arguments.local)
    found = to_json(connection.call(connection.tasks.GetUserTaskVariables, get))["variables"]
    if output.as_json:
        output.json(found)
        return
    rows = [[name, json.dumps(value, ensure_ascii=False)] for name, value in sorted(found.items())]
    output.table(["variable", "value"], rows, "There are no variables.")


def _named(task: user_task_pb2.UserTask) -> str:
    return f"Task {task.id} ({task.name or task.element_id})"


def _owned(task: user_task_pb2.UserTask) -> str:
    return f"with {task.owner}" if task.owner else "without an owner"
