from __future__ import annotations

import time

import pytest

from mesh.call import CallContext, as_call, current_call, find_call


class Places:
    def __init__(self) -> None:
        self.taken = 1

    def enter(self) -> None:
        self.taken += 1

    def leave(self) -> None:
        self.taken -= 1


def test_outside_of_a_call() -> None:
    assert find_call() is None
    with pytest.raises(LookupError):
        current_call()


def test_background_work_as_a_call() -> None:
    outer, inner = CallContext("outer"), CallContext("inner")
    with as_call(outer), as_call(inner) as call:
        assert current_call() is call is inner
    assert find_call() is None


def test_seconds_left() -> None:
    assert CallContext("c").seconds_left() is None
    assert CallContext("c", deadline=time.monotonic() - 1).seconds_left() == 0
    left = CallContext("c", deadline=time.monotonic() + 5).seconds_left()
    assert left is not None
    assert 4 < left <= 5


def test_trace_is_made_once_where_there_is_none() -> None:
    call = CallContext("c", "no trace")
    assert call.traceparent == call.traceparent != "no trace"


def test_idle_gives_the_place_back_even_where_the_block_fails() -> None:
    places = Places()
    call = CallContext("c", admission=places)
    taken: list[int] = []

    def fail() -> None:
        taken.append(places.taken)
        raise KeyError

    with pytest.raises(KeyError), call.idle():
        fail()
    assert taken == [0]
    assert places.taken == 1
    assert call.idle_seconds > 0
    with CallContext("c").idle():
        pass
