"""Random documents, made of the format's own shapes."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

from engine_svc.model.documents.format import DOCUMENT, KINDS, RECORDS, SHAPES
from engine_svc.model.documents.shapes import (
    DURATION,
    EXPRESSION,
    Choice,
    Constant,
    Either,
    Flag,
    ListOf,
    MapOf,
    Record,
    Reference,
    Shape,
    Text,
    Whole,
)

_LETTERS = "abcXYZ09 .,:#'\"-_<>&\t\n\r|~\\/éß漢😀\u00a0\u2028\ufeff{}[]$!%@`*?=+"
_WORDS = st.sampled_from(
    ["sales", "no", "~", "1e3", "089", "0x1F", "null", "2030-01-31", "=", "a b", "${x}", "${f(a, b)}"]
)
_STRUCTURE = frozenset({"id", "type", "tasks", "transitions", "timeout", "catch", "default", "from", "to", "$schema"})


def _texts(most: int) -> st.SearchStrategy[str]:
    free = st.text(_LETTERS, min_size=1, max_size=min(most, 30)).filter(lambda text: text.strip(" \t\r\n") != "")
    # White space before a printed expression is the printer's.
    return st.one_of(_WORDS, free.map(lambda text: text.lstrip("\r\n"))).filter(lambda text: text != "*")


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Values that a shape accepts."""
    match shape:
        case Reference():
            return values(SHAPES[shape.name])
        case Flag():
            return st.just(True) if shape.only_true else st.booleans()
        case Whole():
            return st.integers(shape.least, shape.most)
        case Either():
            return st.one_of(values(shape.number), values(shape.text))
        case Choice():
            return st.sampled_from(list(shape.values))
        case Constant():
            return st.just(shape.value)
        case ListOf():
            return st.lists(values(shape.item), min_size=max(shape.least, 1), max_size=3)
        case MapOf():
            return st.dictionaries(values(shape.name), values(shape.value), min_size=1, max_size=3)
        case Record():
            return records(shape)
        case Text() if shape is DURATION:
            return st.sampled_from(["PT10S", "P1DT0.5S", "P2W"])
        case Text() if shape is EXPRESSION:
            return _texts(50).map(lambda text: f"${{{text}}}")
        case Text() if type(shape) is not Text:
            return st.sampled_from(["sales", "${groups(a, b)}", "Ada Lovelace", "漢字"])
        case Text() if shape.most == 64:
            return st.sampled_from(["1.0", "v7", "2030-01-31", "a b"])
        case Text():
            return _texts(shape.most)
    raise AssertionError(shape)


@st.composite
def records(draw: st.DrawFn, record: Record, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Objects that a record accepts."""
    excluded = set(skip)
    for rule in record.one_of:
        keep = draw(st.sampled_from([*rule.names] if rule.required else [*rule.names, ""]))
        excluded |= set(rule.names) - {keep}
    taken = {}
    for name, known in record.properties.items():
        chosen = any(name in rule.names for rule in record.one_of)
        if name not in excluded and (known.required or chosen or draw(st.booleans())):
            taken[name] = draw(values(known.shape))
    return taken


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Whole documents: tasks of every type, some of them nested, in a chain with transitions across."""
    counter = iter(range(10_000))
    document = draw(records(DOCUMENT, _STRUCTURE))
    return {"id": "p", **document, **draw(_bodies(counter, 0))}


@st.composite
def _bodies(draw: st.DrawFn, counter: Any, depth: int, *, begins: bool = False) -> dict[str, Any]:
    names = [kind for kind in KINDS if kind != "START" and (depth < 2 or not KINDS[kind].has_body)]
    kinds = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
    if begins or draw(st.booleans()):
        kinds.insert(0, "START")
    tasks = [draw(_tasks(kind, counter, depth)) for kind in kinds]
    ids = [task["id"] for task in tasks]
    caught: list[str] = []
    for task in tasks:
        if not KINDS[task["type"]].is_activity:
            continue
        # Nothing leads to the first task, where it begins without a START.
        targets = st.sampled_from(ids[1:]) if ids[1:] else None
        if targets is not None and draw(st.booleans()):
            task["timeout"] = {"after": draw(_texts(30)), "to": draw(targets)}
        if draw(st.booleans()):
            task["catch"] = draw(st.lists(records(_CATCH, _STRUCTURE), min_size=1, max_size=2))
        for entry in task.get("catch", []):
            if draw(st.booleans()):
                entry["id"] = f"c{next(counter)}"
                caught.append(entry["id"])
            if targets is not None and draw(st.booleans()):
                entry["to"] = draw(targets)
    ends = list(itertools.pairwise(ids))
    if ids[1:]:
        ends += draw(st.lists(st.tuples(st.sampled_from([*ids, *caught]), st.sampled_from(ids[1:])), max_size=3))
    transitions = []
    defaulted: set[str] = set()
    deciding = {task["id"] for task in tasks if KINDS[task["type"]].is_activity or KINDS[task["type"]].has_default}
    for source, target in ends:
        transition = {"from": source, "to": target, **draw(records(_TRANSITION, _STRUCTURE))}
        if draw(st.booleans()):
            transition["id"] = f"flow-{next(counter)}"
        if source in deciding and source not in defaulted and draw(st.booleans()):
            defaulted.add(source)
            transition["default"] = True
        transitions.append(transition)
    return {"tasks": tasks, "transitions": transitions}


@st.composite
def _tasks(draw: st.DrawFn, kind: str, counter: Any, depth: int) -> dict[str, Any]:
    task: dict[str, Any] = {
        "id": f"{draw(st.sampled_from(['t', '_', 'é', '漢', 'a.to.b-']))}{next(counter)}",
        "type": kind,
    }
    task |= draw(records(RECORDS[kind], _STRUCTURE))
    if KINDS[kind].has_body:
        # An event sub-process stands apart from the chain.
        task.pop("triggeredByEvent", None)
        task |= draw(_bodies(counter, depth + 1))
    return task


_CATCH = SHAPES["catch"]
_TRANSITION = SHAPES["transition"]
assert isinstance(_CATCH, Record)
assert isinstance(_TRANSITION, Record)
