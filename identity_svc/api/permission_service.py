"""`flowmesh.identity.v1.PermissionService`."""

from __future__ import annotations

from flowmesh.identity.v1 import permission_service_pb2 as pb

from identity_svc.queries.permissions import METHODS
from mesh.call import current_call


class PermissionServicer:
    """Serves PermissionService."""

    async def ListPermissions(self, request: pb.ListPermissionsRequest) -> pb.ListPermissionsResponse:
        """See the contract."""
        # Permissions belong to no tenant: who may list them in one may list them all.
        if not current_call().rows.grants:
            return pb.ListPermissionsResponse()
        return pb.ListPermissionsResponse(
            permissions=[
                pb.Permission(
                    name=name,
                    # The numbers are those of the contract.
                    methods=[pb.PermittedMethod(name=method, rows=rows) for method, rows in methods],  # type: ignore[arg-type]
                )
                for name, methods in METHODS.items()
            ]
        )
