"""Tokens that begin somewhere else than at a start event: what modifications and migrations put where.

A placement is kept as JSON values, so that it outlives a wait: a sub-process that is entered on the way to an element
begins as it always does, with its listeners and boundary events, and only then looks where to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine_svc.compile.executable import PROCESS_SCOPE, Element, ElementKind, ExecutableProcess
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token
from mesh.errors import WrongState

BEFORE = "before"
AFTER = "after"
FLOW = "flow"

INNER = "inner"
"""In the detail of a token: where to begin inside the sub-process that it enters."""
CALLED = "called"
"""In the detail of a token: where to begin inside the process that it calls."""
SKIP_INPUTS = "skip_inputs"
"""In the detail of a token: input mappings are left out."""

Placement = dict[str, Any]
_JOINS = frozenset({ElementKind.PARALLEL_GATEWAY, ElementKind.INCLUSIVE_GATEWAY, ElementKind.COMPLEX_GATEWAY})


def placement(
    element_id: str,
    at: str = BEFORE,
    *,
    flow_id: str = "",
    local: dict[str, Any] | None = None,
    sources: Sequence[str] = (),
    called: Sequence[str] = (),
    skip_listeners: bool = False,
    skip_mappings: bool = False,
) -> Placement:
    """Return the placement of a token before or after an element, or on a flow that leads out of it.

    `local`: variables of its activity. `sources`: the elements it comes from. `called`: elements of the called process
    where a call activity begins.
    """
    made: Placement = {"element": element_id, "at": at}
    for name, value in (
        ("flow", flow_id),
        ("local", local),
        ("sources", list(sources)),
        (CALLED, list(called)),
        ("skip_listeners", skip_listeners),
        ("skip_mappings", skip_mappings),
    ):
        if value:
            made[name] = value
    return made


def entering(element_id: str, *, skip_listeners: bool = False, skip_mappings: bool = False) -> Placement:
    """Return the placement that enters a sub-process on the way to what is put into its `INNER`."""
    made = placement(element_id, skip_listeners=skip_listeners, skip_mappings=skip_mappings)
    made[INNER] = []
    return made


def placements_of(process: ExecutableProcess, element_ids: Sequence[str]) -> list[Placement]:
    """Return where a new instance begins at elements, through the sub-processes around them, which they share.

    Raises `WrongState` (ELEMENT_NOT_FOUND).
    """
    found: list[Placement] = []
    entered: dict[int, Placement] = {}
    for element_id in element_ids:
        index = process.by_id.get(element_id)
        if index is None:
            raise WrongState(
                "ELEMENT_NOT_FOUND",
                f"process {process.key} has no element {element_id}",
                metadata={"element_id": element_id, "key": process.key},
            )
        made = placement(element_id)
        scope = process.elements[index].scope
        while scope != PROCESS_SCOPE and scope not in entered:
            around = entered[scope] = entering(process.elements[scope].id)
            around[INNER].append(made)
            made, scope = around, process.elements[scope].scope
        (found if scope == PROCESS_SCOPE else entered[scope][INNER]).append(made)
    return found


def place(execution: Execution, scope_key: int, made: Placement) -> None:
    """Put a token into a scope. Raises `WrongState` (NO_OUTGOING_FLOW, EXPRESSION_FAILED)."""
    instance = execution.instance
    process = instance.definition.process
    element = execution.elements[process.by_id[made["element"]]]
    token = Token(scope_key, element.index)
    instance.scopes[scope_key].live_tokens += 1
    if made["at"] == FLOW:
        execution.take(token, next(flow for flow in element.outgoing if flow.id == made["flow"]))
        return
    if made["at"] == AFTER:
        execution.leave(token, element)
        return
    if element.kind in _JOINS and len(element.incoming) > 1:
        token.flow = _free_flow(execution, token, element, made.get("sources", ()))
    detail = _detail(element, made)
    if not detail and not made.get("local"):
        execution.agenda.append(token)
        return
    execution.wait(token)
    token.detail = detail or None
    if made.get("local"):
        execution.open_scope(token.key, scope_key, made["local"])
    token.stage = Stage.STARTING
    execution.agenda.append(token)


def place_all(execution: Execution, scope_key: int, token: Token) -> bool:
    """Begin where a token that has entered a sub-process was told to; False where it was told nothing."""
    made = taken(token, INNER)
    for one in made:
        place(execution, scope_key, one)
    return bool(made)


def taken(token: Token, name: str) -> list[Any]:
    """Take a list out of the detail of a token; empty where it has none."""
    if not token.detail or name not in token.detail:
        return []
    found: list[Any] = token.detail[name]
    token.detail = {key: value for key, value in token.detail.items() if key != name} or None
    token.encoded = None
    return found


def _detail(element: Element, made: Placement) -> dict[str, Any]:
    detail: dict[str, Any] = {name: made[name] for name in (INNER, CALLED) if made.get(name)}
    wrapping = element.wrapping
    if wrapping is not None and wrapping.start_listeners and made.get("skip_listeners"):
        detail["listener"] = len(wrapping.start_listeners)
    if wrapping is not None and wrapping.inputs and made.get("skip_mappings"):
        detail[SKIP_INPUTS] = True
    return detail


def _free_flow(execution: Execution, token: Token, element: Element, sources: Sequence[str]) -> int:
    """Return the flow that a token at a join stands for: one that has no token yet, best one from where it was."""
    waiting = execution.instance.arrivals.get((token.scope_key, element.index), [])
    coming = [other for other in execution.agenda if other.element == element.index]
    filled = {other.flow for other in (*waiting, *coming) if other.scope_key == token.scope_key}
    free = [flow for flow in element.incoming if flow.index not in filled] or list(element.incoming)
    elements = execution.elements
    return next((flow.index for flow in free if elements[flow.source].id in sources), free[0].index)
