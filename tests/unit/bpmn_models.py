"""Texts of BPMN files for tests, and where to find real ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

NAMESPACES = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:flowable="http://flowable.org/bpmn" '
    'xmlns:activiti="http://activiti.org/bpmn" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
)


def definitions(content: str) -> bytes:
    """A file with the given content of `definitions`."""
    text = f"<definitions {NAMESPACES}>\n{content}\n</definitions>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def process(content: str, attributes: str = "") -> bytes:
    """A file with one process `p`."""
    return definitions(f'<process id="p" isExecutable="true" {attributes}>\n{content}\n</process>')


def flow(source: str, target: str, condition: str = "", identifier: str = "") -> str:
    """A sequence flow `source_target`."""
    body = f"<conditionExpression><![CDATA[{condition}]]></conditionExpression>" if condition else ""
    name = identifier or f"{source}_{target}"
    return f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{body}</sequenceFlow>'


def around(node: str, identifier: str = "n", attributes: str = "") -> bytes:
    """A process with start event, the given node and end event in a row."""
    return process(
        f'<startEvent id="s"/>{node}<endEvent id="e"/>' + flow("s", identifier) + flow(identifier, "e"),
        attributes,
    )


def real_model(name: str) -> bytes:
    """A real file, where this machine has the folder; the test is skipped where it has not."""
    beside = Path(__file__).resolve().parents[3]
    folders = [
        Path(os.environ.get("FLOWMESH_MODELS", "/nonexistent")),
        beside / "shared" / "data" / "bpmn",
        beside.parent / "shared" / "data" / "bpmn",
    ]
    for folder in folders:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    pytest.skip(f"{name} is not on this machine")
