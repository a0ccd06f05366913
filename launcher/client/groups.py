"""`flowmesh groups`: groups of users and service accounts."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.identity.v1 import group_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment
from launcher.client.tenants import shown_tenants


def list_groups(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List groups."""
    request = group_service_pb2.ListGroupsRequest(member_id=arguments.member)
    columns = {
        "id": lambda group: group.id,
        "name": lambda group: group.details.display_name,
        "tenant": lambda group: shown_tenants([group.tenant_id], every=group.all_tenants),
        "made": lambda group: moment(group.create_time),
    }
    found = connection.pages(connection.groups.ListGroups, request, lambda page: page.groups, arguments.limit)
    output.messages(found, columns, "There are no groups.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a group."""
    request = group_service_pb2.CreateGroupRequest(
        request_id=new_request_id(),
        id=arguments.id,
        tenant_id=arguments.tenant,
        all_tenants=arguments.all_tenants,
        details=group_service_pb2.GroupDetails(display_name=arguments.name),
    )
    group = connection.call(connection.groups.CreateGroup, request).group
    output.message(group, f"Group {group.id} is made.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a group with its memberships and roles."""
    request = group_service_pb2.DeleteGroupRequest(request_id=new_request_id(), id=arguments.id)
    connection.call(connection.groups.DeleteGroup, request)
    output.say(f"Group {arguments.id} is deleted.")


def add(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Take users and service accounts into a group."""
    request = group_service_pb2.AddGroupMembersRequest(
        request_id=new_request_id(), id=arguments.id, subject_ids=arguments.members
    )
    answer = connection.call(connection.groups.AddGroupMembers, request)
    output.message(answer, f"{answer.added} are new in group {arguments.id}.")


def remove(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Take users and service accounts out of a group."""
    request = group_service_pb2.RemoveGroupMembersRequest(
        request_id=new_request_id(), id=arguments.id, subject_ids=arguments.members
    )
    answer = connection.call(connection.groups.RemoveGroupMembers, request)
    output.message(answer, f"{answer.removed} are out of group {arguments.id}.")


def members(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List the members of a group."""
    request = group_service_pb2.ListGroupMembersRequest(id=arguments.id)
    columns = {
        "id": lambda member: member.subject_id,
        "name": lambda member: member.display_name,
        "kind": lambda member: "service account" if member.service_account else "user",
        "since": lambda member: moment(member.add_time),
    }
    found = connection.pages(connection.groups.ListGroupMembers, request, lambda page: page.members, arguments.limit)
    output.messages(found, columns, "Nobody is in the group.")
