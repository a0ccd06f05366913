"""The support matrix `docs/bpmn.md`, made of the cases of the suite. Renew it with `python -m tests.conformance.matrix`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.conformance.case import Case, all_cases
from tests.conformance.matrix_elements import ELEMENTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bpmn.md"
HEAD = """# BPMN that the engine executes

This page is made of the conformance suite (`tests/conformance/cases`): behind each element stand the cases that show
what the engine does with it. Every case holds a model and what is to be seen of it, and runs on the engine service.
What is not supported is refused at deployment, with the element, the line and the [rule](bpmn-rules.md).

"""
TABLE = "| element | supported | shown by |\n| --- | --- | --- |\n"


def page(cases: Sequence[Case]) -> str:
    """Return the page as it should be."""
    shown: dict[str, list[Case]] = {element: [] for element in ELEMENTS}
    for case in cases:
        for element in case.elements:
            shown[element].append(case)
    parts = [HEAD, _summary(cases)]
    group = ""
    for key, row in ELEMENTS.items():
        if row.group != group:
            group = row.group
            parts.append(f"\n## {group}\n\n{TABLE}")
        parts.append(f"| {row.title} | {_support(shown[key])} | {_names(shown[key])} |\n")
    return "".join(parts)


def _summary(cases: Sequence[Case]) -> str:
    return f"{len(cases)} cases.\n"


def _support(cases: Sequence[Case]) -> str:
    if any(case.steps for case in cases):
        return "yes"
    rules = sorted({rule for case in cases for rule in case.refused})
    return f"no: refused, {', '.join(f'`{rule}`' for rule in rules)}" if rules else "not shown"


def _names(cases: Sequence[Case]) -> str:
    folder = "../tests/conformance/cases"
    by_file: dict[str, list[str]] = {}
    for case in cases:
        by_file.setdefault(f"{case.group}/{case.subject}", []).append(case.name)
    return "<br>".join(
        f"[{file}]({folder}/{file}.yaml): {'; '.join(name.replace('|', chr(92) + '|') for name in names)}"
        for file, names in sorted(by_file.items())
    )


if __name__ == "__main__":
    PAGE.write_text(page(all_cases()), encoding="utf-8")
