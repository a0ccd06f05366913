"""Lists that tokens keep, of any length: a change of one entry must not store the others again.

A short list lies in the token's detail as it is; of a long one the detail has the keys of its pages alone.
"""

from __future__ import annotations

from typing import Any

from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Instance, Page

PAGE_ENTRIES = 100

Kept = list[Any] | dict[str, Any]
"""What the detail of a token has: JSON values."""


def keep(execution: Execution, entries: list[Any]) -> Kept:
    """Keep a list; return what belongs into the token's detail."""
    if len(entries) <= PAGE_ENTRIES:
        return entries
    pages = []
    for start in range(0, len(entries), PAGE_ENTRIES):
        key = execution.new_key()
        execution.instance.pages[key] = Page(key, entries[start : start + PAGE_ENTRIES])
        pages.append(key)
    return {"pages": pages}


def entry(instance: Instance, kept: Kept, index: int) -> Any:
    """Return an entry of a list."""
    if isinstance(kept, list):
        return kept[index]
    return _page(instance, kept, index).entries[index % PAGE_ENTRIES]


def replace(instance: Instance, kept: Kept, index: int, value: Any) -> None:
    """Put another value in place of an entry. The token counts as changed only where its detail does."""
    if isinstance(kept, list):
        kept[index] = value
        return
    page = _page(instance, kept, index)
    page.entries[index % PAGE_ENTRIES] = value
    page.encoded = None


def entries(instance: Instance, kept: Kept) -> list[Any]:
    """Return all entries of a list."""
    if isinstance(kept, list):
        return kept
    return [value for key in kept["pages"] for value in instance.pages[key].entries]


def changed(execution: Execution, kept: Kept, entries_now: list[Any]) -> Kept:
    """Keep other entries in place of those of a list; return what belongs into the token's detail now."""
    drop(execution.instance, kept)
    return keep(execution, entries_now)


def drop(instance: Instance, kept: Kept) -> None:
    """Forget a list."""
    if isinstance(kept, dict):
        for key in kept["pages"]:
            del instance.pages[key]


def drop_all(instance: Instance, detail: dict[str, Any]) -> None:
    """Forget the lists that a token keeps."""
    for kept in detail.values():
        if isinstance(kept, dict) and "pages" in kept:
            drop(instance, kept)


def _page(instance: Instance, kept: dict[str, Any], index: int) -> Page:
    return instance.pages[kept["pages"][index // PAGE_ENTRIES]]
