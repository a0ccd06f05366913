"""The support matrix says what the conformance suite shows. Renew it with `python -m tests.conformance.matrix`."""

from __future__ import annotations

from tests.conformance.case import all_cases
from tests.conformance.matrix import PAGE, page

LEAST_CASES = 400


def test_the_matrix_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(all_cases())


def test_every_element_is_shown_by_a_case() -> None:
    assert "not shown" not in page(all_cases())


def test_the_suite_is_as_large_as_promised() -> None:
    assert len(all_cases()) >= LEAST_CASES
