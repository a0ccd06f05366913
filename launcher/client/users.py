"""`flowmesh users`: the people who use a mesh."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.identity.v1 import credential_service_pb2, user_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment
from launcher.client.passwords import new_password, warn_of_plain_text
from launcher.client.tenants import shown_tenants

_STATES = {
    user_service_pb2.User.STATUS_ACTIVE: "active",
    user_service_pb2.User.STATUS_DISABLED: "disabled",
}


def list_users(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List users."""
    request = user_service_pb2.ListUsersRequest(group_id=arguments.group)
    columns = {
        "id": lambda user: user.id,
        "name": lambda user: user.details.display_name,
        "e-mail": lambda user: user.details.email,
        "tenants": lambda user: shown_tenants(user.details.tenant_ids, every=user.details.all_tenants),
        "state": lambda user: _STATES.get(user.status, ""),
        "made": lambda user: moment(user.create_time),
    }
    found = connection.pages(connection.users.ListUsers, request, lambda page: page.users, arguments.limit)
    output.messages(found, columns, "There are no users.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a user, with a password where that is wanted."""
    chosen = ""
    if arguments.password:
        warn_of_plain_text(connection.gateway)
        chosen = new_password()
    request = user_service_pb2.CreateUserRequest(
        request_id=new_request_id(),
        id=arguments.id,
        details=user_service_pb2.UserDetails(
            display_name=arguments.name,
            email=arguments.email,
            locale=arguments.locale,
            attributes=_attributes(arguments.attribute),
            tenant_ids=arguments.tenant,
            all_tenants=arguments.all_tenants,
        ),
    )
    user = connection.call(connection.users.CreateUser, request).user
    if chosen:
        _set_password(connection, user.id, chosen)
    output.message(user, f"User {user.id} is made{'' if chosen else ', without a password'}.")


def set_password(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a user another password."""
    warn_of_plain_text(connection.gateway)
    _set_password(connection, arguments.id, new_password())
    output.say(f"User {arguments.id} has another password; its sessions are ended.")


def disable(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a user in no more."""
    request = user_service_pb2.DisableUserRequest(request_id=new_request_id(), id=arguments.id)
    output.message(connection.call(connection.users.DisableUser, request).user, f"User {arguments.id} is disabled.")


def enable(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a user in again."""
    request = user_service_pb2.EnableUserRequest(request_id=new_request_id(), id=arguments.id)
    output.message(connection.call(connection.users.EnableUser, request).user, f"User {arguments.id} is enabled.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a user; its id stays taken."""
    request = user_service_pb2.DeleteUserRequest(request_id=new_request_id(), id=arguments.id)
    connection.call(connection.users.DeleteUser, request)
    output.say(f"User {arguments.id} is deleted.")


def _attributes(given: list[str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise CommandFailed(f"An attribute reads NAME=VALUE, not {text!r}.")
        if name in attributes:
            raise CommandFailed(f"The attribute {name!r} is given twice.")
        attributes[name] = value
    return attributes


def _set_password(connection: Connection, user_id: str, chosen: str) -> None:
    request = credential_service_pb2.SetPasswordRequest(user_id=user_id, password=chosen)
    connection.call(connection.credentials.SetPassword, request)
