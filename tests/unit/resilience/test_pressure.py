"""When back-pressure begins and ends."""

from __future__ import annotations

import pytest

from mesh.metrics import Metrics
from mesh.resilience.pressure import BackPressure, Demand, Watched


class Behind:
    """Something that is as far behind as the test says."""

    def __init__(self) -> None:
        self.value = 0.0

    def read(self) -> float:
        return self.value


def test_levels_begin_at_the_bound_and_end_well_below() -> None:
    behind = Behind()
    pressure = BackPressure([Watched("database", "{value:g} s behind", 2.0, behind.read)])
    found = []
    for value in (0, 1.9, 2, 1.5, 1.1, 1.0, 1.9, 3.9, 4, 3, 2.1, 2.0, 1.1, 1, 9, 0.5):
        behind.value = value
        pressure.look()
        found.append(pressure.level)
    assert found == [0, 0, 1, 1, 1, 0, 0, 1, 2, 2, 2, 1, 1, 0, 2, 0]


def test_the_worst_of_several_counts_and_is_named() -> None:
    first, second = Behind(), Behind()
    metrics = Metrics()
    pressure = BackPressure(
        [
            Watched("database", "the database is {value:g} s behind", 1.0, first.read),
            Watched("relay", "the relay is {value:g} s behind", 10.0, second.read),
        ],
        metrics=metrics,
    )
    first.value, second.value = 1.5, 30
    pressure.look()
    assert pressure.level == 2
    error = pressure.refusal(1.0)
    assert (error.reason, error.message) == ("BACKPRESSURE", "the relay is 30 s behind; come back later")
    assert 1 <= error.retry_after_seconds <= 2
    shown = metrics.exposition()[0].decode()
    assert 'flowmesh_backpressure_level{source="relay"} 2.0' in shown
    assert 'flowmesh_backpressure_value_ratio{source="database"} 1.5' in shown


@pytest.mark.parametrize(("level", "refused"), [(0, []), (1, ["NEW_WORK"]), (2, ["NEW_WORK", "WORK"])])
def test_what_a_level_refuses(level: int, refused: list[str]) -> None:
    assert [demand.name for demand in Demand if level >= demand] == refused


def test_without_anything_to_watch_nothing_is_refused() -> None:
    pressure = BackPressure()
    pressure.look()
    assert pressure.level == 0
