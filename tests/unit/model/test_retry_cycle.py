from __future__ import annotations

import pytest

from engine_svc.model.retry_cycle import RetryCycle, read_retry_cycle

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R3/PT10S", RetryCycle(3, (10 * SECOND,))),
        (" R5/PT5M ", RetryCycle(5, (300 * SECOND,))),
        ("R1/P1D", RetryCycle(1, (86_400 * SECOND,))),
        ("R0/PT1S", RetryCycle(1, (SECOND,))),
        ("R/PT1S", RetryCycle(2**31 - 1, (SECOND,))),
        ("PT5S", RetryCycle(2, (5 * SECOND,))),
        ("PT5S,PT1M, PT1H", RetryCycle(4, (5 * SECOND, 60 * SECOND, 3600 * SECOND))),
        ("P1M", RetryCycle(2, (30 * 86_400 * SECOND,))),
        ("4", RetryCycle(4)),
    ],
)
def test_cycles(text: str, expected: RetryCycle) -> None:
    assert read_retry_cycle(text) == expected


@pytest.mark.parametrize(
    "text", ["", "R3", "R3/", "R3/ten", "Rx/PT1S", "soon", "PT5S,", "PT5S,x", "-PT5S", "R3/PT1S/PT2S"]
)
def test_what_is_no_cycle(text: str) -> None:
    assert read_retry_cycle(text) is None
