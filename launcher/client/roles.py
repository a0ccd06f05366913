"""`flowmesh roles` and `flowmesh role`: what roles allow, and who has them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from flowmesh.identity.v1 import access_service_pb2, role_assignment_service_pb2, role_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, to_json
from launcher.client.tenants import shown_tenants

_MOST_ASSIGNMENTS = 100


def list_roles(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List roles."""
    columns = {
        "id": lambda role: role.id,
        "name": lambda role: role.details.display_name,
        "built in": lambda role: "yes" if role.built_in else "",
        "grants": lambda role: len(role.details.grants),
    }
    request = role_service_pb2.ListRolesRequest()
    found = connection.pages(connection.roles.ListRoles, request, lambda page: page.roles, arguments.limit)
    output.messages(found, columns, "There are no roles.")


def show(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show what a role allows."""
    request = role_service_pb2.GetRoleRequest(id=arguments.role)
    role = connection.call(connection.roles.GetRole, request).role
    if output.as_json:
        output.json(to_json(role))
        return
    print_grants(output, role.details.grants, f"{role.id} allows nothing.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a role of one grant."""
    grant = _narrowing(arguments)
    grant.permissions.extend(arguments.permission)
    request = role_service_pb2.CreateRoleRequest(
        request_id=new_request_id(),
        id=arguments.role,
        details=role_service_pb2.RoleDetails(display_name=arguments.name, grants=[grant]),
    )
    role = connection.call(connection.roles.CreateRole, request).role
    output.message(role, f"Role {role.id} is made.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a role that nobody has."""
    request = role_service_pb2.DeleteRoleRequest(request_id=new_request_id(), id=arguments.role)
    connection.call(connection.roles.DeleteRole, request)
    output.say(f"Role {arguments.role} is deleted.")


def assign(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a role to a user, a service account or a group."""
    grant = _narrowing(arguments)
    request = role_assignment_service_pb2.CreateRoleAssignmentRequest(
        request_id=new_request_id(),
        role_id=arguments.role,
        subject_id=arguments.subject,
        group_id=arguments.group,
        narrowing=grant if grant.ByteSize() else None,
    )
    made = connection.call(connection.role_assignments.CreateRoleAssignment, request).role_assignment
    output.message(made, f"{_assignee(made)} has role {made.role_id} (assignment {made.id}).")


def unassign(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Take a role away again, with whatever narrowed it."""
    request = role_assignment_service_pb2.ListRoleAssignmentsRequest(
        role_id=arguments.role, subject_id=arguments.subject or "", group_id=arguments.group or ""
    )
    found = list(
        connection.pages(
            connection.role_assignments.ListRoleAssignments,
            request,
            lambda page: page.role_assignments,
            _MOST_ASSIGNMENTS,
        )
    )
    if not found:
        raise CommandFailed(f"{arguments.subject or arguments.group} does not have role {arguments.role} by itself.")
    for assignment in found:
        connection.call(
            connection.role_assignments.DeleteRoleAssignment,
            role_assignment_service_pb2.DeleteRoleAssignmentRequest(request_id=new_request_id(), id=assignment.id),
        )
    if output.as_json:
        output.json([to_json(assignment) for assignment in found])
    output.say(f"{_assignee(found[0])} has role {arguments.role} no more.")


def assignments(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List who has which role."""
    request = role_assignment_service_pb2.ListRoleAssignmentsRequest(
        role_id=arguments.role, subject_id=arguments.subject or "", group_id=arguments.group or ""
    )
    columns = {
        "id": lambda made: made.id,
        "role": lambda made: made.role_id,
        "who": _assignee,
        "tenants": lambda made: shown_tenants(made.narrowing.tenant_ids),
        "definitions": lambda made: ", ".join(made.narrowing.process_definition_keys),
        "involved only": lambda made: "yes" if made.narrowing.involved_only else "",
        "given": lambda made: moment(made.create_time),
        "by": lambda made: made.creator_id,
    }
    found = connection.pages(
        connection.role_assignments.ListRoleAssignments, request, lambda page: page.role_assignments, arguments.limit
    )
    output.messages(found, columns, "There are no role assignments.")


def print_grants(output: Output, grants: Sequence[access_service_pb2.Grant], empty: str) -> None:
    """Print grants as a table."""
    rows = [
        [
            ", ".join(grant.permissions),
            shown_tenants(grant.tenant_ids) or "one's own",
            ", ".join(grant.process_definition_keys) or "all",
            "where involved" if grant.involved_only else "all",
        ]
        for grant in grants
    ]
    output.table(["may", "tenants", "definitions", "rows"], rows, empty)


def _narrowing(arguments: Namespace) -> access_service_pb2.Grant:
    return access_service_pb2.Grant(
        tenant_ids=arguments.tenant,
        process_definition_keys=arguments.definition,
        involved_only=arguments.involved,
    )


def _assignee(assignment: role_assignment_service_pb2.RoleAssignment) -> str:
    return f"group {assignment.group_id}" if assignment.group_id else assignment.subject_id
