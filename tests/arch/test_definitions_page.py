"""The page of the JSON and YAML format says what the code says: its examples deploy, its tables are generated.

Renew the tables with `python -m tests.arch.test_definitions_page`.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine_svc.compile.load import load_definitions
from engine_svc.model.documents.convert import convert
from engine_svc.model.documents.format import COMMON, DOCUMENT, KINDS, RECORDS, SHAPES, activity_properties
from engine_svc.model.documents.from_bpmn import from_bpmn
from engine_svc.model.documents.shapes import Property, Record

PAGE = Path(__file__).resolve().parents[2] / "docs" / "definitions.md"
MARK = "<!-- generated from here -->\n"


def examples() -> list[bytes]:
    """The page's YAML blocks."""
    return [text.encode() for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)]


def _table(properties: dict[str, Property]) -> str:
    rows = [
        f"| `{name}`{' (required)' if known.required else ''} | {known.about.replace('|', chr(92) + '|')} |"
        for name, known in properties.items()
    ]
    return "\n".join(["| property | |", "| --- | --- |", *rows]) + "\n"


def generated() -> str:
    """The tables as they should be."""
    parts = [f"## The process\n\n{_table(dict(DOCUMENT.properties))}"]
    shared = ("id", "type", *COMMON)
    every = {name: RECORDS["TASK"].properties[name] for name in ("id", *COMMON)}
    activities = {name: RECORDS["TASK"].properties[name] for name in activity_properties()}
    parts.append(f"## Every task\n\n{_table(every)}")
    parts.append(
        f"## Tasks at which something is done\n\nAll of them but START, END, gateways and waits.\n\n{_table(activities)}"
    )
    for name, title in (("transition", "Transitions"), ("catch", "`catch`"), ("timeout", "`timeout`"), ("retry", "`retry`"),
                        ("repeat", "`repeat`"), ("timer", "`timer`"), ("mapping", "`in` and `out`")):  # fmt: skip
        shape = SHAPES[name]
        assert isinstance(shape, Record)
        parts.append(f"## {title}\n\n{_table(dict(shape.properties))}")
    parts.append("## Types of tasks\n")
    for kind, of in KINDS.items():
        own = {
            name: known
            for name, known in RECORDS[kind].properties.items()
            if name not in shared and name not in activities
        }
        parts.append(f"### {kind}\n\n{of.about} BPMN: `{of.element}`.\n" + (f"\n{_table(own)}" if own else ""))
    return "\n".join(parts)


def test_the_tables_are_current() -> None:
    assert PAGE.read_text("utf-8").partition(MARK)[2] == "\n" + generated()


def test_the_first_example_can_be_deployed() -> None:
    result = load_definitions("refund.yaml", examples()[0])
    assert result.problems == ()
    assert [process.key for process in result.processes] == ["refund"]


def test_every_example_comes_back_from_bpmn() -> None:
    assert len(examples()) > 1
    for example in examples():
        converted = convert(example, is_json=False)
        assert converted.problems == ()
        assert converted.bpmn is not None
        from_bpmn(converted.bpmn, converted.key)


if __name__ == "__main__":
    written = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(f"{written}{MARK}\n{generated()}", "utf-8")
