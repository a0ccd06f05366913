"""Files that come with the program."""

from __future__ import annotations

from pathlib import Path

from mesh.startup import StartupError

_PACKAGE = Path(__file__).resolve().parent
_SOURCES = _PACKAGE.parent / "gen"
_INSTALLED = _PACKAGE / "contracts"


def descriptors() -> Path:
    """Return the descriptor set of the contracts. Raises StartupError where it is missing."""
    return _generated("descriptors.binpb")


def openapi() -> Path:
    """Return the OpenAPI document. Raises StartupError where it is missing."""
    return _generated("openapi.json")


def definition_schema() -> Path:
    """Return the JSON Schema of process definitions. Raises StartupError where it is missing."""
    return _generated("process-definition.schema.json")


def example() -> Path:
    """Return the example process."""
    return _PACKAGE / "examples" / "order.bpmn"


def _generated(name: str) -> Path:
    for folder in (_SOURCES, _INSTALLED):
        if (folder / name).exists():
            return folder / name
    raise StartupError(f"The generated file {name} is missing: run `make gen`.")
