"""`flowmesh service-accounts`: the programs that use a mesh."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.identity.v1 import service_account_service_pb2 as pb

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment
from launcher.client.tenants import shown_tenants

_STATES = {pb.ServiceAccount.STATUS_ACTIVE: "active", pb.ServiceAccount.STATUS_DISABLED: "disabled"}


def list_service_accounts(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List service accounts."""
    request = pb.ListServiceAccountsRequest(group_id=arguments.group)
    columns = {
        "id": lambda account: account.id,
        "name": lambda account: account.details.display_name,
        "about": lambda account: account.details.description,
        "tenants": lambda account: shown_tenants(account.details.tenant_ids, every=account.details.all_tenants),
        "state": lambda account: _STATES.get(account.status, ""),
        "made": lambda account: moment(account.create_time),
    }
    method = connection.service_accounts.ListServiceAccounts
    found = connection.pages(method, request, lambda page: page.service_accounts, arguments.limit)
    output.messages(found, columns, "There are no service accounts.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a service account."""
    request = pb.CreateServiceAccountRequest(
        request_id=new_request_id(),
        id=arguments.id,
        details=pb.ServiceAccountDetails(
            display_name=arguments.name, tenant_ids=arguments.tenant, all_tenants=arguments.all_tenants
        ),
    )
    account = connection.call(connection.service_accounts.CreateServiceAccount, request).service_account
    output.message(account, f"Service account {account.id} is made; flowmesh api-keys create {account.id} makes a key.")


def disable(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a service account in no more."""
    request = pb.DisableServiceAccountRequest(request_id=new_request_id(), id=arguments.id)
    answer = connection.call(connection.service_accounts.DisableServiceAccount, request)
    output.message(answer.service_account, f"Service account {arguments.id} is disabled.")


def enable(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a service account in again."""
    request = pb.EnableServiceAccountRequest(request_id=new_request_id(), id=arguments.id)
    answer = connection.call(connection.service_accounts.EnableServiceAccount, request)
    output.message(answer.service_account, f"Service account {arguments.id} is enabled.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a service account with its keys; its id stays taken."""
    request = pb.DeleteServiceAccountRequest(request_id=new_request_id(), id=arguments.id)
    connection.call(connection.service_accounts.DeleteServiceAccount, request)
    output.say(f"Service account {arguments.id} is deleted.")
