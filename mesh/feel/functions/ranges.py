"""Relations of points and ranges (DMN 1.4, table 78). A bound that is not there lies beyond everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mesh.feel.calls import feel
from mesh.feel.closures import folded
from mesh.feel.comparison import holds, order
from mesh.feel.evaluation import Run
from mesh.feel.limits import MAX_NUMERAL_LENGTH
from mesh.feel.nodes import Literal, RangeLiteral
from mesh.feel.syntax import parse_expression
from mesh.feel.tokens import ParseError
from mesh.feel.values import Range

_SIDE = {"start": -1, "end": 1}


class _NotOrdered(Exception):
    """Two values cannot be compared."""


def _compare(left: Any, left_side: str, right: Any, right_side: str) -> int:
    """Compare two bounds; one that is not there is before, or behind, all others."""
    if left is None or right is None:
        one = _SIDE[left_side] if left is None else 0
        other = _SIDE[right_side] if right is None else 0
        return (one > other) - (one < other)
    found = order(left, right)
    if found is None:
        raise _NotOrdered
    return found


def _end_start(left: Range, right: Range) -> int:
    return _compare(left.end, "end", right.start, "start")


def _starts(left: Range, right: Range) -> int:
    return _compare(left.start, "start", right.start, "start")


def _ends(left: Range, right: Range) -> int:
    return _compare(left.end, "end", right.end, "end")


def _relation(name: str, signature: str) -> Callable[[Callable[[Any, Any], bool]], Callable[[Any, Any], bool]]:
    def register(relate: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
        @feel(name, signature)
        def _related(run: Run, left: Any, right: Any) -> Any:
            try:
                return relate(left, right)
            except _NotOrdered:
                return run.refused(f"{name} cannot compare the two")

        return relate

    return register


@_relation("before", "point1: point, point2: point")
def _point_before_point(left: Any, right: Any) -> bool:
    return _compare(left, "start", right, "start") < 0


@_relation("before", "point: point, range: range")
def _point_before(point: Any, range_: Range) -> bool:
    found = _compare(point, "end", range_.start, "start")
    return found < 0 or (found == 0 and not range_.start_included)


@_relation("before", "range: range, point: point")
def _before_point(range_: Range, point: Any) -> bool:
    found = _compare(range_.end, "end", point, "start")
    return found < 0 or (found == 0 and not range_.end_included)


@_relation("before", "range1: range, range2: range")
def _before(left: Range, right: Range) -> bool:
    found = _end_start(left, right)
    return found < 0 or (found == 0 and not (left.end_included and right.start_included))


@_relation("after", "point1: point, point2: point")
def _point_after_point(left: Any, right: Any) -> bool:
    return _point_before_point(right, left)


@_relation("after", "point: point, range: range")
def _point_after(point: Any, range_: Range) -> bool:
    return _before_point(range_, point)


@_relation("after", "range: range, point: point")
def _after_point(range_: Range, point: Any) -> bool:
    return _point_before(point, range_)


@_relation("after", "range1: range, range2: range")
def _after(left: Range, right: Range) -> bool:
    return _before(right, left)


@_relation("meets", "range1: range, range2: range")
def _meets(left: Range, right: Range) -> bool:
    return left.end_included and right.start_included and _end_start(left, right) == 0


@_relation("met by", "range1: range, range2: range")
def _met_by(left: Range, right: Range) -> bool:
    return _meets(right, left)


@_relation("overlaps", "range1: range, range2: range")
def _overlaps(left: Range, right: Range) -> bool:
    return not _before(left, right) and not _before(right, left)


@_relation("overlaps before", "range1: range, range2: range")
def _overlaps_before(left: Range, right: Range) -> bool:
    starts, ends = _starts(left, right), _ends(left, right)
    first = starts < 0 or (starts == 0 and left.start_included and not right.start_included)
    last = ends < 0 or (ends == 0 and (not left.end_included or right.end_included))
    return first and last and not _before(left, right)


@_relation("overlaps after", "range1: range, range2: range")
def _overlaps_after(left: Range, right: Range) -> bool:
    starts, ends = _starts(left, right), _ends(left, right)
    first = starts > 0 or (starts == 0 and right.start_included and not left.start_included)
    last = ends > 0 or (ends == 0 and (left.end_included or not right.end_included))
    return first and last and not _before(right, left)


@_relation("finishes", "point: point, range: range")
def _point_finishes(point: Any, range_: Range) -> bool:
    return range_.end_included and _compare(point, "end", range_.end, "end") == 0


@_relation("finishes", "range1: range, range2: range")
def _finishes(left: Range, right: Range) -> bool:
    starts = _starts(left, right)
    inside = starts > 0 or (starts == 0 and (not left.start_included or right.start_included))
    return left.end_included is right.end_included and _ends(left, right) == 0 and inside


@_relation("finished by", "range: range, point: point")
def _finished_by_point(range_: Range, point: Any) -> bool:
    return _point_finishes(point, range_)


@_relation("finished by", "range1: range, range2: range")
def _finished_by(left: Range, right: Range) -> bool:
    return _finishes(right, left)


@feel("includes", "range: range, point: point")
def _includes_point(run: Run, range_: Range, point: Any) -> Any:
    return holds(range_, point)


@_relation("includes", "range1: range, range2: range")
def _includes(left: Range, right: Range) -> bool:
    starts, ends = _starts(left, right), _ends(left, right)
    first = starts < 0 or (starts == 0 and (left.start_included or not right.start_included))
    last = ends > 0 or (ends == 0 and (left.end_included or not right.end_included))
    return first and last


@feel("during", "point: point, range: range")
def _point_during(run: Run, point: Any, range_: Range) -> Any:
    return holds(range_, point)


@_relation("during", "range1: range, range2: range")
def _during(left: Range, right: Range) -> bool:
    return _includes(right, left)


@_relation("starts", "point: point, range: range")
def _point_starts(point: Any, range_: Range) -> bool:
    return range_.start_included and _compare(point, "start", range_.start, "start") == 0


@_relation("starts", "range1: range, range2: range")
def _starts_range(left: Range, right: Range) -> bool:
    ends = _ends(left, right)
    inside = ends < 0 or (ends == 0 and (not left.end_included or right.end_included))
    return left.start_included is right.start_included and _starts(left, right) == 0 and inside


@_relation("started by", "range: range, point: point")
def _started_by_point(range_: Range, point: Any) -> bool:
    return _point_starts(point, range_)


@_relation("started by", "range1: range, range2: range")
def _started_by(left: Range, right: Range) -> bool:
    return _starts_range(right, left)


@_relation("coincides", "point1: point, point2: point")
def _points_coincide(left: Any, right: Any) -> bool:
    return _compare(left, "start", right, "start") == 0


@_relation("coincides", "range1: range, range2: range")
def _coincides(left: Range, right: Range) -> bool:
    return (
        _starts(left, right) == 0
        and _ends(left, right) == 0
        and left.start_included is right.start_included
        and left.end_included is right.end_included
    )


@feel("range", "from: string")
def _range(run: Run, text: str) -> Any:
    # Reading costs as much as some hundred steps.
    run.spend(500)
    found = _parsed_range(text) if len(text) <= MAX_NUMERAL_LENGTH else None
    if found is None:
        return run.refused(f"{text[:40]!r} is no range")
    return found


def _parsed_range(text: str) -> Range | None:
    """Return the range that `text` is, whose bounds are literals."""
    try:
        node = parse_expression(text)
    except ParseError:
        return None
    if not isinstance(node, RangeLiteral):
        return None
    start, end = folded(node.start), folded(node.end)
    if not isinstance(start, Literal) or not isinstance(end, Literal):
        return None
    low, high = start.value, end.value
    if low is None and high is None:
        return None
    if low is not None and high is not None and order(low, high) not in (-1, 0):
        return None
    if (low is None and node.start_included) or (high is None and node.end_included):
        return None
    return Range(low, high, node.start_included, node.end_included)
