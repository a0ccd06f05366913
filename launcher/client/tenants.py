"""`flowmesh tenants`: the walls between those who share a mesh."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable

from flowmesh.identity.v1 import tenant_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment


def list_tenants(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List tenants."""
    request = tenant_service_pb2.ListTenantsRequest()
    columns = {
        "id": lambda tenant: tenant.id,
        "name": lambda tenant: tenant.details.display_name,
        "made": lambda tenant: moment(tenant.create_time),
    }
    found = connection.pages(connection.tenants.ListTenants, request, lambda page: page.tenants, arguments.limit)
    output.messages(found, columns, "There is only the tenant without a name.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a tenant."""
    request = tenant_service_pb2.CreateTenantRequest(
        request_id=new_request_id(),
        id=arguments.id,
        details=tenant_service_pb2.TenantDetails(display_name=arguments.name),
    )
    tenant = connection.call(connection.tenants.CreateTenant, request).tenant
    output.message(tenant, f"Tenant {tenant.id} is made.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a tenant that nobody belongs to."""
    request = tenant_service_pb2.DeleteTenantRequest(request_id=new_request_id(), id=arguments.id)
    connection.call(connection.tenants.DeleteTenant, request)
    output.say(f"Tenant {arguments.id} is deleted.")


def shown_tenants(ids: Iterable[str], *, every: bool = False) -> str:
    """Return tenants for people."""
    return "all" if every else ", ".join(tenant or "(without a name)" for tenant in ids)
