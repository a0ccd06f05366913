"""What is written in JSON or YAML comes back from BPMN as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from engine_svc.model.documents.convert import convert
from engine_svc.model.documents.export import export
from engine_svc.model.documents.from_bpmn import from_bpmn
from engine_svc.model.documents.located import Located
from engine_svc.model.documents.yaml_reader import read_yaml
from engine_svc.model.problem import Findings
from engine_svc.model.xml import read_document
from tests.unit.documents.strategies import documents


def plain(located: Located) -> Any:
    """The values alone."""
    match located.value:
        case dict():
            return {name: plain(inner) for name, inner in located.value.items()}
        case list():
            return [plain(inner) for inner in located.value]
    return located.value


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(documents())
def test_document_to_bpmn_and_back(document: dict[str, Any]) -> None:
    converted = convert(json.dumps(document).encode(), is_json=True)
    assert converted.problems == ()
    assert converted.bpmn is not None
    read_document(converted.bpmn)
    assert from_bpmn(converted.bpmn, "p") == document
    assert json.loads(export(converted.bpmn, "p", is_json=True)) == document
    as_yaml = export(converted.bpmn, "p", is_json=False)
    assert plain(read_yaml(as_yaml.decode(), Findings())) == document
    again = convert(as_yaml, is_json=False)
    assert again.bpmn == converted.bpmn
