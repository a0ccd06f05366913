from __future__ import annotations

from engine_svc.compile.executable import ElementKind
from engine_svc.compile.load import load_bpmn
from tests.unit.bpmn_models import real_model
from tests.unit.model.findings import errors


def test_flowable_vacation_request_loads() -> None:
    result = load_bpmn(real_model("flowable-vacation-request.bpmn20.xml"))
    assert result.is_valid
    assert {problem.rule.value for problem in result.problems} == {"NOT_IN_EFFECT"}
    (process,) = result.processes
    assert process.key == "vacationRequest"
    assert [element.kind for element in process.elements].count(ElementKind.USER_TASK) == 2


def test_camunda_invoice_is_refused_for_its_decision_table() -> None:
    found = errors(real_model("camunda7-invoice.bpmn"))
    assert ("ELEMENT_NOT_SUPPORTED", "assignApprover") in found
    # Due dates computed by functions of Camunda's own may not compile.
    assert {rule for rule, _ in found} <= {"ELEMENT_NOT_SUPPORTED", "EXPRESSION_SYNTAX"}
