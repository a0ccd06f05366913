"""A BPMN error as it is thrown (BPMN 2.0 section 10.5.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, frozen=True)
class BpmnError:
    """An error that was thrown. Without a code it is caught by every catch."""

    code: str
    message: str
    variables: dict[str, Any] = field(default_factory=dict)
    """Set where the error is caught."""
    payload: dict[str, Any] = field(default_factory=dict)
    """Only for a catch that asks for values by name."""
