"""Names of the metadata by which a call says who makes it."""

from __future__ import annotations

AUTHORIZATION = "authorization"
"""`Bearer` and an access token."""
MESH_TOKEN = "x-flowmesh-mesh-token"  # noqa: S105 - the name of a header
"""A token of the service that calls, for methods that are for the mesh alone."""
CLIENT_ADDRESS = "x-flowmesh-client-address"
"""Where the call came from, as the gateway says; it lets nobody else's through."""
