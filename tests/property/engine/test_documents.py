"""Random BPMN models as documents: loaded from JSON or YAML they are the model that they were."""

from __future__ import annotations

from typing import Any

import pytest

from engine_svc.compile.executable import ExecutableProcess
from engine_svc.compile.load import load_bpmn, load_definitions
from engine_svc.model.documents.export import NotExpressibleError, export
from engine_svc.model.problem import Severity
from tests.property.engine.blocks.choosing import random_block
from tests.property.engine.blocks.writer import model_of
from tests.property.engine.seeds import seeds, told

MODELS = 150


def graph(process: ExecutableProcess) -> tuple[Any, ...]:
    """What decides how a process runs, elements named by their ids: a document may tell them in another order."""
    ids = [element.id for element in process.elements]
    flows = {
        element.id: [
            (flow.id, ids[flow.target], flow.condition_text, flow is element.default_flow) for flow in element.outgoing
        ]
        for element in process.elements
    }
    elements = {
        element.id: (
            element.kind,
            element.name,
            element.bpmn_type,
            "" if element.scope < 0 else ids[element.scope],
            type(element.spec),
            [ids[index] for index in element.boundary],
        )
        for element in process.elements
    }
    return process.key, process.name, ids[process.start], elements, flows


@pytest.mark.parametrize("seed", seeds(0, MODELS))
def test_exported_models_are_the_same(seed: int) -> None:
    xml, _ = model_of(random_block(seed, plain=True))
    is_json = seed % 2 == 0
    with told(seed, xml):
        (original,) = load_bpmn(xml).processes
        loaded = load_definitions("m.json" if is_json else "m.yaml", export(xml, original.key, is_json=is_json))
        assert [problem for problem in loaded.problems if problem.severity is Severity.ERROR] == []
        (again,) = loaded.processes
        assert graph(again) == graph(original)


def test_what_documents_cannot_say_is_told() -> None:
    told_of = 0
    for seed in seeds(0, 40):
        xml, _ = model_of(random_block(seed))
        with told(seed, xml):
            for original in load_bpmn(xml).processes:
                try:
                    load_definitions("m.json", export(xml, original.key, is_json=True))
                except NotExpressibleError as refused:
                    told_of += 1
                    assert str(refused)
    assert told_of
