"""Random BPMN models as documents: loaded from JSON or YAML they are the model that they were."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine_svc.compile.executable import ExecutableProcess
from engine_svc.compile.load import load_bpmn, load_definitions
from engine_svc.model.documents.export import export
from engine_svc.model.problem import Severity
from tests.property.engine.models import blocks, model_of

RANDOM_MODELS = settings(max_examples=250, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


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


@RANDOM_MODELS
@given(block=blocks(), is_json=st.booleans())
def test_exported_models_are_the_same(block: object, is_json: bool) -> None:
    xml, _ = model_of(block)
    (original,) = load_bpmn(xml).processes
    loaded = load_definitions("m.json" if is_json else "m.yaml", export(xml, original.key, is_json=is_json))
    assert [problem for problem in loaded.problems if problem.severity is Severity.ERROR] == []
    (again,) = loaded.processes
    assert graph(again) == graph(original)
