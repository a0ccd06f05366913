from __future__ import annotations

from engine_svc.compile.texts import tolerant
from engine_svc.expressions import is_constant
from tests.unit.expressions.variables import Variables


def test_text_for_people_stays_as_written_where_it_cannot_be_evaluated() -> None:
    evaluate = tolerant("Check ${name}")
    assert evaluate(Variables(name="Bo")) == "Check Bo"
    assert evaluate(Variables()) == "Check ${name}"
    for text in ("Check ${name", "= not FEEL here", "${foo()}"):
        assert is_constant(tolerant(text))
        assert tolerant(text)(Variables()) == text
