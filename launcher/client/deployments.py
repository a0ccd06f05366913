"""`flowmesh deployments`."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.engine.v1 import deployment_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.definitions import LONG_SECONDS
from launcher.client.output import Output, moment


def list_deployments(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List deployments, newest first."""
    request = deployment_service_pb2.ListDeploymentsRequest(tenant_id=arguments.tenant, name=arguments.name)
    found = connection.pages(
        connection.deployments.ListDeployments, request, lambda page: page.deployments, arguments.limit
    )
    columns = {
        "id": lambda deployment: deployment.id,
        "name": lambda deployment: deployment.name,
        "processes": lambda deployment: ", ".join(
            f"{definition.key} v{definition.version}" for definition in deployment.process_definitions
        ),
        "deployed": lambda deployment: moment(deployment.create_time),
        "": lambda deployment: "is being deleted" if deployment.deleting else "",
    }
    output.messages(found, columns, "There are no deployments.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a deployment."""
    request = deployment_service_pb2.DeleteDeploymentRequest(
        request_id=new_request_id(), id=arguments.id, cascade=arguments.cascade, reason=arguments.reason
    )
    answer = connection.call(connection.deployments.DeleteDeployment, request, LONG_SECONDS)
    count = answer.terminated_instance_count
    ended = f", {count} running instance{'' if count == 1 else 's'} terminated" if count else ""
    output.message(answer, f"Deployment {arguments.id} is deleted{ended}.")
