from __future__ import annotations

import pytest

from mesh.trace_context import TraceParent, new_traceparent, parse_traceparent, trace_id_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_parse_and_format() -> None:
    parsed = parse_traceparent(f"00-{TRACE}-{SPAN}-01")
    assert parsed == TraceParent(TRACE, SPAN, sampled=True)
    assert parsed.header() == f"00-{TRACE}-{SPAN}-01"
    assert trace_id_of(parsed.header()) == TRACE
    child = parsed.child()
    assert (child.trace_id, child.sampled) == (TRACE, True)
    assert child.span_id != SPAN


@pytest.mark.parametrize(
    ("header", "sampled"),
    [(f"00-{TRACE}-{SPAN}-00", False), (f"00-{TRACE}-{SPAN}-03", True), (f"cc-{TRACE}-{SPAN}-01-later", True)],
)
def test_flags_and_later_versions(header: str, sampled: bool) -> None:
    parsed = parse_traceparent(header)
    assert parsed is not None
    assert parsed.sampled is sampled


@pytest.mark.parametrize(
    "header",
    [
        "",
        "junk",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_what_breaks_the_standard(header: str) -> None:
    assert parse_traceparent(header) is None


def test_new_traces_differ_and_are_not_recorded() -> None:
    made = {new_traceparent() for _ in range(1000)}
    assert len(made) == 1000
    parsed = parse_traceparent(made.pop())
    assert parsed is not None
    assert not parsed.sampled
