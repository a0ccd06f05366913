"""The tokens that move in a step, in the order in which they do.

All instances of a step share one agenda. What happens next is put behind what is there, as Flowable does it: leaving an
element, taking a flow and entering the next element are one turn each, so branches move in step with each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine_svc.state.instance import Token

if TYPE_CHECKING:
    from engine_svc.runtime.execution import Execution

Turns = deque[tuple["Execution", Token]]


class Agenda:
    """The tokens of one execution on the agenda of its unit."""

    __slots__ = ("_execution", "_turns")

    def __init__(self, execution: Execution, turns: Turns) -> None:
        self._execution = execution
        self._turns = turns

    def append(self, token: Token) -> None:
        """Let a token move after all that move already."""
        self._turns.append((self._execution, token))

    def appendleft(self, token: Token) -> None:
        """Let a token move at once."""
        self._turns.appendleft((self._execution, token))

    def extend(self, tokens: Iterable[Token]) -> None:
        """Let tokens move one after another, after all that move already."""
        for token in tokens:
            self.append(token)

    def remove(self, token: Token) -> None:
        """Take a token off; it must be there."""
        for position, (_, other) in enumerate(self._turns):
            if other is token:
                del self._turns[position]
                return
        raise ValueError("the token is not on the agenda")

    def drop(self, scopes: set[int]) -> list[Token]:
        """Take all tokens of some scopes off; return them."""
        execution = self._execution
        dropped: list[Token] = []
        for _ in range(len(self._turns)):
            turn = self._turns.popleft()
            if turn[0] is execution and turn[1].scope_key in scopes:
                dropped.append(turn[1])
            else:
                self._turns.append(turn)
        return dropped

    def clear(self) -> None:
        """Take all tokens of the execution off."""
        for _ in range(len(self._turns)):
            turn = self._turns.popleft()
            if turn[0] is not self._execution:
                self._turns.append(turn)

    def __iter__(self) -> Iterator[Token]:
        return (token for execution, token in self._turns if execution is self._execution)

    def __contains__(self, token: object) -> bool:
        return any(other is token for _, other in self._turns)
