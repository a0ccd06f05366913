"""What the transformers of the element groups share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine_svc.compile.executable import ElementKind, Spec


@dataclass(slots=True, frozen=True)
class Transformation:
    """What becomes of a node of the model."""

    kind: ElementKind
    spec: Spec = None


Transform = Callable[[Any, Mapping[str, int]], Transformation]
"""Turns a node of the model, with the index of each element by its id, into what the runtime needs."""
