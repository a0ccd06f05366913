"""How an XML element becomes a node of the model, and what all kinds of nodes may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine_svc.model.context import ParseContext
from engine_svc.model.elements import FlowNode
from engine_svc.model.schema import Schema, pass_over

Finish = Callable[[ParseContext, etree._Element, Any], FlowNode]
"""Completes a node once its attributes and children are read; may put another kind of node in its place."""


def as_it_is(context: ParseContext, element: etree._Element, node: FlowNode) -> FlowNode:
    """Return the node: nothing is left to complete."""
    return node


@dataclass(slots=True, frozen=True)
class NodeType:
    """How one XML element becomes a node of the model."""

    create: Callable[..., FlowNode]
    schema: Schema
    finish: Finish = as_it_is


NODE_SCHEMA = Schema(
    children=dict.fromkeys(
        ("incoming", "outgoing", "auditing", "monitoring", "categoryValueRef", "property"), pass_over
    ),
)
"""Of every flow node."""
