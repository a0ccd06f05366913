"""Every case of the suite."""

from __future__ import annotations

import pytest

from tests.conformance.case import Case, all_cases
from tests.conformance.pure_driver import PureDriver
from tests.conformance.running import run_case

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_steps_of_the_runtime(case: Case) -> None:
    driver = PureDriver()
    try:
        await run_case(case, driver)
    finally:
        await driver.close()
