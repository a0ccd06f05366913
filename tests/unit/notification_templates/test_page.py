"""The page of the documentation names every variable and filter that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from notification_svc.channels.settings import ChannelSettings
from notification_svc.templates.events import EVENTS
from notification_svc.templates.filters import FILTER_NAMES
from notification_svc.templates.variables import Kind, Variable

PAGE = (Path(__file__).parents[3] / "docs" / "services" / "notification-channels.md").read_text()


def names(variables: Sequence[Variable], before: str = "") -> Iterator[str]:
    for each in variables:
        yield before + each.name
        yield from names(each.parts, f"{before}{each.name}{'[]' if each.kind is Kind.LIST else ''}.")


def test_variables() -> None:
    section = PAGE.partition("## Variables of events")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\S+)` \| .* \| (.*) \|$", section, re.MULTILINE)
    told = {
        (name, event)
        for name, events in rows
        for event in EVENTS
        if events == "all" or (f"`{event}`" in events) is not events.startswith("all but")
    }
    assert told == {(name, event) for event, variables in EVENTS.items() for name in names(variables)}


def test_filters() -> None:
    section = PAGE.partition("| filter | |")[2].partition("\n\n")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert told == set(FILTER_NAMES)


def test_settings() -> None:
    section = PAGE.partition("## Settings")[2].partition("\n## ")[0]
    told = {
        name.lower()
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert told == {name for name in ChannelSettings.__dataclass_fields__ if name in ChannelSettings.__annotations__}
