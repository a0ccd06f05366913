"""The page of validation rules says what the code says. Renew it with `python -m tests.arch.test_bpmn_rules_page`."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from engine_svc.model import rules

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bpmn-rules.md"
HEAD = """# Rules that a model is checked against at deployment

A deployment is refused with every problem of every file: element id, line, column, rule and how to mend it. Warnings
come with the answer of a deployment that succeeds. Rule ids are part of the API and do not change.

| rule | what it says |
| --- | --- |
"""


def page() -> str:
    """The page as it should be."""
    tree = ast.parse(inspect.getsource(rules))
    declared = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Rule")
    rows = []
    for assignment, text in zip(declared.body, declared.body[1:], strict=False):
        if isinstance(assignment, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            target = assignment.targets[0]
            assert isinstance(target, ast.Name)
            rows.append(f"| `{target.id}` | {' '.join(str(text.value.value).split())} |")
    assert len(rows) == len(rules.Rule)
    return HEAD + "\n".join(rows) + "\n"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page()


if __name__ == "__main__":
    PAGE.write_text(page())
