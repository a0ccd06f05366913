"""The catalogue of permissions, out of the contracts: each with the methods that ask for it.

    python -m proto.permission_catalogue DESCRIPTORS MODULE

`DESCRIPTORS` is a serialized `FileDescriptorSet`, `MODULE` the Python module to write. A service that needs the
catalogue reads it there: it would have to load the contracts of all other services otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flowmesh.auth.v1 import permission_pb2
from google.protobuf import descriptor_pb2

# Its generated type says less than it is.
_METHOD_PERMISSION: Any = permission_pb2.method_permission


def read_permissions(files: descriptor_pb2.FileDescriptorSet) -> dict[str, list[tuple[str, int]]]:
    """Return each permission with the methods that ask for it, and by what their rows are told apart."""
    found: dict[str, list[tuple[str, int]]] = {}
    for file in files.file:
        for service in file.service:
            for method in service.method:
                needed = method.options.Extensions[_METHOD_PERMISSION]
                if needed.permission:
                    name = f"{file.package}.{service.name}/{method.name}"
                    found.setdefault(needed.permission, []).append((name, needed.rows))
    return {permission: sorted(found[permission]) for permission in sorted(found)}


def permissions_module(permissions: dict[str, list[tuple[str, int]]]) -> str:
    """Return the Python module with the catalogue."""
    rows = "".join(
        f'    "{permission}": (\n' + "".join(f'        ("{name}", {rows}),\n' for name, rows in methods) + "    ),\n"
        for permission, methods in permissions.items()
    )
    return (
        '"""Each permission with the methods that ask for it, and their `MethodPermission.Rows`. Generated."""\n\n'
        f"PERMISSIONS: dict[str, tuple[tuple[str, int], ...]] = {{\n{rows}}}\n"
    )


def main(arguments: Sequence[str]) -> None:
    """Run the command line."""
    descriptors, module = map(Path, arguments)
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes())
    module.write_text(permissions_module(read_permissions(files)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
