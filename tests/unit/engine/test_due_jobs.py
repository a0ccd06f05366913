"""Back-off of timers and asynchronous jobs, and what is kept of their errors."""

from __future__ import annotations

import pytest

from engine_svc.commands.due_jobs import backoff_micros
from engine_svc.commands.failure_details import MAX_DETAILS, MAX_MESSAGE, details_of, message_of, reason_of
from engine_svc.settings import EngineSettings
from mesh.clock import ControlledClock, SystemClock
from mesh.errors import WrongState
from mesh.settings import SettingsError

SECOND = 1_000_000


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (1000, 3600)])
def test_without_waits_they_double_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert backoff_micros("", attempts) == seconds * SECOND


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 60), (3, 60), (9, 60)])
def test_the_last_wait_counts_for_all_that_follow(attempts: int, seconds: int) -> None:
    assert backoff_micros(f"{5 * SECOND},{60 * SECOND}", attempts) == seconds * SECOND


def fail() -> None:
    prices: dict[str, int] = {}
    try:
        prices["price"]
    except KeyError as error:
        raise WrongState("EXPRESSION_FAILED", "price is not set") from error


def test_details_name_causes_and_places_but_no_folders() -> None:
    with pytest.raises(WrongState) as raised:
        fail()
    details = details_of(raised.value)
    assert details.startswith("EXPRESSION_FAILED: price is not set\n")
    assert "caused by INTERNAL: KeyError: 'price'" in details
    assert f"{__name__}.fail, line" in details
    assert "/" not in details


def test_texts_are_bounded() -> None:
    error = ValueError("x" * 50_000)
    assert len(message_of(error)) == MAX_MESSAGE
    assert len(details_of(error)) <= MAX_DETAILS
    assert reason_of(error) == "INTERNAL"


def test_a_controlled_clock_runs_until_it_is_turned() -> None:
    clock, machine = ControlledClock(), SystemClock()
    assert abs(clock.now_micros() - machine.now_micros()) < SECOND
    assert not clock.stopped
    clock.turn_to(5)
    assert (clock.now_micros(), clock.stopped) == (5, True)
    clock.reset()
    assert abs(clock.now_micros() - machine.now_micros()) < SECOND


def test_a_shared_database_refuses_a_controlled_clock() -> None:
    shared = "mariadb://u:p@db/engine"
    with pytest.raises(SettingsError, match="FLOWMESH_CLOCK_FORCED"):
        EngineSettings(clock="controlled", database_url=shared)
    assert not EngineSettings(clock="controlled", database_url=shared, clock_forced=True).runs_jobs
    assert EngineSettings(database_url=shared).runs_jobs
    assert EngineSettings(clock="controlled", background_jobs="on").runs_jobs
    assert not EngineSettings(background_jobs="off").runs_jobs


@pytest.mark.parametrize("text", ["mail", "mail,payment-*", "*", ""])
def test_patterns_of_job_types_for_the_bus(text: str) -> None:
    settings = EngineSettings(event_job_types=text)
    assert settings.event_job_patterns == tuple(text.split(",") if text else ())


@pytest.mark.parametrize("text", ["a b", "*mail", "ma*il", "mail, payment"])
def test_what_is_no_pattern_of_job_types(text: str) -> None:
    with pytest.raises(SettingsError, match="FLOWMESH_EVENT_JOB_TYPES"):
        EngineSettings(event_job_types=text)
