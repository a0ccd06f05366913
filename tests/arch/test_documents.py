"""What the documents point at is there, and what they tell people to type is understood."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.cli import _parser

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = {link.partition("#")[0] for link in _LINK.findall(document.read_text()) if "://" not in link}
    assert [target for target in sorted(targets) if target and not (document.parent / target).exists()] == []


def test_every_document_is_in_the_index() -> None:
    docs = ROOT / "docs"
    index = (docs / "README.md").read_text() + (docs / "adr" / "README.md").read_text()
    pages = [path.relative_to(docs) for path in DOCUMENTS if docs in path.parents and path.name != "README.md"]
    assert [str(page) for page in pages if f"({page})" not in index and f"({page.name})" not in index] == []


def commands() -> Iterator[str]:
    """Every command line of `flowmesh` in the console blocks of the documents."""
    for document in DOCUMENTS:
        for block in re.findall(r"```(?:console|sh)\n(.*?)```", document.read_text(), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                typed = line.removeprefix("$ ").strip()
                if typed.startswith("flowmesh "):
                    yield typed


@pytest.mark.parametrize("typed", sorted(set(commands())))
def test_commands_of_the_documents_are_understood(typed: str) -> None:
    _parser().parse_args(shlex.split(typed, comments=True)[1:])
