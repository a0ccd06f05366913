"""Functions on lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import DecimalException
from typing import Any

from mesh.feel import decimals
from mesh.feel.calls import call_value, feel
from mesh.feel.comparison import order, same
from mesh.feel.evaluation import Run
from mesh.feel.operators import add, divide
from mesh.feel.values import NUMBERS, Function, YearsMonths


def _of_many(name: str) -> Callable[[Callable[[Run, list[Any]], Any]], Callable[[Run, list[Any]], Any]]:
    """Make a function of a list one of FEEL's, that takes the elements as arguments as well."""

    def register(function: Callable[[Run, list[Any]], Any]) -> Callable[[Run, list[Any]], Any]:
        def call(run: Run, items: list[Any]) -> Any:
            run.spend(len(items))
            return function(run, items)

        feel(name, "list: list")(call)
        feel(name, "...list: any?")(call)
        return function

    return register


@feel("list contains", "list: list, element: any?")
def _contains(run: Run, items: list[Any], element: Any) -> bool:
    run.spend(len(items))
    return any(same(run, item, element) for item in items)


@feel("count", "list: list")
def _count(run: Run, items: list[Any]) -> int:
    return len(items)


def _extreme(run: Run, items: list[Any], wanted: int) -> Any:
    if not items:
        return None
    best = items[0]
    for item in items:
        found = order(item, best)
        if found is None:
            return run.refused("the elements cannot be compared with each other")
        if found == wanted:
            best = item
    return best


@_of_many("min")
def _min(run: Run, items: list[Any]) -> Any:
    return _extreme(run, items, -1)


@_of_many("max")
def _max(run: Run, items: list[Any]) -> Any:
    return _extreme(run, items, 1)


def _total(run: Run, items: list[Any], kinds: frozenset[type] = NUMBERS) -> Any:
    """Return the sum; null where there is nothing, or something of another type."""
    if not items:
        return None
    total = items[0]
    if any(type(item) not in kinds for item in items):
        return run.refused("an element is no number")
    for item in items[1:]:
        total = add(run, total, item)
        if total is None:
            return None
    return total


_SUMMABLE = NUMBERS | {timedelta, YearsMonths}


@_of_many("sum")
def _sum(run: Run, items: list[Any]) -> Any:
    return _total(run, items, _SUMMABLE)


@_of_many("mean")
def _mean(run: Run, items: list[Any]) -> Any:
    total = _total(run, items, _SUMMABLE)
    return None if total is None else divide(run, total, len(items))


@_of_many("product")
def _product(run: Run, items: list[Any]) -> Any:
    if not items or any(type(item) not in NUMBERS for item in items):
        return run.refused("product takes numbers")
    product: Any = 1
    try:
        for item in items:
            product = decimals.multiply(product, item)
    except DecimalException:
        return run.refused("the product is too large")
    return product


@_of_many("median")
def _median(run: Run, items: list[Any]) -> Any:
    if not items or any(type(item) not in NUMBERS for item in items):
        return run.refused("median takes numbers")
    run.spend(4 * len(items))
    ordered, middle = sorted(items), len(items) // 2
    if len(items) % 2:
        return ordered[middle]
    return divide(run, add(run, ordered[middle - 1], ordered[middle]), 2)


@_of_many("stddev")
def _stddev(run: Run, items: list[Any]) -> Any:
    if len(items) < 2 or any(type(item) not in NUMBERS for item in items):
        return run.refused("stddev takes two numbers at least")
    run.spend(4 * len(items))
    try:
        total: Any = 0
        for item in items:
            total = decimals.add(total, item)
        mean, squares = decimals.divide(total, len(items)), decimals.divide(0, 1)
        for item in items:
            difference = decimals.subtract(item, mean)
            squares = decimals.add(squares, decimals.multiply(difference, difference))
        variance = decimals.DECIMAL128.create_decimal(decimals.divide(squares, len(items) - 1))
        return decimals.number(decimals.DECIMAL128.sqrt(variance))
    except DecimalException:
        return run.refused("the numbers are too large")


@_of_many("mode")
def _mode(run: Run, items: list[Any]) -> Any:
    if any(type(item) not in NUMBERS for item in items):
        return run.refused("mode takes numbers")
    run.spend(4 * len(items))
    counts: dict[Any, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(item for item, count in counts.items() if count == most)


def _logic(decisive: bool) -> Callable[[Run, list[Any]], Any]:
    def judge(run: Run, items: list[Any]) -> Any:
        if any(item is decisive for item in items):
            return decisive
        return None if any(type(item) is not bool for item in items) else not decisive

    return judge


_of_many("all")(_logic(False))
_of_many("and")(_logic(False))
_of_many("any")(_logic(True))
_of_many("or")(_logic(True))


@feel("sublist", "list: list, start position: number, length?: number?")
def _sublist(run: Run, items: list[Any], start: Any, length: Any = None) -> Any:
    run.spend(len(items))
    start, length = int(start), None if length is None else int(length)
    if start == 0 or start < -len(items):
        return run.refused("there is no such position")
    first = start - 1 if start > 0 else len(items) + start
    return items[first:] if length is None else items[first : first + max(length, 0)]


@feel("append", "list: list, ...item: any?")
def _append(run: Run, items: list[Any], more: list[Any]) -> list[Any]:
    run.reserve(len(items) + len(more))
    return [*items, *more]


@feel("concatenate", "...list: list")
def _concatenate(run: Run, lists: list[list[Any]]) -> list[Any]:
    run.reserve(sum(map(len, lists)))
    return [item for items in lists for item in items]


@feel("insert before", "list: list, position: number, newItem: any?")
def _insert_before(run: Run, items: list[Any], position: Any, item: Any) -> Any:
    index = _index(items, position, 0 if position == len(items) + 1 else -1)
    if index is None:
        return run.refused("the position is not in the list")
    run.reserve(len(items) + 1)
    return [*items[:index], item, *items[index:]]


def _index(items: list[Any], position: Any, beyond: int = -1) -> int | None:
    position = int(position)
    if position == 0:
        return None
    index = position - 1 if position > 0 else len(items) + position
    return index if 0 <= index <= len(items) + beyond else None


@feel("remove", "list: list, position: number")
def _remove(run: Run, items: list[Any], position: Any) -> Any:
    index = _index(items, position)
    if index is None:
        return run.refused("the position is not in the list")
    run.reserve(len(items))
    return items[:index] + items[index + 1 :]


@feel("list replace", "list: list, position: number, newItem: any?")
def _replace_at(run: Run, items: list[Any], position: Any, item: Any) -> Any:
    index = _index(items, position)
    if index is None:
        return run.refused("the position is not in the list")
    run.reserve(len(items))
    return [*items[:index], item, *items[index + 1 :]]


@feel("list replace", "list: list, match: function, newItem: any?")
def _replace_matching(run: Run, items: list[Any], match: Function, new: Any) -> Any:
    if len(match.parameters) != 2:
        return run.refused("match is a function of the element and the new one")
    run.reserve(len(items))
    answers = [call_value(run, match, [item, new]) for item in items]
    if any(type(answer) is not bool for answer in answers):
        return run.refused("match gives true or false")
    return [new if answer else item for item, answer in zip(items, answers, strict=True)]


@feel("reverse", "list: list")
def _reverse(run: Run, items: list[Any]) -> list[Any]:
    run.reserve(len(items))
    return items[::-1]


@feel("index of", "list: list, match: any?")
def _index_of(run: Run, items: list[Any], match: Any) -> list[int]:
    run.spend(len(items))
    return [index for index, item in enumerate(items, 1) if same(run, item, match)]


def _distinct(run: Run, items: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the values, each once, and those that are there more than once."""
    seen: list[Any] = []
    counts: list[int] = []
    plain: dict[Any, int] = {}
    others: list[int] = []
    for item in items:
        run.spend(1)
        hashable = type(item) in _PLAIN
        key = (type(item) is bool, item)
        if hashable:
            at = plain.get(key)
        else:
            run.spend(len(others))
            at = next((index for index in others if same(run, seen[index], item)), None)
        if at is not None:
            counts[at] += 1
            continue
        if hashable:
            plain[key] = len(seen)
        else:
            others.append(len(seen))
        seen.append(item)
        counts.append(1)
    return seen, [value for value, count in zip(seen, counts, strict=True) if count > 1]


_PLAIN = NUMBERS | {str, bool, type(None)}


@feel("distinct values", "list: list")
def _distinct_values(run: Run, items: list[Any]) -> list[Any]:
    return _distinct(run, items)[0]


@feel("union", "...list: list")
def _union(run: Run, lists: list[list[Any]]) -> list[Any]:
    return _distinct(run, _concatenate(run, lists))[0]


@feel("flatten", "list: list")
def _flatten(run: Run, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    pending = [iter(items)]
    while pending:
        for item in pending[-1]:
            run.spend(1)
            if type(item) is list:
                pending.append(iter(item))
                break
            flat.append(item)
        else:
            pending.pop()
    return flat


@feel("sort", "list: list, precedes: function")
def _sort(run: Run, items: list[Any], precedes: Function) -> Any:
    if len(precedes.parameters) != 2:
        return run.refused("precedes is a function of two elements")
    run.reserve(len(items))

    class _Key:
        __slots__ = ("value",)

        def __init__(self, value: Any) -> None:
            self.value = value

        def __lt__(self, other: _Key) -> bool:
            return call_value(run, precedes, [self.value, other.value]) is True

    return sorted(items, key=_Key)


@feel("sort", "list: list")
def _sort_naturally(run: Run, items: list[Any]) -> Any:
    run.reserve(8 * len(items))
    if items and any(order(item, items[0]) is None for item in items):
        return run.refused("the elements cannot be compared with each other")

    class _Key:
        __slots__ = ("value",)

        def __init__(self, value: Any) -> None:
            self.value = value

        def __lt__(self, other: _Key) -> bool:
            return order(self.value, other.value) == -1

    return sorted(items, key=_Key)


# Camunda's


@feel("duplicate values", "list: list")
def _duplicate_values(run: Run, items: list[Any]) -> list[Any]:
    return _distinct(run, items)[1]


@feel("is empty", "list: list")
def _is_empty(run: Run, items: list[Any]) -> bool:
    return not items


@feel("partition", "list: list, size: number")
def _partition(run: Run, items: list[Any], size: Any) -> Any:
    if type(size) is not int or size < 1:
        return run.refused("a size is a whole number and positive")
    run.reserve(2 * len(items))
    return [items[start : start + size] for start in range(0, len(items), size)]
