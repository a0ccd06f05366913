"""What `flowmesh up --profile distributed` says when the mesh is ready."""

from __future__ import annotations

import sys

from launcher.distributed.supervisor import DistributedMesh, shown_stores
from launcher.embedded.addresses import reachable
from launcher.welcome import DEFAULT_URL, sign_in_lines


def print_distributed_welcome(mesh: DistributedMesh, seconds: float) -> None:
    """Print where everything listens."""
    host = reachable(mesh.options.host)
    places = [("REST, gRPC, gRPC-Web", mesh.url), ("API documentation", f"{mesh.url}/api-docs")]
    places += [
        (f"{node.name} (gRPC, metrics)", f"{host}:{node.port}, http://{host}:{node.admin_port}/metrics")
        for node in mesh.nodes
    ]
    places += list(shown_stores(mesh.stores).items())
    places.append(("logs", str(mesh.folder.logs)))
    lines = [f"Flowmesh is ready ({seconds:.1f} s). Ctrl-C stops it.", ""]
    lines += [f"  {name:26} {place}" for name, place in places]
    url = "" if mesh.url == DEFAULT_URL else f" --url {mesh.url}"
    signing = sign_in_lines(mesh.options.authentication, mesh.bootstrap_token, f"flowmesh bootstrap{url}")
    sys.stdout.write("\n".join([*lines, "", *signing, ""]))
    sys.stdout.flush()
