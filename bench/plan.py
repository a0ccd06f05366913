"""How much is measured, and what has to come out."""

from __future__ import annotations

from dataclasses import dataclass

IN_FLIGHT = (1, 8, 32, 128)
JUDGED_AT = 32


@dataclass(slots=True, frozen=True)
class Plan:
    """`seconds` of each window; the best of `rounds` windows is shown."""

    in_flight: tuple[int, ...] = IN_FLIGHT
    seconds: float = 3.0
    rounds: int = 3


FULL = Plan()
QUICK = Plan(in_flight=(1, JUDGED_AT), seconds=1.0, rounds=3)


@dataclass(slots=True, frozen=True)
class Target:
    """What a figure must reach: `least` of `unit`."""

    name: str
    least: float
    unit: str


W1_SQLITE = Target(f"W1 on SQLite at {JUDGED_AT} in flight", 0.55, "of echo")
W1_MARIADB = Target(f"W1 on MariaDB at {JUDGED_AT} in flight", 0.45, "of echo")
SIGNED = Target(f"W1 by REST, signed in, at {JUDGED_AT} in flight", 0.75, "of not")
BATCH_START = Target("batch start of 100 on SQLite", 10_000, "instances/s")
W3 = Target("W3 on SQLite", 2_500, "tasks/s")
