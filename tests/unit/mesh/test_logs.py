from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mesh.call import CallContext, as_call
from mesh.logs import JsonFormatter, JsonHandler, configure_logs, get_log

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def stream() -> Iterator[io.BytesIO]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    stream = io.BytesIO()
    configure_logs("engine", "e-1", "debug", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line(stream: io.BytesIO) -> None:
    get_log("mesh.test").info("Deployed", definition="order", path=Path("a"), level="clash", number=2**70)
    (line,) = lines(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "service": "engine",
        "instance": "e-1",
        "logger": "mesh.test",
        "message": "Deployed",
        "definition": "order",
        "path": "a",
        "field_level": "clash",
        "number": 2**70,
    }


def test_lines_of_a_call(stream: io.BytesIO) -> None:
    with as_call(CallContext("c-1", TRACEPARENT, "ann")):
        get_log("a").warning("Within")
    with as_call(CallContext("c-2", TRACEPARENT)):
        get_log("a").debug("Without a user")
    within, without = lines(stream)
    assert (within["correlation_id"], within["trace_id"], within["user"]) == ("c-1", TRACEPARENT[3:35], "ann")
    assert "user" not in without


def test_stack_and_texts_that_are_no_texts() -> None:
    error = ValueError("broken \udcff")
    # Not through a logger: pytest keeps what is logged and could not hand this text on to its other processes.
    record = logging.LogRecord("a", logging.ERROR, __file__, 1, "Failed 100%", (), (type(error), error, None))
    line = json.loads(JsonFormatter("engine", "e-1").format_bytes(record))
    assert line["message"] == "Failed 100%"
    assert "ValueError: broken" in line["stack"]


def test_lines_of_other_libraries(stream: io.BytesIO) -> None:
    logging.getLogger("other").warning("took %d s", 3)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", stacklevel=1)
    taken, warned = lines(stream)
    assert (taken["logger"], taken["message"], taken["level"]) == ("other", "took 3 s", "warning")
    assert warned["logger"] == "py.warnings"


def test_level_and_second_configuration(stream: io.BytesIO) -> None:
    later = io.BytesIO()
    configure_logs("engine", "e-1", "warning", later)
    log = get_log("a")
    log.debug("no")
    log.info("no")
    log.warning("yes")
    assert not stream.getvalue()
    assert [line["message"] for line in lines(later)] == ["yes"]
    handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, JsonHandler)]
    assert len(handlers) == 1
    assert handlers[0].format(logging.makeLogRecord({"msg": "x"})).startswith("{")


def test_unknown_level() -> None:
    with pytest.raises(ValueError, match="one of debug, info, warning, error"):
        configure_logs("engine", "e-1", "loud")


def test_stream_that_is_closed_fails_no_call(stream: io.BytesIO, capfd: pytest.CaptureFixture[str]) -> None:
    broken = io.BytesIO()
    configure_logs("engine", "e-1", stream=broken)
    broken.close()
    get_log("a").info("lost")
    assert "closed file" in capfd.readouterr().err
