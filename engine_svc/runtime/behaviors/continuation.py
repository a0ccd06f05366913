"""Cutting a step that gets too long: what has not moved yet stays where it is, and one job lets it all go on.

The job belongs to a carrier, a token of the instance that stands for no activity and that nothing in the model ends
but the end of the instance. Its tokens go on in the order in which they would have, as if there had been no cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine_svc.compile.executable import RetrySpec
from engine_svc.runtime.changes import JobKind, NewJob
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import HIDDEN, ROOT_SCOPE, Stage, Token, Wait

_CUT = "cut"
_MOVING = "moving"


def cut(execution: Execution, held: Sequence[Token]) -> None:
    """Let tokens that were about to move wait for a job of the instance."""
    carrier = Token(ROOT_SCOPE, held[0].element)
    carrier.host = ROOT_SCOPE
    carrier.stage = Stage.CARRYING
    execution.wait(carrier, Wait.ASYNC_JOB)
    keys = []
    for token in held:
        mark: dict[str, Any] = {_CUT: carrier.key}
        if not token.key:
            if token.stage is Stage.ACTIVE or token.stage in HIDDEN:
                # It is in no activity.
                mark[_MOVING] = int(token.stage)
            if token.stage is Stage.ACTIVE:
                token.stage = Stage.BEFORE
            execution.wait(token)
        token.detail = {**(token.detail or {}), **mark}
        token.encoded = None
        keys.append(token.key)
    carrier.detail = {"tokens": keys}
    execution.changes.new_jobs.append(
        NewJob(
            carrier.key,
            execution.elements[carrier.element].id,
            "",
            RetrySpec().tries,
            0,
            {},
            {},
            kind=JobKind.ASYNC,
            due_micros=execution.now,
        )
    )


def is_cut(token: Token) -> bool:
    """Say whether a token waits to go on behind a cut, by itself."""
    return token.detail is not None and _CUT in token.detail


def go_on(execution: Execution, carrier: Token) -> None:
    """The job is done: put the tokens that are still there on the agenda again."""
    tokens = execution.instance.tokens
    assert carrier.detail is not None
    keys, carrier_key = carrier.detail["tokens"], carrier.key
    execution.withdraw(carrier)
    for key in keys:
        token = tokens.get(key)
        # What happened meanwhile may have ended it or moved it on.
        if token is None or token.detail is None or token.detail.get(_CUT) != carrier_key:
            continue
        detail = {name: value for name, value in token.detail.items() if name not in (_CUT, _MOVING)}
        moving = token.detail.get(_MOVING)
        token.encoded = None
        if moving is not None:
            execution.withdraw(token)
            token.stage = Stage(moving)
        token.detail = detail or None
        execution.agenda.append(token)
