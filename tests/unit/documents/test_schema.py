"""The published schema accepts what the engine's own check accepts, and nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_svc.model.documents.format import DOCUMENT, KINDS
from engine_svc.model.documents.json_reader import read_json
from engine_svc.model.documents.schema import json_schema, schema_text
from engine_svc.model.documents.shapes import Checking
from engine_svc.model.problem import Findings
from tests.unit.documents.strategies import documents

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
FILE = Path(__file__).resolve().parents[3] / "gen" / "process-definition.schema.json"


def accepted(document: Any) -> bool:
    findings = Findings()
    root = read_json(json.dumps(document), findings)
    DOCUMENT.check(root, (), Checking(root, findings))
    return findings.error_count == 0


def test_the_file_is_current_and_a_schema() -> None:
    assert FILE.read_text("utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"].endswith("2020-12/schema")


def test_every_type_is_described() -> None:
    schema = json_schema()
    assert schema["$defs"]["task"]["properties"]["type"]["enum"] == list(KINDS)
    for kind in KINDS:
        assert schema["$defs"][kind]["properties"]["type"]["description"]


STRANGE = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        7,
        10**12,
        1.5,
        "",
        " ",
        "x",
        "${x}",
        "\x01",
        "_start",
        "_flow.a",
        "a b",
        [],
        {},
        ["x"],
        {"x": "y"},
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A valid document with something removed, added or replaced somewhere."""
    document = copy.deepcopy(draw(documents()))
    for _ in range(draw(st.integers(1, 2))):
        spot: Any = document
        while True:
            keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(spot[key], dict | list) and spot[key] and draw(st.integers(0, 3)):
                spot = spot[key]
                continue
            action = draw(st.sampled_from(["replace", "remove", "add"]))
            if action == "replace":
                spot[key] = draw(STRANGE)
            elif action == "remove":
                del spot[key]
            elif isinstance(spot, dict):
                spot[draw(st.sampled_from(["nonsense", "name", "assignee", "to", "signal", "", "type"]))] = draw(
                    STRANGE
                )
            break
    return document


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=400, deadline=None)
@given(mutated())
def test_the_schema_says_what_the_engine_says(document: Any) -> None:
    assert accepted(document) == VALIDATOR.is_valid(document), list(VALIDATOR.iter_errors(document))
