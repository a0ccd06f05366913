"""Runs a case on a driver and compares what is seen with what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.conformance.case import Case, Step
from tests.conformance.driver import Driver, Failed, Outcome, Refused, Seen
from tests.unit.bpmn_models import definitions

LISTS = {
    "open": "open",
    "jobs": "jobs",
    "timers": "timers",
    "async": "async_jobs",
    "waiting": "waiting",
    "enabled": "enabled",
}
AFTER_ERROR: dict[str, Any] = {
    "open": [],
    "jobs": [],
    "timers": [],
    "async": [],
    "waiting": [],
    "variables": {},
    "activities": {},
}
"""What is looked at before and after a command that is to fail."""


async def run_case(case: Case, driver: Driver) -> None:
    """Run a case to its end. Raises `AssertionError`, `CannotDo`."""
    files = [definitions(model) for model in case.models]
    if case.refused:
        await _refused(case, driver, files)
        return
    warnings = await driver.deploy(files)
    missing = [rule for rule in case.warned if rule not in warnings]
    assert not missing, f"not warned of {missing}, but of {warnings}"
    for number, step in enumerate(case.steps, 1):
        await _run_step(f"step {number} ({step.verb} {step.subject})", step, driver)


async def _refused(case: Case, driver: Driver, files: list[bytes]) -> None:
    try:
        await driver.deploy(files)
    except Refused as refused:
        missing = [rule for rule in case.refused if rule not in refused.rules]
        assert not missing, f"not refused for {missing}, but for {refused.rules}"
        return
    raise AssertionError("the deployment was accepted")


async def _run_step(where: str, step: Step, driver: Driver) -> None:
    reason = step.expected.get("error")
    before = await driver.see(None, AFTER_ERROR) if reason else None
    outcome = Outcome()
    try:
        outcome = await driver.do(step)
    except Failed as failed:
        if reason is None:
            raise AssertionError(f"{where} failed: {failed}") from failed
        assert failed.reason == reason, f"{where} failed for another reason: {failed}"
        after = await driver.see(None, AFTER_ERROR)
        assert after == before, f"{where} failed and changed something"
    else:
        assert reason is None, f"{where} did not fail"
    for key in ("caught", "fired"):
        if key in step.expected:
            assert getattr(outcome, key) == step.expected[key], f"{where}: {key} is {getattr(outcome, key)}"
    expected = {key: value for key, value in step.expected.items() if key not in ("error", "caught", "fired")}
    of_instances: Mapping[str, Mapping[str, Any]] = expected.pop("instances", {})
    if expected:
        compare(where, expected, await driver.see(None, expected))
    for name, of_one in of_instances.items():
        compare(f"{where}, instance {name}", of_one, await driver.see(name, of_one))


def compare(where: str, expected: Mapping[str, Any], seen: Seen) -> None:
    """Compare what is expected with what is seen. Raises `AssertionError`."""
    found: dict[str, tuple[Any, Any]] = {}
    for key, value in expected.items():
        wanted, got = _both(key, value, seen)
        if wanted != got:
            found[key] = (wanted, got)
    lines = [f"  {key}: expected {wanted}\n  {' ' * len(key)}       seen {got}" for key, (wanted, got) in found.items()]
    assert not found, "\n".join([f"{where}:", *lines])


def _both(key: str, value: Any, seen: Seen) -> tuple[Any, Any]:
    """Return what is expected and what is seen in a form that can be compared."""
    if key in LISTS:
        return sorted(value), sorted(getattr(seen, LISTS[key]))
    match key:
        case "subscriptions":
            return sorted(value), sorted(seen.subscriptions)
        case "variables":
            return value, {name: seen.variables.get(name, "(absent)") for name in value}
        case "absent":
            return [], [name for name in value if name in seen.variables]
        case "activities":
            return value, {element: seen.begun[element] for element in value}
        case "completed":
            return value, seen.completed
        case "order":
            return value, [element for element in seen.completed if element in value]
        case "incidents":
            return _incidents(value, seen)
        case "local" | "tasks" | "headers" | "inputs":
            there: Mapping[str, Mapping[str, Any]] = getattr(seen, key)
            got = {
                element: {name: there[element].get(name, "(absent)") for name in wanted}
                if element in there
                else "(none)"
                for element, wanted in value.items()
            }
            return value, got
        case "retries" | "types" | "priorities":
            of_elements: Mapping[str, Any] = getattr(seen, key)
            return value, {element: of_elements.get(element) for element in value}
        case _:
            return value, getattr(seen, key)


def _incidents(wanted: list[dict[str, str]], seen: Seen) -> tuple[Any, Any]:
    if len(wanted) != len(seen.incidents):
        return wanted, seen.incidents
    for one, other in zip(wanted, seen.incidents, strict=True):
        for key, text in one.items():
            fits = text in other[key] if key == "message" else text == other[key]
            if not fits:
                return wanted, seen.incidents
    return wanted, wanted
