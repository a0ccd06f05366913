"""What loops go through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from mesh.feel.errors import WarningKind
from mesh.feel.evaluation import Evaluate, Run, Scope
from mesh.feel.values import Range, type_name

Loops = list[tuple[str, Evaluate, Evaluate | None]]
"""For each loop its name, what it goes through, and the end where that is `start..end`."""

_DAY = timedelta(days=1)


def scopes(scope: Scope, loops: Loops, index: int = 0) -> Iterator[Scope | None]:
    """Yield a scope for each round of the loops; None, and no more, where there is nothing to go through."""
    name, domain, end = loops[index]
    values = _domain(scope, domain(scope), None if end is None else (end(scope),))
    if values is None:
        yield None
        return
    last = index == len(loops) - 1
    for value in values:
        inner = Scope({name: value}, scope)
        if last:
            yield inner
        else:
            scope.run.spend(1)
            for found in scopes(inner, loops, index + 1):
                yield found
                if found is None:
                    return


def _domain(scope: Scope, start: Any, end: tuple[Any] | None) -> Any:
    """Return what a loop goes through; None where it is nothing."""
    run = scope.run
    if end is not None:
        return _steps(run, Range(start, end[0], True, True))
    if type(start) is list:
        return start
    if type(start) is Range:
        return _steps(run, start)
    return run.null(WarningKind.INVALID_TYPE, f"a loop goes through a list or a range, not a {type_name(start)}")


def _steps(run: Run, range_: Range) -> Any:
    """Return the whole numbers, or the days, of a range, downwards where it ends before it starts."""
    start, end = range_.start, range_.end
    if type(start) is date and type(end) is date:
        days = _steps(run, Range(0, (end - start) // _DAY, range_.start_included, range_.end_included))
        return [start + day * _DAY for day in days]
    if type(start) is not int or type(end) is not int:
        kinds = f"{type_name(start)} to {type_name(end)}"
        return run.null(WarningKind.INVALID_TYPE, f"a loop goes through whole numbers or dates, not from {kinds}")
    step = 1 if start <= end else -1
    first = start if range_.start_included else start + step
    last = end if range_.end_included else end - step
    numbers = range(first, last + step, step)
    run.reserve(abs(last - first) + 1)
    return numbers
