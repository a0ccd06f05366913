"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.plan import Target
from bench.points import Point, Throughput


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return columns, the first one to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join((row[0].ljust(widths[0]), *cells[1:])).rstrip())
    lines.insert(1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def points_table(points: Sequence[Point]) -> str:
    """Return the table of what was called."""
    head = ("", "in flight", "units/s", "calls/s", "p50 ms", "p99 ms", "server µs", "spread", "of echo")
    rows = []
    for point in points:
        best, ratio = point.best, point.ratio
        rows.append(
            (
                point.workload,
                str(point.in_flight),
                f"{best.rate:,.0f}",
                f"{best.rate * point.calls:,.0f}",
                f"{best.p50:.2f}",
                f"{best.p99:.2f}",
                f"{best.server_micros:,.0f}",
                f"{point.spread:.0%}",
                "" if ratio is None else f"{ratio:.0%}",
            )
        )
    return table(head, rows)


def throughput_table(figures: Sequence[Throughput]) -> str:
    """Return the table of what was done in bulk."""
    rows = [(f.workload, f"{f.best:,.0f} {f.unit}", f"{f.spread:.0%}") for f in figures]
    return table(("", "rate", "spread"), rows)


@dataclass(slots=True, frozen=True)
class Verdict:
    """A target and what was reached."""

    target: Target
    reached: float

    @property
    def met(self) -> bool:
        """Whether the target was reached."""
        return self.reached >= self.target.least

    def as_json(self) -> dict[str, object]:
        """Return everything, for programs."""
        return {
            "target": self.target.name,
            "least": self.target.least,
            "unit": self.target.unit,
            "reached": self.reached,
            "met": self.met,
        }


def verdicts_table(verdicts: Sequence[Verdict]) -> str:
    """Return the table of the targets."""
    rows = [
        (
            verdict.target.name,
            _amount(verdict.target.least, verdict.target.unit),
            _amount(verdict.reached, verdict.target.unit),
            "pass" if verdict.met else "MISS",
        )
        for verdict in verdicts
    ]
    return table(("target", "at least", "reached", ""), rows)


def _amount(value: float, unit: str) -> str:
    return f"{value:.0%} {unit}" if unit.startswith("of ") else f"{value:,.0f} {unit}"
