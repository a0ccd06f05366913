"""What commands print: tables and sentences for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 240
"""Columns where the output goes to a file or a pipe: ids must not be cut there."""

_EXACT = 2**53


class Output:
    """Prints to standard output in the way that the user asked for."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def messages(self, messages: Iterable[Message], columns: Mapping[str, Any], empty: str) -> None:
        """Print a list: a JSON array, or a table whose `columns` map headings to functions of a message."""
        if self.as_json:
            self.json([to_json(message) for message in messages])
            return
        rows = [[str(cell(message)) for cell in columns.values()] for message in messages]
        self.table(list(columns), rows, empty)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], empty: str, title: str = "") -> None:
        """Print a table, or the sentence `empty` where there are no rows."""
        if not rows:
            self.say(empty)
            return
        # rich takes 90 ms to import, so scripts (--json) do without it.
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False, show_edge=False)
        for heading in headings:
            table.add_column(heading, overflow="fold", no_wrap=heading in ("id", "instance", "task", "job"))
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        _console().print(table)

    def say(self, text: str) -> None:
        """Print a line for people; scripts do not get it."""
        if not self.as_json:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def json(self, content: object) -> None:
        """Print JSON."""
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def message(self, message: Message, text: str) -> None:
        """Print one answer: as JSON, or the given text."""
        if self.as_json:
            self.json(to_json(message))
        else:
            self.say(text)


def to_json(message: Message) -> dict[str, Any]:
    """Return a message as REST shows it: camelCase, with fields that have their default value."""
    content: dict[str, Any] = _whole_numbers(MessageToDict(message, always_print_fields_with_no_presence=True))
    return content


def _whole_numbers(content: Any) -> Any:
    """Return the same content with 120 for 120.0: JSON knows one kind of number, and so do variables."""
    if isinstance(content, float) and content.is_integer() and abs(content) < _EXACT:
        return int(content)
    if isinstance(content, dict):
        return {key: _whole_numbers(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_whole_numbers(value) for value in content]
    return content


def moment(time: Timestamp) -> str:
    """Return a time in the user's time zone, empty where it is not set."""
    if not time.seconds and not time.nanos:
        return ""
    from datetime import UTC

    return time.ToDatetime(UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def shown(value: Any) -> str:
    """Return a variable's value (a google.protobuf.Value) as compact JSON."""
    return json.dumps(_whole_numbers(MessageToDict(value)), ensure_ascii=False)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDE)
