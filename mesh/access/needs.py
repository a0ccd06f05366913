"""What the caller of a method needs, as the contract says it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from flowmesh.auth.v1 import permission_pb2


class Need(Enum):
    """Who may call a method."""

    ANYBODY = auto()
    SIGNED_IN = auto()
    PERMISSION = auto()
    MESH = auto()


class NeedUnclear(ValueError):
    """A method does not say, or not in one way, what its caller needs."""


@dataclass(frozen=True, slots=True)
class MethodNeed:
    """What the caller of a method needs. `rows`: by what the method tells rows apart (`MethodPermission.Rows`)."""

    need: Need
    permission: str
    rows: int


def need_of(option: permission_pb2.MethodPermission) -> MethodNeed:
    """Return what a method's option says. Raises NeedUnclear."""
    said = [
        need
        for need, is_said in (
            (Need.PERMISSION, bool(option.permission)),
            (Need.ANYBODY, option.public),
            (Need.SIGNED_IN, option.signed_in),
            (Need.MESH, option.mesh),
        )
        if is_said
    ]
    if len(said) != 1:
        raise NeedUnclear("exactly one of permission, public, signed_in and mesh has to be set")
    if option.rows and said[0] is not Need.PERMISSION:
        raise NeedUnclear("rows are told apart by what a permission was granted for; there is none")
    return MethodNeed(said[0], option.permission, option.rows)
