"""The XML namespaces that the parser knows."""

from __future__ import annotations

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
FLOWABLE = frozenset({"http://flowable.org/bpmn"})
ACTIVITI = frozenset({"http://activiti.org/bpmn"})
CAMUNDA = frozenset({"http://camunda.org/schema/1.0/bpmn"})
ZEEBE = frozenset({"http://camunda.org/schema/zeebe/1.0"})
FLOWMESH = frozenset({"urn:flowmesh:bpmn"})
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

DIAGRAM = frozenset(
    {
        "http://www.omg.org/spec/BPMN/20100524/DI",
        "http://www.omg.org/spec/DD/20100524/DC",
        "http://www.omg.org/spec/DD/20100524/DI",
    }
)
"""Diagram interchange: read by viewers, never by the engine."""


def split(tag: str) -> tuple[str, str]:
    """Return namespace and local name of a name in Clark notation (`{namespace}name`)."""
    if tag.startswith("{"):
        namespace, _, name = tag[1:].partition("}")
        return namespace, name
    return "", tag
