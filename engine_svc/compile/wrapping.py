"""What surrounds the behaviour of an element."""

from __future__ import annotations

from collections.abc import Mapping

from engine_svc.compile.executable import Wrapping
from engine_svc.model.elements import FlowNode


def wrapping_of(node: FlowNode, index_of: Mapping[str, int], has_boundary: bool) -> Wrapping | None:
    """Return what surrounds the behaviour of `node`; None where nothing does."""
    return Wrapping() if has_boundary else None
